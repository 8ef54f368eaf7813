import { RiskopsError } from '../../../errors.js';
import { printable, suggestWord } from '../../../util/text.js';
import type { Scorer } from './scan.js';

/** Between what the values of a node's leaves must stay. */
export interface Bounds {
  low: number;
  high: number;
}

export const UNBOUNDED: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

export const clip = (value: number, { low, high }: Bounds) => Math.min(Math.max(value, low), high);

/** The value that fits sums best: G / (H + l2), with |G| less l1. */
export function bestValue(gradient: number, hessian: number, l1: number, l2: number): number {
  return (Math.sign(gradient) * Math.max(Math.abs(gradient) - l1, 0)) / (hessian + l2);
}

/** What a value within bounds takes off the loss, twice. */
export function scoreOf(value: number, gradient: number, hessian: number, l1: number, l2: number): number {
  return 2 * (gradient * value - l1 * Math.abs(value)) - (hessian + l2) * value * value;
}

/**
 * Scores a split whose sides' values stay within bounds; where the prediction must rise (1) or fall (-1) with the feature, a split
 * that goes the other way is not allowed.
 */
export function boundedScorer(l1: number, l2: number, bounds: Bounds, direction: number): Scorer {
  return (lg, lh, rg, rh, score) => {
    const left = clip(bestValue(lg, lh, l1, l2), bounds);
    const right = clip(bestValue(rg, rh, l1, l2), bounds);
    if ((right - left) * direction < 0) return Number.NaN;
    const sum = scoreOf(left, lg, lh, l1, l2) + scoreOf(right, rg, rh, l1, l2);
    return sum > score ? sum : Number.NaN;
  };
}

/** The bounds of both children: where the feature has a direction they part in the middle, so that no later split can turn it round. */
export function childBounds(
  bounds: Bounds,
  direction: number,
  left: number,
  right: number,
): [Bounds, Bounds] {
  if (direction === 0) return [bounds, bounds];
  const middle = left / 2 + right / 2;
  const lower = { low: bounds.low, high: middle };
  const upper = { low: middle, high: bounds.high };
  return direction > 0 ? [lower, upper] : [upper, lower];
}

function refuse(what: string, why: string): never {
  throw new RiskopsError('LEARNER_OPTION_INVALID', { what, why, details: { option: 'monotone' } });
}

/**
 * The direction of each feature, 0 where it has none, of a text such as `income:-1, age:1`; null when the text is empty.
 * @throws LEARNER_OPTION_INVALID for a feature that there is not, that is a category or that is named twice, and for a direction but 1 and -1
 */
export function readMonotone(
  text: string | null,
  names: readonly string[],
  categories: Int32Array,
): Int8Array | null {
  const parts = (text ?? '').split(',').filter((part) => part.trim() !== '');
  if (parts.length === 0) return null;
  const directions = new Int8Array(names.length);
  for (const part of parts) {
    const at = part.lastIndexOf(':');
    const [name, direction] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at < 0 || !['1', '+1', '-1'].includes(direction)) {
      refuse(
        `"${printable(part.trim(), 60)}" in monotone is not a feature with a direction.`,
        'Each is a name, a colon, and 1 or -1: income:-1,age:1.',
      );
    }
    const feature = names.indexOf(name);
    const shown = printable(name, 60);
    if (feature < 0)
      refuse(`monotone names "${shown}", which is not a feature.`, suggestWord(name, [...names]));
    if (categories[feature] > 0)
      refuse(
        `monotone names "${shown}", which is a category.`,
        'Categories have no order to rise or fall with.',
      );
    if (directions[feature] !== 0)
      refuse(`monotone names "${shown}" twice.`, 'Each feature has one direction.');
    directions[feature] = Number(direction);
  }
  return directions;
}
