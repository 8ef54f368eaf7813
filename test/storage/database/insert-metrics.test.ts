import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { decodeNumber, encodeNumber } from '../../../src/storage/database/special-numbers.js';
import { openStore } from '../../../src/storage/open-store.js';
import { temporaryFolder } from '../../support/temporary.js';
import { placesIn, pointOf, runRow } from '../rows.js';

const SPECIALS = [
  Number.NaN,
  Infinity,
  -Infinity,
  -0,
  0,
  5e-324,
  -5e-324,
  Number.MAX_VALUE,
  2 ** 53,
  0.1,
  1 / 3,
];

async function storeWithRun() {
  const store = await openStore(placesIn(temporaryFolder()), { mode: 'write' });
  onTestFinished(() => store.close());
  await store.write((t) => t.insertInto('runs').values(runRow('r')).execute());
  return store;
}

test('every number comes back bit for bit, from the points and from the last values', async () => {
  const store = await storeWithRun();
  await store.insertMetrics(
    SPECIALS.map((value, i) => pointOf('r', `m${String(i).padStart(2, '0')}`, 0, value)),
  );
  const last = store.db.selectFrom('metrics').select(['value', 'special']).orderBy('key');
  const points = store.db
    .selectFrom('metric_points as p')
    .innerJoin('metrics as m', 'm.metric', 'p.metric')
    .select(['p.value', 'p.special'])
    .orderBy('m.key');
  expect((await last.execute()).map(decodeNumber)).toStrictEqual(SPECIALS);
  expect((await points.execute()).map(decodeNumber)).toStrictEqual(SPECIALS);
});

test('encode and decode are inverse for all doubles', () => {
  fc.assert(fc.property(fc.double(), (x) => Object.is(decodeNumber(encodeNumber(x)), x)));
});

test('infinities stand at the ends of a sort', async () => {
  const store = await storeWithRun();
  const values = [1e308, Infinity, -Infinity, 0, -1e308];
  await store.insertMetrics(values.map((value, i) => pointOf('r', `m${i}`, 0, value)));
  const rows = await store.db.selectFrom('metrics').select(['value', 'special']).orderBy('value').execute();
  expect(rows.map(decodeNumber)).toEqual([-Infinity, -1e308, 0, 1e308, Infinity]);
});

test('the last value is that of the highest step, and of two at one step the later', async () => {
  const store = await storeWithRun();
  const last = async () =>
    decodeNumber(await store.db.selectFrom('metrics').selectAll().executeTakeFirstOrThrow());
  await store.insertMetrics([pointOf('r', 'm', 5, 0.5), pointOf('r', 'm', 3, 0.3)]);
  expect(await last()).toBe(0.5);
  await store.insertMetrics([pointOf('r', 'm', 4, 0.4)]);
  expect(await last()).toBe(0.5);
  await store.insertMetrics([pointOf('r', 'm', 5, 0.6), pointOf('r', 'm', 5, 0.7)]);
  expect(await last()).toBe(0.7);
  expect(await store.db.selectFrom('metric_points').select('step').orderBy('ordinal').execute()).toHaveLength(
    5,
  );
});

test('a series knows how many points it has, and the count, sum, least and most of the finite ones', async () => {
  const store = await storeWithRun();
  const values = [0.5, Number.NaN, -2, Infinity, 4, -0, -Infinity];
  for (const [step, value] of values.entries()) await store.insertMetrics([pointOf('r', 'm', step, value)]);
  await store.insertMetrics([pointOf('r', 'only-nan', 0, Number.NaN)]);
  const sums = store.db.selectFrom('metrics').select(['points', 'finite', 'total', 'least', 'most']);
  expect(await sums.orderBy('key').execute()).toEqual([
    { points: 7, finite: 4, total: 2.5, least: -2, most: 4 },
    { points: 1, finite: 0, total: 0, least: null, most: null },
  ]);
});

test('a batch with one bad point leaves nothing of itself', async () => {
  const store = await storeWithRun();
  await expect(store.insertMetrics([pointOf('r', 'm', 0, 1), pointOf('r', 'm', 0.5, 1)])).rejects.toThrow();
  expect(await store.db.selectFrom('metric_points').selectAll().execute()).toEqual([]);
  await store.insertMetrics([pointOf('r', 'm', 0, 1)]);
});

test('batches of every size keep each point of each series, in its order', async () => {
  const store = await storeWithRun();
  const logged: [string, number, number][] = [];
  for (const size of [1, 7, 8, 9, 63, 64, 65, 72, 137]) {
    const batch = Array.from({ length: size }, (_, i) => [`m${i % 3}`, i, logged.length + i] as const);
    await store.insertMetrics(batch.map(([key, step, value]) => pointOf('r', key, step, value)));
    logged.push(...batch.map(([key, step, value]): [string, number, number] => [key, step, value]));
  }
  const rows = await store.db
    .selectFrom('metric_points as p')
    .innerJoin('metrics as m', 'm.metric', 'p.metric')
    .select(['m.key', 'p.ordinal', 'p.step', 'p.value'])
    .orderBy('m.key')
    .orderBy('p.ordinal')
    .execute();
  const series = ['m0', 'm1', 'm2'].map((key) => logged.filter(([name]) => name === key));
  expect(rows).toEqual(
    series.flatMap((points) => points.map(([key, step, value], ordinal) => ({ key, ordinal, step, value }))),
  );
});
