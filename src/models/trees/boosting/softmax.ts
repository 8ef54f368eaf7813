import type { Loss, LossRoom, Targets } from './loss.js';
import { applyWeights, meanLoss, totalWeight } from './weighted.js';

/** The logarithm of each class's share, kept off 0. */
function logShares({ y, weights }: Targets, classCount: number): number[] {
  const shares = new Array<number>(classCount).fill(0);
  for (let i = 0; i < y.length; i++) shares[y[i]] += weights === null ? 1 : weights[i];
  const total = totalWeight({ y, weights });
  return shares.map((share) => Math.log(Math.max(share / total, 1e-9)));
}

/** The greatest of a row's sums. */
function greatestOf(sums: Float64Array[], row: number): number {
  let most = sums[0][row];
  for (let k = 1; k < sums.length; k++) if (sums[k][row] > most) most = sums[k][row];
  return most;
}

/** The logarithm of what the probabilities are divided by, less the sum of the row's class. */
function rowLoss(sums: Float64Array[], row: number, y: number): number {
  const most = greatestOf(sums, row);
  let total = 0;
  for (const column of sums) total += Math.exp(column[row] - most);
  return Math.log(total) + most - sums[y][row];
}

/** Log loss of several classes, a tree a class a round: p = e^sum over the sum of all classes' (Friedman 2001, algorithm 6). */
export function softmax({ y, weights, classCount, gradient, hessian, kernel, space }: LossRoom): Loss {
  const shares = Array.from({ length: classCount }, () => space.numbers(y.length));
  const greatest = weights === null ? 1 : weights.reduce((most, weight) => Math.max(most, weight), 0);
  return {
    bases: logShares({ y, weights }, classCount),
    bounds: { gradient: greatest, hessian: greatest / 4 },
    begin(sums) {
      for (let i = 0; i < y.length; i++) {
        const most = greatestOf(sums, i);
        for (let k = 0; k < classCount; k++) shares[k][i] = sums[k][i] - most;
      }
      for (const column of shares) kernel.exponentials(column);
      let loss = 0;
      for (let i = 0; i < y.length; i++) {
        let total = 0;
        for (let k = 0; k < classCount; k++) total += shares[k][i];
        for (let k = 0; k < classCount; k++) shares[k][i] /= total;
        // A probability that rounds to 0 still has a finite loss.
        const p = shares[y[i]][i];
        const rowsLoss = p > 1e-300 ? -Math.log(p) : rowLoss(sums, i, y[i]);
        loss += weights === null ? rowsLoss : weights[i] * rowsLoss;
      }
      return loss / totalWeight({ y, weights });
    },
    differentiate(output) {
      const p = shares[output];
      for (let i = 0; i < y.length; i++) {
        gradient[i] = (y[i] === output ? 1 : 0) - p[i];
        hessian[i] = p[i] * (1 - p[i]);
      }
      applyWeights(weights, gradient, hessian);
    },
    meanOf: (others, sums) => meanLoss(others, (i) => rowLoss(sums, i, others.y[i])),
  };
}
