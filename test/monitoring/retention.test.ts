import { expect, onTestFinished, test, vi } from 'vitest';
import { listOutcomes } from '../../src/monitoring/list-outcomes.js';
import { addOutcomes } from '../../src/monitoring/outcomes.js';
import { openPredictionLog } from '../../src/monitoring/prediction-log.js';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { countOldPredictions, deleteOldPredictions } from '../../src/monitoring/retention.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import type { Store } from '../../src/storage/store.js';
import { openTestStore, storeWithModel } from '../serving/support.js';
import { predictionAt, writeLog } from './log-support.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-03-20T00:00:00.000Z');
const at = (days: number) => new Date(NOW - days * DAY).toISOString();

test('what is older goes with its outcomes, in bites, and nothing else does', async () => {
  const store = await storeWithModel();
  const old = Array.from({ length: 130 }, (_, i) => predictionAt(at(40 - i / 1000)));
  const young = [predictionAt(at(29)), predictionAt(at(1))];
  // More segments than a bite takes.
  await writeLog(store, [...old, ...young], 3);
  const told = [old[0], young[0]].map(({ id }) => ({ prediction_id: id, value: 'bad', observed_at: at(33) }));
  const things = [
    { entity: 'gone', observed_at: at(35) },
    { entity: 'seen lately', observed_at: at(29.9) },
  ].map((one) => ({ model: 'credit', value: 'bad', ...one }));
  await addOutcomes(store, [...told, ...things], { actor: 'kim', now: NOW - 30.4 * DAY });
  await addOutcomes(store, [{ ...things[0], entity: 'told lately' }], { actor: 'kim', now: NOW });
  const wanted = { before: at(30), predictions: 129, segments: 43, outcomes: 2 };
  expect(await countOldPredictions(store, 30, NOW)).toEqual(wanted);
  expect(await deleteOldPredictions(store, 30, { now: NOW })).toEqual(wanted);
  // The segment that the last old one shares with a young one stays until all of it is old.
  expect((await readPredictions(store, {})).map(({ id }) => id)).toEqual([
    old[129].id,
    ...young.map(({ id }) => id),
  ]);
  expect((await listOutcomes(store)).map((one) => one.entity ?? one.prediction_id).sort()).toEqual(
    [young[0].id, 'seen lately', 'told lately'].sort(),
  );
  expect(await deleteOldPredictions(store, 30, { now: NOW })).toMatchObject({ segments: 0, outcomes: 0 });
});

function pagesOf(store: Store): number {
  const connection = openConnection(store.places.database, { readonly: true });
  const pages = connection.pragma('page_count', { simple: true }) as number;
  connection.close();
  return pages;
}

test('a log of any length takes the space of the days that are kept: deleted pages are used again', async () => {
  const store = await openTestStore();
  const sizes: number[] = [];
  for (let day = 0; day < 12; day++) {
    const made = NOW + day * DAY;
    const rows = Array.from({ length: 600 }, (_, i) =>
      predictionAt(new Date(made + i * 1000).toISOString(), { inputs: { text: 'x'.repeat(200) } }),
    );
    await writeLog(store, rows);
    await deleteOldPredictions(store, 2, { now: made + DAY });
    sizes.push(pagesOf(store));
  }
  expect(Math.max(...sizes.slice(3))).toBeLessThanOrEqual(sizes[3] + 2);
});

test("the log's thread deletes what is old while it writes what is new", async () => {
  const store = await openTestStore();
  const long = (days: number) => new Date(Date.now() - days * DAY).toISOString();
  await writeLog(
    store,
    Array.from({ length: 60 }, (_, i) => predictionAt(long(10 - i / 100))),
    1,
  );
  const { database } = store.places;
  const log = openPredictionLog({ database, mode: 'buffered', keepDays: 7 });
  onTestFinished(() => log.close());
  const young = predictionAt(new Date().toISOString());
  log.append([young]);
  await log.flush();
  await vi.waitFor(async () => expect(await readPredictions(store, {})).toEqual([young]), {
    interval: 50,
    timeout: 10_000,
  });
  expect(log.state()).toMatchObject({ dropped: 0, lastError: null });
});
