import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { v7 } from 'uuid';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  type LoggedPrediction,
  openPredictionLog,
  type PredictionLogOptions,
} from '../../src/monitoring/prediction-log.js';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { openStore } from '../../src/storage/open-store.js';
import type { Store, StorePlaces } from '../../src/storage/store.js';
import { temporaryFolder } from '../support/temporary.js';

function placesIn(folder: string): StorePlaces {
  const artifacts = join(folder, 'artifacts');
  return {
    database: join(folder, 'riskops.db'),
    artifacts,
    currentModel: join(artifacts, 'models', 'current.json'),
  };
}

async function openTestStore(places = placesIn(temporaryFolder())): Promise<Store> {
  const store = await openStore(places, { mode: 'write' });
  onTestFinished(() => store.close());
  return store;
}

function openLog(database: string, options: Partial<PredictionLogOptions> = {}) {
  const log = openPredictionLog({ database, mode: 'buffered', ...options });
  onTestFinished(() => log.close());
  return log;
}

function entry(prediction: number, inputs: unknown = { 나이: 40, name: 'a"b\n' }): LoggedPrediction {
  const at = new Date().toISOString();
  return {
    id: v7(),
    at,
    request_id: 'r-1',
    model: 'credit',
    version: 3,
    inputs,
    prediction,
    class: prediction >= 0.5 ? 1 : 0,
  };
}

const entries = (count: number) => Array.from({ length: count }, (_, i) => entry(i / count));

test('an entry is soon on disk by itself, and comes back as it was', async () => {
  const store = await openTestStore();
  const log = openLog(store.places.database, { maxDelayMs: 100 });
  const warm = entry(0);
  log.append([warm]);
  await log.flush();
  const ofMany = { prediction: 'a', class: 'a', probabilities: { a: 1, b: -0, ['__proto__']: 0.1 + 0.2 } };
  const logged: LoggedPrediction[] = [
    ...[entry(0.25), entry(-0, { x: -0, y: 5e-324, z: null }), entry(0.75, [1, 'b', true])],
    { ...entry(0.5), ...ofMany },
  ];
  log.append(logged);
  await vi.waitFor(() => expect(log.state().pending).toBe(0), { interval: 5, timeout: 1_000 });
  expect(await readPredictions(store, {})).toEqual([warm, ...logged]);
  for (const one of logged) expect(await readPredictions(store, { id: one.id })).toEqual([one]);
  expect(log.state()).toMatchObject({ pending: 0, dropped: 0, written: 5, lastError: null });
});

test('many rows go to disk at once, and in segments of at most maxRows', async () => {
  const store = await openTestStore();
  // So long a delay that only the number of rows can start a write.
  const log = openLog(store.places.database, { maxDelayMs: 600_000, maxRows: 100 });
  const logged = entries(250);
  for (const one of logged) log.append([one]);
  await vi.waitFor(() => expect(log.state().written).toBeGreaterThanOrEqual(200), {
    interval: 5,
    timeout: 5_000,
  });
  await log.flush();
  const segments = await store.db
    .selectFrom('prediction_segments')
    .select(['rows', 'first_id', 'last_id'])
    .execute();
  expect(segments.map(({ rows }) => rows).reduce((a, b) => a + b)).toBe(250);
  expect(Math.max(...segments.map(({ rows }) => rows))).toBeLessThanOrEqual(100);
  expect(await readPredictions(store, { limit: 1_000 })).toEqual(logged);
});

test('a range of ids or of times finds its entries, across the segments of two servers', async () => {
  const store = await openTestStore();
  const logs = [openLog(store.places.database), openLog(store.places.database)];
  const logged: LoggedPrediction[] = [];
  for (let i = 0; i < 40; i++) {
    const one = entry(i);
    logged.push(one);
    logs[i % 2].append([one]);
    if (i % 10 === 9) await Promise.all(logs.map((log) => log.flush()));
    if (i === 19) await sleep(5);
  }
  expect(await readPredictions(store, { from: logged[7].id, to: logged[31].id })).toEqual(
    logged.slice(7, 32),
  );
  expect(await readPredictions(store, { from: logged[7].id, limit: 3 })).toEqual(logged.slice(7, 10));
  const middle = logged[20].at;
  const [before, after] = [
    await readPredictions(store, { to: middle }),
    await readPredictions(store, { from: middle }),
  ];
  expect([...before, ...after]).toEqual(logged);
  expect(before.length).toBeGreaterThanOrEqual(20);
  expect(await readPredictions(store, { id: v7() })).toEqual([]);
  await expect(readPredictions(store, { from: 'yesterday' })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('a locked database stops nobody, is told, drops what does not fit, and is recovered from', async () => {
  const store = await openTestStore();
  const { database } = store.places;
  const log = openLog(database, { maxRows: 10, maxPendingRows: 50 });
  log.append([entry(0)]);
  await log.flush();
  const blocker = openConnection(database);
  blocker.exec('BEGIN IMMEDIATE');
  const begun = performance.now();
  const kept = entries(80).filter((one) => log.append([one]));
  expect(performance.now() - begun).toBeLessThan(50);
  expect(kept.length).toBe(50);
  expect(log.state()).toMatchObject({ pending: 50, dropped: 30, written: 1 });
  await vi.waitFor(() => expect(log.state().lastError).toMatch(/busy/), { timeout: 5_000 });
  await expect(log.flush(20)).rejects.toMatchObject({ code: 'STORE_BUSY' });
  blocker.exec('COMMIT');
  blocker.close();
  await log.flush(5_000);
  expect(log.state()).toMatchObject({ pending: 0, dropped: 30, written: 51, lastError: null });
  expect((await readPredictions(store, {})).slice(1)).toEqual(kept);
});

test('a thread that dies is started again, and what it had is written once', async () => {
  const store = await openTestStore();
  const posts = vi.spyOn(Worker.prototype, 'postMessage');
  onTestFinished(() => posts.mockRestore());
  const log = openLog(store.places.database);
  const [first, second, third] = entries(3);
  log.append([first]);
  await log.flush();
  const blocker = openConnection(store.places.database);
  blocker.exec('BEGIN IMMEDIATE');
  log.append([second]);
  await vi.waitFor(() => expect(posts.mock.calls.length).toBe(2));
  await (posts.mock.contexts[1] as Worker).terminate();
  await vi.waitFor(() => expect(log.state().lastError).toMatch(/thread ended/));
  blocker.exec('COMMIT');
  blocker.close();
  await log.flush(5_000);
  const restarted = posts.mock.contexts[2] as Worker;
  expect(restarted).not.toBe(posts.mock.contexts[1]);
  // What a thread would get that died after its commit and before it said so.
  restarted.postMessage(posts.mock.calls[2][0]);
  log.append([third]);
  await log.flush(5_000);
  expect(log.state()).toMatchObject({ pending: 0, dropped: 0, written: 3, lastError: null });
  expect(await readPredictions(store, {})).toEqual([first, second, third]);
});

test('a database that comes later, or is another one now, gets the entries', async () => {
  const folder = temporaryFolder();
  const places = placesIn(folder);
  const log = openLog(places.database);
  const first = entry(0.1);
  log.append([first]);
  await vi.waitFor(() => expect(log.state().lastError).toMatch(/no such file/), { timeout: 5_000 });
  expect(existsSync(places.database)).toBe(false);
  const store = await openTestStore(places);
  await log.flush(5_000);
  expect(await readPredictions(store, {})).toEqual([first]);

  for (const end of ['', '-wal', '-shm']) {
    if (existsSync(places.database + end)) renameSync(places.database + end, join(folder, `old.db${end}`));
  }
  const other = await openTestStore(places);
  const second = entry(0.2);
  log.append([second]);
  await log.flush(5_000);
  expect(await readPredictions(other, {})).toEqual([second]);
});

test('close writes what waits, and gives up in time when it cannot', async () => {
  const store = await openTestStore();
  const log = openPredictionLog({ database: store.places.database, mode: 'buffered', maxDelayMs: 600_000 });
  log.append(entries(5));
  await log.close();
  expect(log.state()).toMatchObject({ pending: 0, dropped: 0, written: 5 });
  expect(log.append([entry(1)])).toBe(false);

  const blocker = openConnection(store.places.database);
  blocker.exec('BEGIN IMMEDIATE');
  const late = openPredictionLog({ database: store.places.database, mode: 'buffered', closeMs: 300 });
  late.append(entries(7));
  const begun = performance.now();
  await late.close();
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(late.state()).toMatchObject({ pending: 0, dropped: 7, written: 0 });
  blocker.exec('ROLLBACK');
  blocker.close();
});
