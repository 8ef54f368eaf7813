import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { readStatus } from '../../src/tracking/liveness.js';
import { processStarted, thisMachine } from '../../src/tracking/process-identity.js';
import { getRun, listRuns, metricHistory } from '../../src/tracking/read-runs.js';
import { startRun } from '../../src/tracking/runs.js';
import { buildChild, startChild } from '../support/child-entry.js';
import { workplace } from './tracking-support.js';

let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const ago = (ms: number) => new Date(NOW - ms).toISOString();

function life(change: Partial<Parameters<typeof readStatus>[0]> = {}) {
  const { host, bootId } = thisMachine();
  const process_started = processStarted(process.pid)!;
  return {
    status: 'RUNNING' as const,
    host,
    pid: process.pid,
    boot_id: bootId,
    process_started,
    heartbeat_at: ago(0),
    ...change,
  };
}

test('a run of a living process is RUNNING however old its heartbeat; a status that was written stays', () => {
  expect(readStatus(life({ heartbeat_at: ago(3_600_000) }), NOW)).toBe('RUNNING');
  expect(readStatus(life({ status: 'FAILED', pid: 2 ** 22 + 1 }), NOW)).toBe('FAILED');
});

test.each([
  ['a pid that is not there', { pid: 2 ** 22 + 1 }],
  ['another boot', { boot_id: 'another' }],
  ['a pid that another process has now', { process_started: '1' }],
])('%s reads LOST', (_, change) => {
  expect(readStatus(life(change), NOW)).toBe('LOST');
});

test('a run of another host lives by its heartbeat', () => {
  const elsewhere = { host: 'another', pid: 1, boot_id: 'b', process_started: '1' };
  expect(readStatus(life({ ...elsewhere, heartbeat_at: ago(59_000) }), NOW)).toBe('RUNNING');
  expect(readStatus(life({ ...elsewhere, heartbeat_at: ago(61_000) }), NOW)).toBe('LOST');
});

test('a run without a process lives for a day after it was last logged to, on whatever machine', () => {
  const shell = { pid: 0, boot_id: '', process_started: '', host: 'another' };
  expect(readStatus(life({ ...shell, heartbeat_at: ago(86_399_000) }), NOW)).toBe('RUNNING');
  expect(readStatus(life({ ...shell, heartbeat_at: ago(86_401_000) }), NOW)).toBe('LOST');
});

test.skipIf(process.platform !== 'linux')('a process that ended and was not waited for is gone', async () => {
  // The shell starts a child, then becomes a program that never asks for the child's exit code.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 5'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (text) => resolve(Number(text))),
  );
  await expect.poll(() => processStarted(pid), { timeout: 3000 }).toBeUndefined();
  parent.kill('SIGKILL');
});

test('kill -9 while logging: every acknowledged point is there, the run reads LOST, and reading changes nothing', async () => {
  const { folder, store } = await workplace();
  const logging = startChild(child, ['log', folder]);
  const runId = await logging.line((line) => /^[0-9a-f]{32}$/.test(line));
  await logging.line((line) => line === '30');
  expect((await getRun(store, runId)).status).toBe('RUNNING');
  logging.process.kill('SIGKILL');
  await logging.ended;
  const acknowledged = Number(logging.lines.at(-1)) + 1;
  const history = await metricHistory(store, runId, 'loss');
  expect(history.length).toBeGreaterThanOrEqual(acknowledged);
  expect(history.map((point) => point.value)).toEqual(history.map((_, step) => 1 / (step + 1)));
  const run = await getRun(store, runId);
  expect(run).toMatchObject({
    status: 'LOST',
    ended_at: null,
    error: expect.stringMatching(/is gone; last heard of/),
  });
  expect((await listRuns(store, { status: 'lost' })).items.map((item) => item.run_id)).toEqual([runId]);
  expect((await listRuns(store, { status: 'RUNNING' })).total).toBe(0);
  expect(await store.db.selectFrom('runs').select('status').execute()).toEqual([{ status: 'RUNNING' }]);
  expect((await sql`PRAGMA integrity_check`.execute(store.db)).rows).toEqual([{ integrity_check: 'ok' }]);
});

test('a training loop that never yields still has its points written as it goes', async () => {
  const { folder, store } = await workplace();
  const busy = startChild(child, ['busy', folder]);
  await busy.ended;
  const history = await metricHistory(store, busy.lines[0], 'loss');
  expect(history).toHaveLength(5000);
});

test('a process that exits without ending its run never reads FINISHED', async () => {
  const { folder, store } = await workplace();
  const left = startChild(child, ['exit', folder]);
  expect(await left.ended).toBe(0);
  expect((await getRun(store, left.lines[0])).status).toBe('LOST');
});

test('a run of this process does not keep it alive, and reads RUNNING until it ends', async () => {
  const { folder, store } = await workplace();
  const run = await startRun(store, { kind: 'train', cwd: folder });
  expect((await listRuns(store, { status: 'RUNNING' })).total).toBe(1);
  await run.end();
  expect((await listRuns(store, { status: 'RUNNING' })).total).toBe(0);
});
