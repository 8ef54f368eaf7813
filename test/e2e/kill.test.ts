import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask } from '../../src/checks/http.js';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { readPointer } from '../../src/registry/current.js';
import { openStore } from '../../src/storage/open-store.js';
import { packageRoot } from '../../src/util/package.js';
import { temporaryFolder } from '../support/temporary.js';
import { fail, LOAN, makeProject, placesOf, type Sandbox, startServing, succeed } from './sandbox.js';

const BINARY = join(packageRoot(), 'bin', 'riskops.js');

/** Starts a command, and kills it without warning after `ms`; whether it was still running. */
async function killAfter({ folder, environment }: Sandbox, words: string[], ms: number): Promise<boolean> {
  const child = spawn(process.execPath, [BINARY, ...words], {
    cwd: folder,
    env: environment,
    stdio: 'ignore',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  const [, signal] = await once(child, 'exit');
  clearTimeout(timer);
  return signal === 'SIGKILL';
}

const statuses = async (sandbox: Sandbox) =>
  (await succeed<{ items: { status: string; run_id: string }[] }>(sandbox, ['runs', 'list'])).items.map(
    ({ status }) => status,
  );

/** Starts a training and kills it `ms` after its run is on record. */
async function killTraining(sandbox: Sandbox, words: string[], ms: number): Promise<void> {
  const { folder, environment } = sandbox;
  const child = spawn(process.execPath, [BINARY, ...words], {
    cwd: folder,
    env: environment,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  while (!(await statuses(sandbox)).includes('RUNNING')) expect(child.exitCode).toBeNull();
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.kill('SIGKILL');
  expect((await ended)[1]).toBe('SIGKILL');
}

test('a training that is killed reads LOST, what was on record stays, doctor is clean', async () => {
  const sandbox = await makeProject(temporaryFolder(), 3000);
  const first = await succeed<{ run_id: string; candidate: { path: string } }>(sandbox, [
    'train',
    '--learner',
    'logistic',
    '--promote',
  ]);
  const pointer = readFileSync(placesOf(sandbox).currentModel);
  const long = ['train', '--learner', 'gradient-boosting', '--set', 'trees=5000', '--threads', '1'];
  for (const ms of [0, 300, 900]) await killTraining(sandbox, long, ms);
  const seen = await statuses(sandbox);
  expect(seen).toEqual(['LOST', 'LOST', 'LOST', 'FINISHED']);
  await succeed(sandbox, ['runs', 'show', first.run_id]);
  expect(readFileSync(placesOf(sandbox).currentModel)).toEqual(pointer);
  expect(
    (await succeed<{ items: { versions: number }[] }>(sandbox, ['models', 'list'])).items[0].versions,
  ).toBe(1);
  await succeed(sandbox, ['doctor']);
}, 180_000);

test('a promotion that is killed leaves the old pointer or the new one, and the next writer agrees with the database', async () => {
  const sandbox = await makeProject(temporaryFolder());
  await succeed(sandbox, ['train', '--learner', 'logistic', '--promote']);
  await succeed(sandbox, ['train', '--learner', 'random-forest', '--set', 'trees=20']);
  const promote = ['promote', '--version', '2', '--force', '--reason', 'kill test'];
  const started = performance.now();
  await succeed(sandbox, promote);
  const whole = performance.now() - started;
  await succeed(sandbox, ['rollback']);
  let killed = 0;
  for (let i = 0; i < 12; i++) {
    // Most of a promotion is reading and judging; the moments of writing lie in its last third.
    if (await killAfter(sandbox, promote, whole * (0.6 + 0.04 * i))) killed++;
    const version = readPointer(placesOf(sandbox).currentModel)?.models['loans']?.version;
    expect([1, 2]).toContain(version);
    // A writer repairs; then pointer and database are one.
    await succeed(sandbox, ['gate', '--version', '1']).catch(() => undefined);
    const store = await openStore(placesOf(sandbox), { mode: 'read' });
    const row = await store.db.selectFrom('current_versions').select('version').executeTakeFirstOrThrow();
    await store.close();
    expect(readPointer(placesOf(sandbox).currentModel)?.models['loans']?.version).toBe(row.version);
    if (row.version === 2) await succeed(sandbox, ['rollback']);
  }
  expect(killed).toBeGreaterThan(0);
  await succeed(sandbox, ['doctor']);
}, 240_000);

test('a server that is killed has lost at most 1,000 rows of its log, and the log reads', async () => {
  const sandbox = await makeProject(temporaryFolder());
  await succeed(sandbox, ['train', '--learner', 'logistic', '--promote']);
  const server = await startServing(sandbox);
  const answered: string[] = [];
  for (let i = 0; i < 300; i++) {
    const { body } = await ask(`${server.url}/predict`, { body: { inputs: [LOAN, LOAN, LOAN, LOAN] } });
    answered.push(
      ...(body['predictions'] as { prediction_id: string }[]).map(({ prediction_id }) => prediction_id),
    );
  }
  process.kill(server.pid, 'SIGKILL');
  await server.stop();
  const store = await openStore(placesOf(sandbox), { mode: 'read' });
  const logged = new Set(
    (await readPredictions(store, { limit: Number.POSITIVE_INFINITY })).map(({ id }) => id),
  );
  await store.close();
  const lost = answered.filter((id) => !logged.has(id));
  expect(lost.length).toBeLessThanOrEqual(1_000);
  // Only the end may be missing: everything older than the delay is on disk.
  expect(lost).toEqual(answered.slice(answered.length - lost.length));
  expect(logged.size).toBeGreaterThan(0);
  await succeed(sandbox, ['doctor']);
}, 120_000);

test('SIGTERM during a training: exit 143 within five seconds, the run is KILLED', async () => {
  const sandbox = await makeProject(temporaryFolder(), 3000);
  const child = spawn(process.execPath, [BINARY, 'train', '--set', 'trees=20000'], {
    cwd: sandbox.folder,
    env: sandbox.environment,
    stdio: 'ignore',
  });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const asked = performance.now();
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(143);
  expect(performance.now() - asked).toBeLessThan(5_500);
  expect(await statuses(sandbox)).toEqual(['KILLED']);
  await fail(sandbox, ['promote', '--latest'], 4);
}, 60_000);
