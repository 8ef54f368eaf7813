import type { Random } from '../../util/random.js';
import type { Mask } from './forward.js';
import { paddedUnits } from './layout.js';
import type { NetShape } from './shape.js';

/**
 * Dropout (Srivastava et al. 2014) of what each layer gives on its way up, not of its own past: a unit is dropped with
 * probability `rate` and the others are scaled up by as much, so that prediction needs no change.
 * @returns a function that draws new masks for so many rows; null when nothing is dropped
 */
export function openDropout(
  shape: NetShape,
  { rate, window, batch }: { rate: number; window: number; batch: number },
  random: Random,
): ((batch: number) => Mask[]) | null {
  if (rate === 0) return null;
  const kept = Math.fround(1 / (1 - rate));
  const units = paddedUnits(shape);
  const isLast = (layer: number) => layer + 1 === shape.layers;
  const masks = Array.from(
    { length: shape.layers },
    (_, layer) => new Float32Array((isLast(layer) ? 1 : window) * batch * units),
  );
  return (rows) => {
    for (const [layer, mask] of masks.entries()) {
      const count = (isLast(layer) ? 1 : window) * rows * units;
      for (let i = 0; i < count; i++) mask[i] = random() < rate ? 0 : kept;
    }
    return masks;
  };
}
