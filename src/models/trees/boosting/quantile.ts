import type { LeafRows, Loss, LossRoom } from './loss.js';
import { applyWeights, meanLoss, weightedQuantile } from './weighted.js';

/** The residuals of a leaf's rows that count, with their weights. */
function residualsOf(
  { y, weights }: LossRoom,
  sums: Float64Array,
  { rows, from, to, drawn }: LeafRows,
): { residuals: Float64Array; weights: Float64Array | null } {
  const kept = rows.subarray(from, to).filter((row) => drawn === null || drawn[row] === 1);
  const residuals = new Float64Array(kept.length);
  for (let i = 0; i < kept.length; i++) residuals[i] = y[kept[i]] - sums[kept[i]];
  return { residuals, weights: weights === null ? null : Float64Array.from(kept, (row) => weights[row]) };
}

/**
 * The loss whose best constant is a quantile: `share` of the error where the target is above, the rest of it where it is below
 * (Koenker & Bassett 1978), times `scale`. Its gradients tell only sides, so a leaf's value is the quantile of its residuals.
 */
function pinball(room: LossRoom, share: number, scale: number): Loss {
  const { y, weights, gradient, hessian } = room;
  const lossOf = (error: number) => scale * (error >= 0 ? share * error : (share - 1) * error);
  const meanOf: Loss['meanOf'] = (others, [sums]) => meanLoss(others, (i) => lossOf(others.y[i] - sums[i]));
  let present = new Float64Array(0);
  return {
    bases: [weightedQuantile(y, weights, share)],
    begin(sums) {
      present = sums[0] as Float64Array<ArrayBuffer>;
      for (let i = 0; i < y.length; i++) {
        const error = y[i] - present[i];
        gradient[i] = scale * (error > 0 ? share : error < 0 ? share - 1 : 0);
      }
      hessian.fill(1);
      applyWeights(weights, gradient, hessian);
      return meanOf({ y, weights }, sums);
    },
    differentiate() {},
    refit(leaf) {
      const found = residualsOf(room, present, leaf);
      return weightedQuantile(found.residuals, found.weights, share);
    },
    meanOf,
  };
}

/** The absolute error, whose best constant is the median. */
export const absolute = (room: LossRoom): Loss => pinball(room, 0.5, 2);

export const quantile = (room: LossRoom): Loss => pinball(room, room.options.quantile, 1);
