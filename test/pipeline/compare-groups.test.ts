import { expect, test } from 'vitest';
import { compareBy } from '../../src/pipeline/compare-groups.js';
import { trainModel } from '../../src/pipeline/train.js';
import type { Store } from '../../src/storage/store.js';
import { startRun } from '../../src/tracking/runs.js';
import { writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

/** Extra hours of sleep by drug 1: R's data set `sleep`, Student 1908. */
const SLEEP = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];

async function logRun(
  store: Store,
  params: Record<string, string | number>,
  metrics: Record<string, number>[],
  fail = false,
): Promise<string> {
  const run = await startRun(store, { kind: 'script', params });
  for (const [step, values] of metrics.entries()) run.logMetrics(values, step);
  await (fail ? run.fail(new Error('no')) : run.end());
  return run.id;
}

test('runs that differ in the seed alone are one group: mean, deviation and interval are those of R', async () => {
  const store = await openStoreIn(temporaryFolder());
  for (const [seed, extra] of SLEEP.entries()) await logRun(store, { drug: 1, seed }, [{ extra }]);
  await logRun(store, { drug: 2, seed: 0 }, [{ extra: 1.9 }]);
  await logRun(store, { drug: 1, seed: 99 }, [{ extra: 1e9 }], true);
  await logRun(store, { drug: 1 }, [{ extra: 1e9 }]);
  const { groups, ...rest } = await compareBy(store, 'seed', {});
  expect(rest).toEqual({ by: 'seed', unfinished: 1, without: 1, cut: false });
  expect(groups.map(({ params, runs }) => [params['drug'], runs.length])).toEqual([
    ['1', 10],
    ['2', 1],
  ]);
  // t.test(sleep$extra[sleep$group == 1]) and sd() of R
  const { extra } = groups[0].metrics;
  expect(extra).toMatchObject({ n: 10, min: -1.6, max: 3.7 });
  expect(extra.mean).toBeCloseTo(0.75, 12);
  expect(extra.sd).toBeCloseTo(1.78901, 5);
  expect(extra.interval?.lower).toBeCloseTo(-0.5297804, 6);
  expect(extra.interval?.upper).toBeCloseTo(2.0297804, 6);
});

test('one run has no interval, and a metric counts the runs that have it', async () => {
  const store = await openStoreIn(temporaryFolder());
  await logRun(store, { seed: 0 }, [{ auc: 0.7, extra: 1 }]);
  await logRun(store, { seed: 1 }, [{ auc: 0.8 }]);
  const [{ metrics }] = (await compareBy(store, 'seed', {})).groups;
  expect(metrics['extra']).toMatchObject({ n: 1, mean: 1, sd: null, interval: null });
  expect(metrics['auc']).toMatchObject({ n: 2 });
});

test('the value of a series is its last, least, greatest or mean', async () => {
  const store = await openStoreIn(temporaryFolder());
  await logRun(store, { seed: 0 }, [{ loss: 4 }, { loss: 1 }, { loss: 2.5 }]);
  const mean = async (value: 'last' | 'min' | 'max' | 'mean') =>
    (await compareBy(store, 'seed', { value })).groups[0].metrics['loss'].mean;
  expect([await mean('last'), await mean('min'), await mean('max'), await mean('mean')]).toEqual([
    2.5, 1, 4, 2.5,
  ]);
});

test('runs are chosen by id, model, group and filter; a parameter can be ignored', async () => {
  const store = await openStoreIn(temporaryFolder());
  const first = await logRun(store, { seed: 0, depth: 3, host: 'a' }, [{ auc: 0.7 }]);
  const second = await logRun(store, { seed: 1, depth: 3, host: 'b' }, [{ auc: 0.8 }]);
  await logRun(store, { seed: 0, depth: 6, host: 'a' }, [{ auc: 0.9 }]);
  const sizes = async (choice: Parameters<typeof compareBy>[2]) =>
    (await compareBy(store, 'seed', choice)).groups.map(({ runs }) => runs.length);
  expect(await sizes({})).toEqual([1, 1, 1]);
  expect(await sizes({ ignore: ['host'] })).toEqual([2, 1]);
  expect(await sizes({ ignore: ['host'], where: 'params.depth = 3' })).toEqual([2]);
  expect(await sizes({ ignore: ['host'], runs: [first, second.slice(0, 12), first] })).toEqual([2]);
  expect(await sizes({ model: 'none' })).toEqual([]);
  expect(await sizes({ group: 'none' })).toEqual([]);
});

test('the same data by another path does not part trainings', async () => {
  const folder = temporaryFolder();
  const store = await openStoreIn(folder);
  writeLoans(folder);
  writeLoans(folder, 'copy.csv');
  for (const [seed, data] of ['loans.csv', 'copy.csv', 'loans.csv'].entries())
    await trainModel(store, planFor(folder, { data: `${folder}/${data}`, seed }), { root: folder });
  const { groups } = await compareBy(store, 'seed', { model: 'loans' });
  expect(groups.map(({ runs }) => runs.map(({ value }) => value).sort())).toEqual([['0', '1', '2']]);
  expect(groups[0].metrics['auc'].n).toBe(3);
});

test('a parameter that no run has is named, with the nearest one', async () => {
  const store = await openStoreIn(temporaryFolder());
  await logRun(store, { seed: 0 }, [{ auc: 0.7 }]);
  await expect(compareBy(store, 'sead', {})).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    why: 'did you mean "seed"?',
  });
});
