import type { Loss, LossRoom } from './loss.js';
import { applyWeights, meanLoss, weightedMean } from './weighted.js';

/** Half the squared error, so that its hessian is 1; the mean that is told is of the whole squared error. */
export function squared({ y, weights, gradient, hessian }: LossRoom): Loss {
  const meanOf: Loss['meanOf'] = (others, [sums]) =>
    meanLoss(others, (i) => (others.y[i] - sums[i]) * (others.y[i] - sums[i]));
  return {
    bases: [weightedMean({ y, weights })],
    begin(sums) {
      for (let i = 0; i < y.length; i++) gradient[i] = y[i] - sums[0][i];
      hessian.fill(1);
      applyWeights(weights, gradient, hessian);
      return meanOf({ y, weights }, sums);
    },
    differentiate() {},
    meanOf,
  };
}
