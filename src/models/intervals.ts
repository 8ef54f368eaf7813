import { RiskopsError } from '../errors.js';
import type { ModelHeader } from './model-header.js';
import type { Residuals } from './reference-profile.js';

/** A range that holds the truth so often, or why none can be promised. */
export type HalfWidth = { halfWidth: number; warning?: undefined } | { halfWidth: null; warning: string };

/** Products such as 0.57 x 100 lie beside a whole number by a rounding. */
const ROUNDING = 1e-9;

/** The fewest held-out rows from which an interval of this level can be promised: ceil((n + 1) x level) is at most n. */
export function rowsNeeded(level: number): number {
  let needed = Math.max(1, Math.floor(level / (1 - level)) - 1);
  while (Math.ceil((needed + 1) * level - ROUNDING) > needed) needed++;
  return needed;
}

/**
 * The half-width of split-conformal intervals: the ceil((n + 1) x level)-th smallest of the n held-out residuals (Lei et al. 2018, "Distribution-free
 * predictive inference for regression", 2.2). Of residuals that are kept as quantiles it takes the next one that is kept: never a narrower one.
 * @param level between 0 and 1: how often the truth is to lie inside
 */
export function conformalHalfWidth({ count, absolute }: Residuals, level: number): HalfWidth {
  const rank = Math.ceil((count + 1) * level - ROUNDING);
  if (rank > count) {
    return {
      halfWidth: null,
      warning: `An interval of level ${level} needs ${rowsNeeded(level)} held-out rows, and the model has ${count}.`,
    };
  }
  const last = absolute.length - 1;
  const at = count === 1 ? last : Math.ceil(((rank - 1) / (count - 1)) * last - ROUNDING);
  return { halfWidth: absolute[at] };
}

/**
 * The half-width of a model's intervals.
 * @throws RiskopsError OPTION_INVALID when its answers are probabilities, which have no interval
 */
export function halfWidthOf(header: Pick<ModelHeader, 'task' | 'residuals'>, level: number): HalfWidth {
  if (header.task !== 'regression') {
    throw new RiskopsError('OPTION_INVALID', {
      what: 'This model has no intervals.',
      why: 'It answers with probabilities; intervals are for regressions.',
      fix: 'ask without an interval',
      details: { task: header.task },
    });
  }
  if (header.residuals === undefined) {
    return {
      halfWidth: null,
      warning: 'The model file does not say how far its answers were from the truth: train it again.',
    };
  }
  return conformalHalfWidth(header.residuals, level);
}
