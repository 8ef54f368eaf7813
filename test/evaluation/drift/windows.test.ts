import { expect, test } from 'vitest';
import { countDrifted } from '../../../bench/drift-simulation.mjs';
import { normal, uniform } from '../../../bench/gate-simulation.mjs';
import { type Comparison, compareColumn } from '../../../src/evaluation/drift/compare.js';
import { categoryReference, numberReference } from '../../../src/evaluation/drift/reference.js';
import { fewestRows, judgeComparisons } from '../../../src/evaluation/drift/verdict.js';

const normals = (seed: number, rows: number) => {
  const random = uniform(seed);
  return Float64Array.from({ length: rows }, () => normal(random));
};

const tools = { categoryReference, numberReference, compareColumn, judgeComparisons };

// bench/drift.mjs has 400 windows of each kind.
test('of 40 windows without drift at most 6 are called drifted, with correlated features, ties and categories', () => {
  expect(countDrifted(tools, { windows: 40, rows: 200, referenceRows: 1000 }).drifted).toBeLessThanOrEqual(6);
});

test('half a standard deviation in 2 of 20 features is found in 95 of 100 windows of 200 rows', () => {
  expect(
    countDrifted(tools, { windows: 40, rows: 200, referenceRows: 1000, shift: 0.5, seed: 900 }).drifted,
  ).toBeGreaterThanOrEqual(38);
});

test('what is sure and small is no drift, and what is large and not sure is none either', () => {
  const reference = numberReference(normals(1, 20_000));
  const other = normals(2, 20_000).map((value) => value + 0.1);
  const [small] = judgeComparisons([compareColumn(reference, other)]);
  expect(small).toMatchObject({ drifted: false, by: null });
  expect(small.values?.p).toBeLessThan(0.001);
  expect(judgeComparisons([compareColumn(reference, other)], 0.02)[0].drifted).toBe(true);
  const unsure = judgeComparisons([compareColumn(reference, Float64Array.from([0, 0.5, 1, 1.5]))]);
  expect(unsure[0].values?.effect).toBeGreaterThan(0.1);
  expect(unsure[0].drifted).toBe(false);
});

test('values that are missing more often are drift by themselves, and a spread that doubled is as well', () => {
  const reference = numberReference(normals(1, 5_000));
  const window = normals(2, 400);
  const gaps = window.map((value, row) => (row % 8 === 0 ? Number.NaN : value));
  expect(judgeComparisons([compareColumn(reference, gaps)])[0]).toMatchObject({
    drifted: true,
    by: 'missing',
  });
  const wide = judgeComparisons([
    compareColumn(
      reference,
      window.map((value) => 2 * value),
    ),
  ])[0];
  expect(wide).toMatchObject({ drifted: true, by: 'values' });
});

test('p-values are adjusted over all tests of the window', () => {
  const part = (p: number): Comparison => ({
    rows: 300,
    values: { p, effect: 0.2 },
    shift: 0.3,
    missing: { share: 0, reference: 0, p: null },
    psi: null,
    unseen: null,
  });
  const alone = judgeComparisons([part(0.02)]);
  expect(alone[0]).toMatchObject({ drifted: true, values: { p: 0.02 } });
  const among = judgeComparisons([part(0.02), ...Array.from({ length: 9 }, () => part(0.9))]);
  expect(among.some(({ drifted }) => drifted)).toBe(false);
  expect(among[0].values?.p).toBeCloseTo(0.2);
  expect(judgeComparisons([])).toEqual([]);
});

test('a verdict takes 100 to 200 rows: more with many features, or a small reference', () => {
  expect(fewestRows(1, 1e6)).toBe(100);
  expect(fewestRows(21, 1e6)).toBe(131);
  expect(fewestRows(21, 1_000)).toBe(151);
  expect(fewestRows(500, 1_000)).toBe(200);
  expect([fewestRows(20, 0), fewestRows(20, 100)]).toEqual([200, 200]);
});
