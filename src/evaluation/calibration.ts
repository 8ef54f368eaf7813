import { quantile } from './quantile.js';
import type { Weights } from './sample.js';

/** Bins when no other number is asked for. */
export const calibrationBins = 10;

export interface CalibrationBin {
  /** The bin holds probabilities in (lower, upper]; the first holds its lower end too. */
  lower: number;
  upper: number;
  rows: number;
  /** NaN in a bin without rows, like the rates. */
  meanPrediction: number;
  positiveRate: number;
  /** The rate of further rows like these is within these two with 95 % confidence, each row counting for itself. */
  rateLower: number;
  rateUpper: number;
}

interface FilledBins {
  rows: Float64Array;
  predictionSum: Float64Array;
  positives: Float64Array;
}

/** The upper ends of bins of equal width, but for the last. */
function equalWidths(bins: number): number[] {
  return Array.from({ length: bins - 1 }, (_, bin) => (bin + 1) * (1 / bins));
}

/** The same of bins with an equal number of rows, as far as equal probabilities let them. */
function equalCounts(predictions: Float64Array, bins: number): number[] {
  const sorted = predictions.slice().sort();
  return Array.from({ length: bins - 1 }, (_, bin) => quantile(sorted, (bin + 1) / bins));
}

function fillBins(target: Float64Array, predictions: Float64Array, ends: readonly number[]) {
  const binOf = Int32Array.from(predictions, (prediction) => {
    let bin = 0;
    while (bin < ends.length && prediction > ends[bin]) bin++;
    return bin;
  });
  return (weights: Weights): FilledBins => {
    const bins = ends.length + 1;
    const filled = {
      rows: new Float64Array(bins),
      predictionSum: new Float64Array(bins),
      positives: new Float64Array(bins),
    };
    for (let row = 0; row < binOf.length; row++) {
      filled.rows[binOf[row]] += weights[row];
      filled.predictionSum[binOf[row]] += weights[row] * predictions[row];
      filled.positives[binOf[row]] += weights[row] * target[row];
    }
    return filled;
  };
}

/** Assigns rows to bins of equal width once; the result adds up any weights. */
export function preparedBins(target: Float64Array, predictions: Float64Array, bins: number) {
  return fillBins(target, predictions, equalWidths(bins));
}

/** The standard normal distribution is within this of 0 with probability 0.95. */
const NORMAL_95 = 1.959963984540054;

/** The score interval of a share (Wilson 1927), which is right for few rows and for shares of 0 and 1 too. */
export function scoreInterval(positives: number, rows: number): [number, number] {
  const square = NORMAL_95 ** 2;
  const middle = (positives + square / 2) / (rows + square);
  const half =
    (NORMAL_95 / (rows + square)) * Math.sqrt((positives * (rows - positives)) / rows + square / 4);
  return [positives === 0 ? 0 : middle - half, positives === rows ? 1 : middle + half];
}

/**
 * What a reliability diagram shows: predicted probability beside the share of positives.
 * @param target 0 or 1; of one class among many, 1 for that class
 * @param options.by bins of equal `width` from 0 to 1, or with an equal number of `rows`, whose ends are those of the rows; width
 */
export function calibrationTable(
  target: Float64Array,
  predictions: Float64Array,
  { bins = calibrationBins, by = 'width' }: { bins?: number; by?: 'width' | 'rows' } = {},
): CalibrationBin[] {
  const ends = by === 'width' ? equalWidths(bins) : equalCounts(predictions, bins);
  const filled = fillBins(target, predictions, ends)(new Float64Array(target.length).fill(1));
  return Array.from({ length: bins }, (_, bin) => {
    const [rows, positives] = [filled.rows[bin], filled.positives[bin]];
    const [rateLower, rateUpper] = scoreInterval(positives, rows);
    return {
      lower: bin === 0 ? 0 : ends[bin - 1],
      upper: bin === bins - 1 ? 1 : ends[bin],
      rows,
      meanPrediction: filled.predictionSum[bin] / rows,
      positiveRate: positives / rows,
      rateLower: rows === 0 ? Number.NaN : rateLower,
      rateUpper: rows === 0 ? Number.NaN : rateUpper,
    };
  });
}
