import { expect, test } from 'vitest';
import { seededRandom, shuffledIndices } from '../../src/util/random.js';

const draw = (count: number, seed: number, stream?: number) => {
  const random = seededRandom(seed, stream);
  return Array.from({ length: count }, () => random());
};

/** Pearson's correlation. */
function correlation(a: number[], b: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f: (i: number) => number) => a.reduce((total, _, i) => total + f(i), 0);
  return (
    sum((i) => (a[i] - ma) * (b[i] - mb)) /
    Math.sqrt(sum((i) => (a[i] - ma) ** 2) * sum((i) => (b[i] - mb) ** 2))
  );
}

test('a seed gives the same numbers for ever: models of today are made again tomorrow', () => {
  expect(draw(3, 0)).toEqual(draw(3, 0));
  expect(draw(4, 42, 7).map((value) => Math.round(value * 4294967296))).toEqual([
    1788599883, 2442771900, 3316312872, 2885685264,
  ]);
});

test('numbers are uniform in [0, 1)', () => {
  const counts = new Array(20).fill(0);
  for (const value of draw(200_000, 3)) counts[Math.floor(value * 20)]++;
  // chi-squared with 19 degrees of freedom: 43.8 is passed once in a thousand
  expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(43.8);
});

test('neighbouring seeds and streams share nothing', () => {
  const first = draw(5_000, 0, 0);
  for (const [seed, stream] of [
    [1, 0],
    [0, 1],
    [2 ** 32 - 1, 0],
    [0, 1000],
  ])
    expect(Math.abs(correlation(first, draw(5_000, seed, stream)))).toBeLessThan(0.05);
});

test('a shuffle has every index once, in an order of the seed, each place equally likely', () => {
  expect([...shuffledIndices(100, seededRandom(1))].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, i) => i),
  );
  expect([...shuffledIndices(9, seededRandom(1))]).toEqual([...shuffledIndices(9, seededRandom(1))]);
  const first = new Array(5).fill(0);
  for (let seed = 0; seed < 5_000; seed++) first[shuffledIndices(5, seededRandom(seed))[0]]++;
  for (const count of first) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  expect([...shuffledIndices(0, seededRandom(0))]).toEqual([]);
});
