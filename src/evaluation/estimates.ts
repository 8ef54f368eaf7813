import { scoreInterval } from './calibration.js';
import { rankRows } from './ranking.js';
import { studentQuantile } from './student-t.js';

/**
 * Metrics with their two-sided 95 % intervals in closed form, which cost one pass over the rows and at most a sort: the mean of a loss by Student's t,
 * a share by Wilson's interval, and what is a function of means by the delta method, which is the mean of the influence of each row
 * (van der Vaart, Asymptotic Statistics, 1998, chapters 3 and 20). Rows count as independent of one another.
 */

/** A value and the bounds of its interval. */
export interface Estimate {
  value: number;
  lower: number;
  upper: number;
}

const UPPER_SHARE = 0.975;
/** The 0.975 quantile of the standard normal distribution. */
const Z = 1.959963984540054;

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Half the interval of a mean, by Student's t with n - 1 degrees of freedom; infinite for one row. */
function halfWidth(values: Float64Array, mean: number): number {
  const rows = values.length;
  if (rows < 2) return Number.POSITIVE_INFINITY;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return studentQuantile(UPPER_SHARE, rows - 1) * Math.sqrt(squares / (rows - 1) / rows);
}

/** The mean of one value a row, such as a loss. */
export function meanEstimate(values: Float64Array): Estimate {
  const value = meanOf(values);
  const half = halfWidth(values, value);
  return { value, lower: value - half, upper: value + half };
}

/** A share of rows, by the score interval of Wilson (1927); it stays within 0 and 1, and has a width where all or none are hit. */
export function shareEstimate(hits: number, rows: number): Estimate {
  const [lower, upper] = scoreInterval(hits, rows);
  return { value: hits / rows, lower, upper };
}

/** Root mean squared error: the roots of the mean squared error and its bounds. */
export function rmseEstimate(errors: Float64Array): Estimate {
  const { value, lower, upper } = meanEstimate(errors.map((error) => error * error));
  return { value: Math.sqrt(value), lower: Math.sqrt(Math.max(0, lower)), upper: Math.sqrt(upper) };
}

/**
 * Coefficient of determination 1 - M / V, with M the mean squared error and V the variance of the target: by the delta method, a row's
 * influence is (M (y - mean)^2 / V - error^2) / V. NaN where the target never changes.
 */
export function r2Estimate(target: Float64Array, predictions: Float64Array): Estimate {
  const mean = meanOf(target);
  const spread = target.map((value) => (value - mean) ** 2);
  const errors = target.map((value, row) => (value - predictions[row]) ** 2);
  const [variance, error] = [meanOf(spread), meanOf(errors)];
  if (!(variance > 0)) return { value: Number.NaN, lower: Number.NaN, upper: Number.NaN };
  const influence = errors.map((own, row) => ((error * spread[row]) / variance - own) / variance);
  const half = halfWidth(influence, meanOf(influence));
  const value = 1 - error / variance;
  return { value, lower: value - half, upper: Math.min(1, value + half) };
}

/** Of each row the share of the rows of the other class that it is above (a positive) or below (a negative), ties counting half. */
function placements(labels: Float64Array, scores: Float64Array): { positive: number[]; negative: number[] } {
  const { rows, ends } = rankRows(scores);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const negatives = labels.length - positives;
  const found: { positive: number[]; negative: number[] } = { positive: [], negative: [] };
  let [positivesBelow, negativesBelow] = [0, 0];
  for (let group = 0, begin = 0; group < ends.length; begin = ends[group++]) {
    let own = 0;
    for (let i = begin; i < ends[group]; i++) own += labels[rows[i]];
    const others = ends[group] - begin - own;
    for (let i = 0; i < own; i++) found.positive.push((negativesBelow + others / 2) / negatives);
    for (let i = 0; i < others; i++)
      found.negative.push((positives - positivesBelow - own + own / 2) / positives);
    positivesBelow += own;
    negativesBelow += others;
  }
  return found;
}

/**
 * Area under the ROC curve, with the variance of DeLong, DeLong & Clarke-Pearson (1988) on the logit scale (Pepe 2003, section 5.2),
 * so that the bounds stay within 0 and 1. Where every pair is in one order that variance is 0: then the bound is that of a share
 * of which all of the smaller class's rows are hit. NaN when a class is missing.
 * @param labels 0 or 1
 */
export function aucEstimate(labels: Float64Array, scores: Float64Array): Estimate {
  const { positive, negative } = placements(labels, scores);
  if (positive.length === 0 || negative.length === 0)
    return { value: Number.NaN, lower: Number.NaN, upper: Number.NaN };
  const value = meanOf(Float64Array.from(positive));
  if (value <= 0 || value >= 1) {
    const fewer = Math.min(positive.length, negative.length);
    return { ...shareEstimate(Math.round(value) * fewer, fewer), value };
  }
  const variance = spreadOf(positive, value) + spreadOf(negative, value);
  const logit = Math.log(value / (1 - value));
  const half = (Z * Math.sqrt(variance)) / (value * (1 - value));
  const share = (x: number) => 1 / (1 + Math.exp(-x));
  return { value, lower: share(logit - half), upper: share(logit + half) };
}

/** The variance of a mean of placements. */
function spreadOf(values: readonly number[], mean: number): number {
  if (values.length < 2) return Number.POSITIVE_INFINITY;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return squares / (values.length - 1) / values.length;
}

/**
 * F1 of each class against the rest, averaged over the classes that occur or were called, by the delta method: of a class with the
 * shares a (true), p (called) and h (both), F1 = 2 h / (a + p), and a row's influence is (2 [hit] - F1 ([true] + [called])) / (a + p).
 * @param actual of each row the number of its class
 * @param called of each row the number of the class that it was called
 */
export function macroF1Estimate(actual: Int32Array, called: Int32Array, classes: number): Estimate {
  const rows = actual.length;
  const [size, hits] = [new Float64Array(classes), new Float64Array(classes)];
  for (let row = 0; row < rows; row++) {
    size[actual[row]]++;
    size[called[row]]++;
    if (actual[row] === called[row]) hits[actual[row]]++;
  }
  const f1 = hits.map((hit, k) => (size[k] === 0 ? 0 : (2 * hit) / size[k]));
  const used = size.reduce((sum, one) => sum + (one > 0 ? 1 : 0), 0);
  const value = f1.reduce((sum, one) => sum + one, 0) / used;
  const share = (k: number, hit: boolean) => (((hit ? 2 : 0) - f1[k]) * rows) / size[k];
  const influence = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const [a, c] = [actual[row], called[row]];
    // The row that is hit adds 2 and takes F1 twice, once as true and once as called.
    influence[row] = (a === c ? share(a, true) + share(a, false) : share(a, false) + share(c, false)) / used;
  }
  const half = halfWidth(influence, meanOf(influence));
  return { value, lower: Math.max(0, value - half), upper: Math.min(1, value + half) };
}
