import { studentQuantile } from './student-t.js';

/** What several values of one thing say together. */
export interface Summary {
  /** Values that count: those that are finite. */
  n: number;
  /** Values that do not: NaN and the infinities. */
  left_out: number;
  mean: number | null;
  /** With n - 1 in the denominator; null for fewer than two values. */
  sd: number | null;
  /** Of the mean; null for fewer than two values. */
  interval: { lower: number; upper: number; confidence: number } | null;
  min: number | null;
  max: number | null;
}

/**
 * Mean, standard deviation and the two-sided interval of the mean by Student's t with n - 1 degrees of freedom (Student 1908), which
 * takes the values for independent draws of one normal distribution.
 * @param confidence of the interval, above 0 and below 1; 0.95
 */
export function summariseValues(values: readonly number[], confidence = 0.95): Summary {
  const finite = values.filter(Number.isFinite);
  const n = finite.length;
  const left_out = values.length - n;
  if (n === 0) return { n, left_out, mean: null, sd: null, interval: null, min: null, max: null };
  const mean = meanOf(finite);
  const range = { min: least(finite), max: -least(finite.map((value) => -value)) };
  if (n === 1) return { n, left_out, mean, sd: null, interval: null, ...range };
  const sd = Math.sqrt(finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const half = (studentQuantile((1 + confidence) / 2, n - 1) * sd) / Math.sqrt(n);
  return {
    n,
    left_out,
    mean,
    sd,
    interval: { lower: mean - half, upper: mean + half, confidence },
    ...range,
  };
}

/** The mean, with what rounding took from the first sum put back: equal values have exactly their own mean. */
function meanOf(values: readonly number[]): number {
  const first = values.reduce((sum, value) => sum + value / values.length, 0);
  return first + values.reduce((sum, value) => sum + (value - first), 0) / values.length;
}

const least = (values: readonly number[]) =>
  values.reduce((low, value) => (value < low ? value : low), Number.POSITIVE_INFINITY);
