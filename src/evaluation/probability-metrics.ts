import { calibrationBins, preparedBins } from './calibration.js';
import { perRow, type Sample, type Weights, weightedMean } from './sample.js';

/** Brier score: the mean squared distance of probability and outcome (Brier 1950). */
export function prepareBrier(sample: Sample): (weights: Weights) => number {
  const losses = perRow(sample, (target, prediction) => (target - prediction) ** 2);
  return (weights) => weightedMean(losses, weights);
}

/**
 * Log loss in nats. Probabilities are clipped to [eps, 1 - eps] with eps = 2^-52, as scikit-learn 1.2 does for
 * 64-bit floats, so a certain and wrong prediction costs 36.04 instead of infinity.
 */
export function prepareLogLoss(sample: Sample): (weights: Weights) => number {
  const losses = perRow(sample, (target, prediction) => {
    const p = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, prediction));
    return target === 1 ? -Math.log(p) : -Math.log(1 - p);
  });
  return (weights) => weightedMean(losses, weights);
}

/**
 * Expected calibration error (Naeini et al. 2015; Guo et al. 2017): the distance of mean probability and share of
 * positives, averaged over 10 bins of equal width by their rows.
 */
export function prepareEce(sample: Sample): (weights: Weights) => number {
  const fill = preparedBins(sample.target, sample.predictions, calibrationBins);
  return (weights) => {
    const { rows, predictionSum, positives } = fill(weights);
    let distance = 0;
    let total = 0;
    for (let bin = 0; bin < rows.length; bin++) {
      distance += Math.abs(predictionSum[bin] - positives[bin]);
      total += rows[bin];
    }
    return distance / total;
  };
}
