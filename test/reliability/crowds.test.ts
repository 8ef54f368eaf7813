import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { latestVersion } from '../../src/storage/database/migrations.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { openStore } from '../../src/storage/open-store.js';
import { getRun, metricHistory } from '../../src/tracking/read-runs.js';
import { placesIn } from '../storage/rows.js';
import { buildChild, startChild } from '../support/child-entry.js';
import { writeLoans } from '../support/loans.js';
import { riskops, succeed, whileServing } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';
import { unfinishedFiles } from './support/sound-store.js';

vi.setConfig({ testTimeout: 240_000 });
let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

test('16 trainings that start at once in a folder without a store all end with 0: one schema, 16 runs, 16 versions', async () => {
  const folder = temporaryFolder();
  writeLoans(folder, 'loans.csv', 120);
  const words = ['train', '--data', 'loans.csv', '--target', 'default', '--learner', 'dummy', '--json'];
  const ended = await Promise.all(Array.from({ length: 16 }, () => riskops(folder, words)));
  expect(ended.map(({ exitCode, stderr }) => ({ exitCode, stderr: exitCode === 0 ? '' : stderr }))).toEqual(
    Array(16).fill({ exitCode: 0, stderr: '' }),
  );
  const versions = ended.map(({ stdout }) => JSON.parse(stdout).version);
  expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  const { items, total } = await succeed<{ items: { status: string }[]; total: number }>(folder, [
    'runs',
    'list',
  ]);
  expect({ total, statuses: new Set(items.map(({ status }) => status)) }).toEqual({
    total: 16,
    statuses: new Set(['FINISHED']),
  });
  const beside = readdirSync(join(folder, 'data')).filter((name) => !/^riskops\.db(-wal|-shm)?$/.test(name));
  // The copy that the hourly rule makes is welcome, one of a migration is not.
  expect(beside.filter((name) => name !== 'backups')).toEqual([]);
  expect(unfinishedFiles(folder)).toEqual([]);
  expect((await riskops(folder, ['doctor'])).exitCode).toBe(0);
});

test('16 processes that open an empty folder in the same moment make one store of one schema, without a backup', async () => {
  const folder = temporaryFolder();
  const children = Array.from({ length: 16 }, () => startChild(child, ['open', folder, 'together']));
  await Promise.all(children.map((one) => one.line((line) => line === 'begun')));
  for (const one of children) one.process.stdin?.write('go\n');
  const codes = await Promise.all(children.map((one) => one.ended));
  expect({ codes, stderr: children.map((one) => one.stderr()).join('') }).toEqual({
    codes: Array(16).fill(0),
    stderr: '',
  });
  expect(readdirSync(join(folder, 'data'))).toEqual(['riskops.db']);
  const raw = openConnection(placesIn(folder).database, { readonly: true });
  expect(raw.pragma('user_version', { simple: true })).toBe(latestVersion());
  expect(raw.pragma('integrity_check', { simple: true })).toBe('ok');
  raw.close();
});

test('8 writers with 5,000 metrics each, while a process, a command and a server read: no error, nothing lost', async () => {
  const folder = temporaryFolder();
  await (await openStore(placesIn(folder), { mode: 'write' })).close();
  const reader = startChild(child, ['read', folder]);
  await reader.line((line) => line === 'reading');
  const writers = Array.from({ length: 8 }, () => startChild(child, ['write', folder, '5000']));
  await Promise.all(writers.map((writer) => writer.line((line) => line === 'ready')));
  const ended = Promise.all(writers.map((writer) => writer.ended));
  const polls = await whileServing(folder, ['--port', '0'], async (url) => {
    for (const writer of writers) writer.process.stdin?.write('go\n');
    return pollUntil(ended, folder, url);
  });
  expect(await ended, writers.map((writer) => writer.stderr()).join('')).toEqual(Array(8).fill(0));
  expect(polls).toBeGreaterThan(0);
  reader.process.stdin?.end();
  expect({ code: await reader.ended, stderr: reader.stderr() }).toEqual({ code: 0, stderr: '' });
  expect(Number(reader.lines.at(-1)?.split(' ')[1])).toBeGreaterThan(5);
  const store = await openStore(placesIn(folder), { mode: 'read' });
  for (const { lines } of writers) {
    const run = lines.at(-1)?.split(' ')[1] as string;
    expect((await getRun(store, run)).status).toBe('FINISHED');
    for (let i = 0; i < 10; i++) {
      const values = (await metricHistory(store, run, `m${i}`)).map(({ value }) => value);
      expect(values).toEqual(Array.from({ length: 500 }, (_, step) => step * 10 + i));
    }
  }
  await store.close();
  const raw = openConnection(placesIn(folder).database, { readonly: true });
  expect(raw.prepare('SELECT count(*) FROM metric_points').pluck().get()).toBe(40_000);
  expect(raw.pragma('integrity_check', { simple: true })).toBe('ok');
  raw.close();
});

/** Asks the server and the command line for the runs until the writers are done; each must answer well. How often. */
async function pollUntil(over: Promise<unknown>, folder: string, url: string): Promise<number> {
  let isOver = false;
  void over.finally(() => {
    isOver = true;
  });
  let polls = 0;
  for (; !isOver; polls++) {
    const [answer, listed] = await Promise.all([
      fetch(`${url}/runs`),
      riskops(folder, ['runs', 'list', '--json']),
    ]);
    expect(answer.status).toBe(200);
    expect(listed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(listed.stdout).total).toBe(8);
  }
  return polls;
}
