import { expect, it } from 'vitest';
import { rowsNeeded } from '../../src/evaluation/rows-needed.js';

it('four times the rows halve the interval', () => {
  expect(rowsNeeded(1000, { gain: 0.01, halfWidth: 0.02, minGain: 0 })).toBe(4000);
  expect(rowsNeeded(1000, { gain: 0.02, halfWidth: 0.02, minGain: 0.01 })).toBe(4000);
});

it('no number of rows proves a gain that is not there', () => {
  expect(rowsNeeded(1000, { gain: 0, halfWidth: 0.02, minGain: 0 })).toBeNull();
  expect(rowsNeeded(1000, { gain: 0.01, halfWidth: 0.02, minGain: 0.01 })).toBeNull();
  expect(rowsNeeded(1000, { gain: Number.NaN, halfWidth: 0.02, minGain: 0 })).toBeNull();
  expect(rowsNeeded(1000, { gain: 1e-300, halfWidth: 1, minGain: 0 })).toBeNull();
});
