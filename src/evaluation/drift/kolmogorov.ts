import type { NumberReference } from './reference.js';

/**
 * P(K > x) of Kolmogorov's distribution (1933), by its alternating sum, or for small x by the sum of the theta function's other form,
 * so that a few terms always do.
 */
export function kolmogorovTail(x: number): number {
  if (!(x > 0)) return 1;
  let sum = 0;
  if (x < 1.18) {
    for (let k = 1; k <= 9; k += 2) sum += Math.exp(-((k * Math.PI) ** 2) / (8 * x * x));
    return Math.max(0, 1 - (Math.sqrt(2 * Math.PI) / x) * sum);
  }
  for (let k = 1; k <= 6; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, sum);
}

/**
 * How often two samples of one distribution are `distance` apart or more: the two-sample test of Kolmogorov and Smirnov, with the
 * correction of Stephens (1970) for few rows. With ties it says too large a probability, never too small a one.
 * @param rows of one sample; they may be fractions, as effective rows are
 */
export function twoSampleTail(distance: number, rows: number, otherRows: number): number {
  const root = Math.sqrt((rows * otherRows) / (rows + otherRows));
  return kolmogorovTail((root + 0.12 + 0.11 / root) * distance);
}

/** The greatest distance of two distribution functions at the marks of the reference, and of which sign it is. */
export interface Distance {
  distance: number;
  /** Whether the rows lie higher than the reference there. */
  higher: boolean;
}

/**
 * The distance of sorted values from a reference: the greatest difference of the two distribution functions, at and just below each of
 * its marks, which are too many for it to be much less than the one over all values.
 */
export function distanceFrom({ at, between, marks }: NumberReference, sorted: Float64Array): Distance {
  const all = at.reduce((sum, count, mark) => sum + count + between[mark], 0);
  let [reference, below] = [0, 0];
  let most = 0;
  const look = () => {
    const difference = reference / all - below / sorted.length;
    if (Math.abs(difference) > Math.abs(most)) most = difference;
  };
  for (const [mark, value] of marks.entries()) {
    reference += between[mark];
    while (below < sorted.length && sorted[below] < value) below++;
    look();
    reference += at[mark];
    while (below < sorted.length && sorted[below] === value) below++;
    look();
  }
  return { distance: Math.abs(most), higher: most > 0 };
}
