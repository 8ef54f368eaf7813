import { describe, expect, test } from 'vitest';
import { foldRows } from '../../src/datasets/folds.js';
import { parseSplit, splitRows } from '../../src/datasets/split.js';
import { encodeTarget } from '../../src/datasets/target.js';
import { errorOf, numbers, tableOf } from './support/tables.js';

const COUNT = 600;
const each = (value: (i: number) => number) => Array.from({ length: COUNT }, (_, i) => value(i));
const table = tableOf(
  numbers(
    'y',
    each((i) => (i % 7 === 0 ? 1 : 0)),
  ),
  numbers(
    't',
    each((i) => (i * 7919) % 97),
    'integer',
  ),
  numbers(
    'g',
    each((i) => (i * 31) % 23),
    'integer',
  ),
);
const target = encodeTarget(table, 'y');
const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);

function foldsOf(rule: string, folds: number) {
  const split = parseSplit(rule);
  const { train } = splitRows(split, table, { seed: 1, target });
  return { train, folds: foldRows(split, table, train, { folds, seed: 2, target }) };
}

describe.each(['random:0.2', 'every:5:4', 'group:g:0.2'])('%s', (rule) => {
  test('each training row is tested once, by a model that did not see it; no test row takes part', () => {
    const { train, folds } = foldsOf(rule, 4);
    expect(folds).toHaveLength(4);
    expect(sorted(folds.flatMap((fold) => [...fold.test]))).toEqual(sorted(train));
    for (const fold of folds) expect(sorted([...fold.train, ...fold.test])).toEqual(sorted(train));
    expect(foldsOf(rule, 4).folds).toEqual(folds);
  });
});

test('by chance, sizes differ by one at most and the share of the classes is kept', () => {
  const { folds } = foldsOf('random:0.2', 5);
  const sizes = folds.map((fold) => fold.test.length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  const positives = folds.map((fold) => fold.test.reduce((sum, row) => sum + target.y[row], 0));
  expect(Math.max(...positives) - Math.min(...positives)).toBeLessThanOrEqual(1);
});

test('by group, groups stay whole and the folds are of like size', () => {
  const { folds } = foldsOf('group:g:0.2', 3);
  const g = (rows: Int32Array) => new Set(Array.from(rows, (row) => (row * 31) % 23));
  for (const fold of folds) expect([...g(fold.test)].filter((group) => g(fold.train).has(group))).toEqual([]);
  const sizes = folds.map((fold) => fold.test.length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(30);
});

test('by time, each fold is predicted from what came before it', () => {
  const { train, folds } = foldsOf('time:t:0.2', 4);
  expect(folds).toHaveLength(4);
  const t = (rows: Int32Array) => Array.from(rows, (row) => (row * 7919) % 97);
  for (const fold of folds) expect(Math.max(...t(fold.train))).toBeLessThan(Math.min(...t(fold.test)));
  for (const [i, fold] of folds.slice(1).entries()) {
    expect(sorted(fold.train)).toEqual(sorted([...folds[i].train, ...folds[i].test]));
  }
  expect(sorted([...folds[3].train, ...folds[3].test])).toEqual(sorted(train));
});

test('fewer folds where the groups or times are few, none where nothing could be learned', async () => {
  const small = tableOf(numbers('y', [0, 1, 0, 1, 0, 1]), numbers('k', [1, 1, 2, 2, 3, 3]));
  const rows = Int32Array.of(0, 1, 2, 3, 4, 5);
  const options = { folds: 10, seed: 0, target: encodeTarget(small, 'y') };
  expect(foldRows(parseSplit('group:k:0.2'), small, rows, options)).toHaveLength(3);
  expect(foldRows(parseSplit('time:k:0.2'), small, rows, options)).toHaveLength(2);
  expect(foldRows(parseSplit('group:y:0.2'), small, rows, options)).toEqual([]);
  expect(
    (await errorOf(() => foldRows(parseSplit('random:0.2'), small, rows, { folds: 1, seed: 0 }))).code,
  ).toBe('OPTION_INVALID');
});
