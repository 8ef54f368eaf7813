import type { Weights } from './sample.js';

/** Bins of equal width when no other number is asked for. */
export const calibrationBins = 10;

export interface CalibrationBin {
  /** The bin holds probabilities in (lower, upper]; the first holds its lower end too. */
  lower: number;
  upper: number;
  rows: number;
  /** NaN in a bin without rows, like `positiveRate`. */
  meanPrediction: number;
  positiveRate: number;
}

interface FilledBins {
  rows: Float64Array;
  predictionSum: Float64Array;
  positives: Float64Array;
}

/** Assigns rows to bins once; the result adds up any weights. */
export function preparedBins(target: Float64Array, predictions: Float64Array, bins: number) {
  const binOf = Int32Array.from(predictions, (prediction) => {
    let bin = 0;
    while (bin < bins - 1 && prediction > (bin + 1) * (1 / bins)) bin++;
    return bin;
  });
  return (weights: Weights): FilledBins => {
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

/** What a reliability diagram shows: predicted probability beside the share of positives, in bins of equal width. */
export function calibration(
  target: Float64Array,
  predictions: Float64Array,
  bins = calibrationBins,
): CalibrationBin[] {
  const filled = preparedBins(target, predictions, bins)(new Float64Array(target.length).fill(1));
  return Array.from({ length: bins }, (_, bin) => ({
    lower: bin / bins,
    upper: (bin + 1) / bins,
    rows: filled.rows[bin],
    meanPrediction: filled.predictionSum[bin] / filled.rows[bin],
    positiveRate: filled.positives[bin] / filled.rows[bin],
  }));
}
