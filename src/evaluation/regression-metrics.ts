import { perRow, type Sample, type Weights, weightedMean } from './sample.js';

/** Root mean squared error, in the target's unit. */
export function prepareRmse(sample: Sample): (weights: Weights) => number {
  const losses = perRow(sample, (target, prediction) => (target - prediction) ** 2);
  return (weights) => Math.sqrt(weightedMean(losses, weights));
}

/** Mean absolute error, in the target's unit. */
export function prepareMae(sample: Sample): (weights: Weights) => number {
  const losses = perRow(sample, (target, prediction) => Math.abs(target - prediction));
  return (weights) => weightedMean(losses, weights);
}

/**
 * Coefficient of determination. As in scikit-learn, a constant target gives 1 when predicted exactly and 0 otherwise,
 * and fewer than two rows give NaN.
 */
export function prepareR2(sample: Sample): (weights: Weights) => number {
  const { target } = sample;
  const errors = perRow(sample, (actual, prediction) => (actual - prediction) ** 2);
  // Distances from the first value: those of a constant target are exactly 0, whatever the rounding of its mean.
  const shifted = target.map((value) => value - target[0]);
  return (weights) => {
    const mean = weightedMean(shifted, weights);
    let residual = 0;
    let spread = 0;
    let rows = 0;
    for (let row = 0; row < shifted.length; row++) {
      residual += weights[row] * errors[row];
      spread += weights[row] * (shifted[row] - mean) ** 2;
      rows += weights[row];
    }
    if (rows < 2) return Number.NaN;
    if (spread === 0) return residual === 0 ? 1 : 0;
    return 1 - residual / spread;
  };
}

/**
 * Mean absolute percentage error as a fraction; NaN where a row that counts has the target 0, since nothing is a share of it. Targets
 * nearer to 0 than 2^-52 count as 2^-52, as in scikit-learn, which does so with 0 too.
 */
export function prepareMape(sample: Sample): (weights: Weights) => number {
  const losses = perRow(
    sample,
    (target, prediction) => Math.abs(prediction - target) / Math.max(Math.abs(target), Number.EPSILON),
  );
  const isZero = sample.target.map((target) => (target === 0 ? 1 : 0));
  return (weights) => (weightedMean(isZero, weights) > 0 ? Number.NaN : weightedMean(losses, weights));
}

/**
 * Pinball loss of a quantile forecast (Koenker & Bassett 1978): a target above the forecast costs `quantile` of the distance, one
 * below it 1 - `quantile`. NaN without a quantile.
 */
export function preparePinball(sample: Sample): (weights: Weights) => number {
  const quantile = sample.quantile ?? Number.NaN;
  const losses = perRow(sample, (target, prediction) => {
    const above = target - prediction;
    return above >= 0 ? quantile * above : (quantile - 1) * above;
  });
  return (weights) => weightedMean(losses, weights);
}

/**
 * Symmetric MAPE of the M4 competition, in percent from 0 to 200: the mean of 200 |y - f| / (|y| + |f|)
 * (Makridakis, Spiliotis & Assimakopoulos 2020). A row with both at 0 is exact and costs 0.
 */
export function prepareSmape(sample: Sample): (weights: Weights) => number {
  const losses = perRow(sample, (target, prediction) => {
    const size = Math.abs(target) + Math.abs(prediction);
    return size === 0 ? 0 : (200 * Math.abs(target - prediction)) / size;
  });
  return (weights) => weightedMean(losses, weights);
}

/** Mean absolute error of the seasonal naive forecast inside the training target; NaN when it is shorter than a season. */
function seasonalScale(trainingTarget: Float64Array, season: number): number {
  let sum = 0;
  for (let t = season; t < trainingTarget.length; t++) {
    sum += Math.abs(trainingTarget[t] - trainingTarget[t - season]);
  }
  return sum / Math.max(0, trainingTarget.length - season);
}

/**
 * Mean absolute scaled error (Hyndman & Koehler 2006): the mean absolute error over that of the seasonal naive
 * forecast inside the training target. NaN without a training target in time order, or when it never changes.
 */
export function prepareMase(sample: Sample): (weights: Weights) => number {
  const scale = seasonalScale(sample.trainingTarget, sample.season);
  const mae = prepareMae(sample);
  return (weights) => (scale > 0 ? mae(weights) / scale : Number.NaN);
}
