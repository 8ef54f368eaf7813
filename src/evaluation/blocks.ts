import { studentQuantile } from './student-t.js';

/** Rows in time order, drawn in runs of neighbours: what one row shares with the next stays in the resamples. */
export interface Blocks {
  /** Where each time ends (exclusive) among the rows in time order; rows of one time are drawn together. */
  ends: Int32Array;
  /** Times in one block. */
  length: number;
}

/** Where each distinct time ends, for times in ascending order. */
export function endsOfTimes(sortedTimes: Float64Array): Int32Array {
  const ends: number[] = [];
  for (let row = 1; row <= sortedTimes.length; row++)
    if (row === sortedTimes.length || sortedTimes[row] !== sortedTimes[row - 1]) ends.push(row);
  return Int32Array.from(ends);
}

/** Sums of a value a row over the rows of each time, after the mean was taken off. */
export function sumsOfTimes(values: Float64Array, ends: Int32Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let row = 0;
  return Float64Array.from(ends, (end) => {
    let sum = 0;
    for (; row < end; row++) sum += values[row] - mean;
    return sum;
  });
}

/** Sums of the products of values that are 0 to `last` times apart. */
function productSums(series: Float64Array, last: number): Float64Array {
  return Float64Array.from({ length: last + 1 }, (_, lag) => {
    let sum = 0;
    for (let i = lag; i < series.length; i++) sum += series[i] * series[i - lag];
    return sum;
  });
}

/**
 * The first of `run` lags in a row whose autocorrelations are within what chance gives; undefined when there is none. A
 * lag's correlation is of the values that have a partner, which matters where a series is short.
 */
function firstQuietLag(series: Float64Array, sums: Float64Array, run: number): number | undefined {
  const count = series.length;
  const chance = 2 * Math.sqrt(Math.log10(count) / count);
  let [later, earlier] = [sums[0], sums[0]];
  let quiet = 0;
  for (let lag = 1; lag < sums.length - 1; lag++) {
    later -= series[lag - 1] ** 2;
    earlier -= series[count - lag] ** 2;
    quiet = Math.abs(sums[lag]) < chance * Math.sqrt(later * earlier) ? quiet + 1 : 0;
    if (quiet === run) return lag - run + 1;
  }
  return undefined;
}

/** The flat-top lag window: 1 up to a half, then down to 0 at 1. */
const flatTop = (share: number) => (share <= 0.5 ? 1 : 2 * (1 - share));

/** Fewer times than this show no autocorrelation that could be told from chance. */
const FEWEST_TIMES = 8;

/**
 * The block length of the circular block bootstrap that estimates the variance of a mean best: Politis & White,
 * "Automatic block-length selection for the dependent bootstrap" (Econometric Reviews 23, 2004), with the constant of
 * the correction by Patton, Politis & White (28, 2009): (2 G^2 / D)^(1/3) N^(1/3), where G and D = 4/3 g(0)^2 come from
 * the autocovariances under a flat-top window. At most 3 sqrt(N) and N / 3, as they advise.
 * @param series whose mean is zero, in time order
 * @returns a whole number from 1; 1 for a series without autocorrelation
 */
export function blockLength(series: Float64Array): number {
  const count = series.length;
  if (count < FEWEST_TIMES) return 1;
  const run = Math.max(5, Math.floor(Math.log10(count)));
  const lastLag = Math.min(count - 1, Math.ceil(Math.sqrt(count)) + run);
  const sums = productSums(series, lastLag);
  if (!(sums[0] > 0)) return 1;
  const quietFrom = firstQuietLag(series, sums, run);
  const window = quietFrom === undefined ? lastLag : Math.min(lastLag, 2 * quietFrom);
  let weighted = 0;
  let density = sums[0];
  for (let lag = 1; lag <= window; lag++) {
    const term = 2 * flatTop(lag / window) * sums[lag];
    weighted += lag * term;
    density += term;
  }
  const best = Math.cbrt((2 * weighted ** 2 * count) / ((4 / 3) * density ** 2));
  const most = Math.ceil(Math.min(3 * Math.sqrt(count), count / 3));
  return Number.isFinite(best) ? Math.min(most, Math.max(1, Math.ceil(best))) : most;
}

/**
 * By how much each half of a percentile interval over few blocks is widened: sqrt(m / (m - 1)) t / z for m blocks, for
 * the same reason as the expanded percentile interval of Hesterberg, "What teachers should know about the bootstrap"
 * (The American Statistician 69, 2015): with little to draw from, percentiles alone are too narrow.
 */
export function widening({ ends, length }: Blocks, confidence: number): number {
  const blocks = Math.max(2, Math.floor(ends.length / length));
  if (confidence <= 0.5) return 1;
  const normal = studentQuantile(confidence, 100_000);
  return (Math.sqrt(blocks / (blocks - 1)) * studentQuantile(confidence, blocks - 1)) / normal;
}
