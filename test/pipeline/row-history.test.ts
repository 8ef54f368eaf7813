import { expect, test } from 'vitest';
import { withHistory } from '../../src/pipeline/row-history.js';

test('the rows between asked ones of a series come along, those behind them and of other series do not', () => {
  // Two series: 0 -> 2 -> 4 -> 6 -> 8 and 1 -> 3 -> 5 -> 7.
  const previous = Int32Array.of(-1, -1, 0, 1, 2, 3, 4, 5, 6);
  const { rows, previous: before, isAsked } = withHistory(Int32Array.of(6, 2, 0), previous);
  expect([...rows]).toEqual([0, 2, 4, 6]);
  expect([...before]).toEqual([-1, 0, 1, 2]);
  expect([...isAsked]).toEqual([1, 1, 0, 1]);
});

test('where nothing lies between them, the asked rows are all', () => {
  const { rows, isAsked } = withHistory(Int32Array.of(0, 1), Int32Array.of(-1, 0, 1));
  expect([[...rows], [...isAsked]]).toEqual([
    [0, 1],
    [1, 1],
  ]);
});
