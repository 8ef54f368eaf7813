import type { Net } from './net.js';

export const OPTIMISERS = ['adam', 'adamw'] as const;

export interface OptimiserOptions {
  optimiser: (typeof OPTIMISERS)[number];
  weightDecay: number;
  /** The longest that the gradient of all weights may be; it is shortened to that. Null: any length. */
  clip: number | null;
}

const MEAN_SHARE = 0.1;
const SQUARE_SHARE = 0.001;

/**
 * Adam (Kingma & Ba 2015), its decay added to the gradient; or AdamW (Loshchilov & Hutter 2019), whose decay shrinks the weights
 * apart from it. As `torch.optim`, with its defaults of .9, .999 and 1e-8.
 * @returns a function that takes one step with the gradient in the net's memory, and gives that gradient's length
 */
export function openOptimiser({ kernels, layout }: Net, options: OptimiserOptions): (rate: number) => number {
  const { optimiser, weightDecay, clip } = options;
  const count = Math.ceil(layout.parameterCount / 8) * 8;
  const places = {
    weights: layout.parameters,
    gradients: layout.gradients,
    means: layout.firstMoments,
    squares: layout.secondMoments,
    count,
  };
  let step = 0;
  return (rate) => {
    step++;
    const length = Math.sqrt(kernels.sumSquares(layout.gradients, count));
    kernels.adam(places, {
      scale: clip !== null && length > clip ? clip / length : 1,
      decay: optimiser === 'adam' ? weightDecay : 0,
      keep: optimiser === 'adamw' ? 1 - rate * weightDecay : 1,
      meanShare: MEAN_SHARE,
      squareShare: SQUARE_SHARE,
      rate: rate / (1 - (1 - MEAN_SHARE) ** step),
      root: 1 / Math.sqrt(1 - (1 - SQUARE_SHARE) ** step),
      epsilon: 1e-8,
    });
    return length;
  };
}
