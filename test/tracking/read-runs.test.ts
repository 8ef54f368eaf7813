import { expect, test } from 'vitest';
import type { Store } from '../../src/storage/store.js';
import { compareRuns } from '../../src/tracking/compare-runs.js';
import { getRun, latestRun, listRuns, metricHistory } from '../../src/tracking/read-runs.js';
import { pointOf, runRow } from '../storage/rows.js';
import { workplace } from './tracking-support.js';

const id = (start: string) => start.padEnd(32, '0');

async function addRun(store: Store, runId: string, change: Partial<ReturnType<typeof runRow>> = {}) {
  await store.write((t) =>
    t
      .insertInto('runs')
      .values({ ...runRow(runId), status: 'FINISHED', ...change })
      .execute(),
  );
}

test('pages go from the newest to the oldest by order of recording, whatever the clock said', async () => {
  const { store } = await workplace();
  const years = ['2038-01-19', '1969-12-31', '2026-03-01', '2026-03-01', '1970-01-01'];
  for (const [i, day] of years.entries())
    await addRun(store, id(`a${i}`), { created_at: `${day}T00:00:00.000Z` });
  const first = await listRuns(store, { limit: 2 });
  expect(first).toMatchObject({ total: 5, limit: 2, offset: 0, next_offset: 2 });
  const second = await listRuns(store, { limit: 2, offset: 2 });
  const third = await listRuns(store, { limit: 2, offset: 4 });
  expect(third.next_offset).toBeNull();
  const ids = [first, second, third].flatMap((page) => page.items.map((item) => item.run_id.slice(0, 2)));
  expect(ids).toEqual(['a4', 'a3', 'a2', 'a1', 'a0']);
  expect(await listRuns(store, { offset: 99 })).toMatchObject({ items: [], total: 5, next_offset: null });
});

test('limits from outside are brought into range', async () => {
  const { store } = await workplace();
  await addRun(store, id('a'));
  expect(await listRuns(store, { limit: 1e9, offset: -5 })).toMatchObject({ limit: 1000, offset: 0 });
  expect(await listRuns(store, { limit: Number.NaN, offset: Number.NaN })).toMatchObject({
    limit: 20,
    offset: 0,
  });
  expect(await listRuns(store, { limit: -1 })).toMatchObject({ limit: 1 });
});

test('filters by model, kind and status; an unknown status is named', async () => {
  const { store } = await workplace();
  await addRun(store, id('a'), { model: 'credit' });
  await addRun(store, id('b'), { model: 'credit', kind: 'tune', status: 'FAILED', error: 'Error: x' });
  await addRun(store, id('c'), { model: 'macro' });
  const found = async (options: object) =>
    (await listRuns(store, options)).items.map((item) => item.run_id[0]).join('');
  expect(await found({ model: 'credit' })).toBe('ba');
  expect(await found({ kind: 'tune' })).toBe('b');
  expect(await found({ status: 'failed', model: 'credit' })).toBe('b');
  expect(await found({ model: "credit' OR 1=1 --" })).toBe('');
  await expect(listRuns(store, { status: 'DONE' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  expect((await latestRun(store, { model: 'credit' })).run_id).toBe(id('b'));
  expect((await latestRun(store, { model: 'credit', kind: 'train' })).run_id).toBe(id('a'));
  await expect(latestRun(store, { model: 'none' })).rejects.toMatchObject({
    code: 'RUN_NOT_FOUND',
    message: expect.stringMatching(/of model none/),
  });
});

test('metrics come with a page only when asked for', async () => {
  const { store } = await workplace();
  await addRun(store, id('a'));
  await addRun(store, id('b'));
  await store.insertMetrics([pointOf(id('a'), 'auc', 0, Number.NaN), pointOf(id('a'), 'f1', 0, 0.5)]);
  const page = await listRuns(store, { includeMetrics: true });
  expect(page.items.map((item) => item.metrics)).toEqual([{}, { auc: Number.NaN, f1: 0.5 }]);
  expect((await listRuns(store, { includeMetrics: false })).items[0]).not.toHaveProperty('metrics');
});

test('a run is found by its id, a beginning no other has, or its folder; errors say what helps', async () => {
  const { store } = await workplace();
  await expect(getRun(store, 'abc')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND', fix: 'riskops train' });
  for (const start of ['abc1', 'abc2', 'abd0', 'cf']) await addRun(store, id(start));
  expect((await getRun(store, id('abc1'))).run_id).toBe(id('abc1'));
  expect((await getRun(store, 'ABD')).run_id).toBe(id('abd0'));
  expect((await getRun(store, 'c')).run_id).toBe(id('cf'));
  expect((await getRun(store, runRow(id('abc2')).dir_name)).run_id).toBe(id('abc2'));
  await expect(getRun(store, 'abc')).rejects.toMatchObject({
    code: 'RUN_AMBIGUOUS',
    details: { run_ids: [id('abc1'), id('abc2')] },
    why: expect.stringMatching(/^2 ids/),
  });
  for (const none of ['f', '', '%', "' OR 1=1 --", '../x', '\u001b[2J', `${id('abc1')}0`]) {
    const refusal = {
      code: 'RUN_NOT_FOUND',
      fix: 'riskops runs list',
      message: expect.not.stringContaining('\u001b'),
    };
    await expect(getRun(store, none)).rejects.toMatchObject(refusal);
  }
});

test('a metric history is by step, and by order within a step', async () => {
  const { store } = await workplace();
  await addRun(store, id('a'));
  const values = [
    [3, 0.3],
    [1, 0.1],
    [2, Infinity],
    [1, -0],
  ]; // prettier-ignore
  await store.insertMetrics(values.map(([step, value]) => pointOf(id('a'), 'm', step, value)));
  const history = await metricHistory(store, 'a', 'm');
  expect(history.map(({ step, value }) => [step, value])).toStrictEqual([
    [1, 0.1],
    [1, -0],
    [2, Infinity],
    [3, 0.3],
  ]);
  expect(await metricHistory(store, 'a', 'none')).toEqual([]);
});

test('runs side by side: what differs, what is missing', async () => {
  const { store } = await workplace();
  for (const start of ['a', 'b']) await addRun(store, id(start));
  await store.write(async (t) => {
    const rows = [
      ['a', 'seed', '0'],
      ['b', 'seed', '0'],
      ['a', 'depth', '3'],
      ['b', 'depth', '4'],
      ['a', 'only', '1'],
    ];
    for (const [run, key, value] of rows)
      await t
        .insertInto('params')
        .values({ run_id: id(run), key, value })
        .execute();
  });
  await store.insertMetrics([pointOf(id('a'), 'auc', 0, Number.NaN), pointOf(id('b'), 'auc', 0, Number.NaN)]);
  const compared = await compareRuns(store, ['b', 'a']);
  expect(compared.runs.map((run) => run.run_id)).toEqual([id('b'), id('a')]);
  expect(compared.params).toEqual([
    { key: 'depth', values: ['4', '3'], same: false },
    { key: 'only', values: [null, '1'], same: false },
    { key: 'seed', values: ['0', '0'], same: true },
  ]);
  expect(compared.metrics).toEqual([{ key: 'auc', values: [Number.NaN, Number.NaN], same: true }]);
  await expect(compareRuns(store, ['a', 'f'])).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
});
