import type { Task } from '../learner.js';

/** A loss that boosting makes small. Predictions are sums of leaf values; the logistic loss reads them as log-odds. */
export interface Loss {
  /** The constant that fits best: where boosting starts. */
  start(y: Float64Array): number;
  /** Writes each row's negative gradient and hessian at its present sum; returns the mean loss. */
  differentiate(y: Float64Array, sums: Float64Array, gradient: Float64Array, hessian: Float64Array): number;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Log loss. Where all rows are of one class its best constant is infinite, so the share of a class is kept off 0 and 1. */
const logistic: Loss = {
  start(y) {
    const share = Math.min(Math.max(mean(y), 1e-9), 1 - 1e-9);
    return Math.log(share / (1 - share));
  },
  differentiate(y, sums, gradient, hessian) {
    let loss = 0;
    for (let i = 0; i < y.length; i++) {
      const small = Math.exp(-Math.abs(sums[i]));
      const probability = sums[i] >= 0 ? 1 / (1 + small) : small / (1 + small);
      gradient[i] = y[i] - probability;
      hessian[i] = probability * (1 - probability);
      // log(1 + e^s) - y s, without overflow
      loss += Math.max(sums[i], 0) - y[i] * sums[i] + Math.log1p(small);
    }
    return loss / y.length;
  },
};

/** Half the squared error, so that its hessian is 1; the mean that is returned is of the whole squared error. */
const squaredError: Loss = {
  start: mean,
  differentiate(y, sums, gradient, hessian) {
    let loss = 0;
    for (let i = 0; i < y.length; i++) {
      const residual = y[i] - sums[i];
      gradient[i] = residual;
      hessian[i] = 1;
      loss += residual * residual;
    }
    return loss / y.length;
  },
};

export function lossOf(task: Task): Loss {
  return task === 'binary' ? logistic : squaredError;
}

/** The logistic function: the probability of class 1 from log-odds. */
export function sigmoid(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}
