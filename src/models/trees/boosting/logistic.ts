import type { Loss, LossRoom, Targets } from './loss.js';
import { applyWeights, meanLoss, totalWeight, weightedMean } from './weighted.js';

/** log(1 + e^s) - y s, without overflow, less the logarithm of 1 + e^-|s|. */
const outerLoss = (y: number, sum: number) => Math.max(sum, 0) - y * sum;

function meanLogLoss(targets: Targets, [sums]: Float64Array[]): number {
  return meanLoss(
    targets,
    (i) => outerLoss(targets.y[i], sums[i]) + Math.log1p(Math.exp(-Math.abs(sums[i]))),
  );
}

/** Log loss. Where all rows are of one class its best constant is infinite, so the share of a class is kept off 0 and 1. */
export function logistic({ y, weights, gradient, hessian, kernel, space }: LossRoom): Loss {
  const share = Math.min(Math.max(weightedMean({ y, weights }), 1e-9), 1 - 1e-9);
  const over = space.numbers(y.length);
  const greatest = weights === null ? 1 : weights.reduce((most, weight) => Math.max(most, weight), 0);
  return {
    bases: [Math.log(share / (1 - share))],
    bounds: { gradient: greatest, hessian: greatest / 4 },
    begin([sums]) {
      const outer = kernel.logistic(sums, y, gradient, hessian, over);
      if (weights === null) return (outer + kernel.sumLogs(over)) / y.length;
      applyWeights(weights, gradient, hessian);
      let loss = 0;
      for (let i = 0; i < y.length; i++) loss += weights[i] * (Math.log(over[i]) + outerLoss(y[i], sums[i]));
      return loss / totalWeight({ y, weights });
    },
    differentiate() {},
    meanOf: meanLogLoss,
  };
}
