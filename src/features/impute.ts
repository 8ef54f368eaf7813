import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { numbersOf, recipeShape } from './recipe-shape.js';
import { checkSettings, type FittedStep, type Frame, meanOf, presentValues, type StepKind } from './step.js';

const STRATEGIES = ['median', 'mean'] as const;
type Strategy = (typeof STRATEGIES)[number];

/** Of an even number of values the mean of the two in the middle. */
function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : meanOf(sorted.subarray(half - 1, half + 1));
}

/** A column without any value is filled with 0: there is nothing to learn from it either way. */
function fillOf(values: Float64Array, strategy: Strategy): number {
  if (values.length === 0) return 0;
  return (strategy === 'median' ? median(values) : meanOf(values)) + 0;
}

function fittedImpute(strategy: Strategy, fill: readonly (number | null)[], frame: Frame): FittedStep {
  // Categories and indicators have no fill: NaN for NaN leaves them as they are.
  const fills = Float64Array.from(fill, (value) => value ?? Number.NaN);
  const width = frame.length;
  return {
    outputs: frame,
    apply(x, rowCount) {
      const filled = x.slice(0, rowCount * width);
      for (let row = 0, at = 0; row < rowCount; row++) {
        for (let i = 0; i < width; i++, at++) if (Number.isNaN(filled[at])) filled[at] = fills[i];
      }
      return filled;
    },
    toJSON: () => ({ kind: 'impute', strategy, fill }),
  };
}

/**
 * Fills missing numbers with the median (`strategy: 'mean'`: the mean) of the training rows. Missing categories are
 * left to `one-hot`. Equal to scikit-learn's SimpleImputer.
 */
export const impute: StepKind = {
  kind: 'impute',
  summary: 'fills missing numbers',
  settings: [{ name: 'strategy', description: 'median or mean, of the training rows; median when left out' }],
  fit(config, frame, x, rowCount) {
    checkSettings(config, ['strategy']);
    const strategy = (config['strategy'] ?? 'median') as Strategy;
    if (!STRATEGIES.includes(strategy)) {
      throw new RiskopsError('FEATURES_INVALID', {
        what: `The recipe step "impute" has no strategy "${printable(String(strategy))}".`,
        why: `Strategies are ${STRATEGIES.join(' and ')}.`,
      });
    }
    const fill = frame.map((column, i) =>
      column.kind === 'number' ? fillOf(presentValues(x, rowCount, frame.length, i), strategy) : null,
    );
    return fittedImpute(strategy, fill, frame);
  },
  load(json, where, frame) {
    const parts = recipeShape.object(json, where, ['kind', 'strategy', 'fill']);
    const strategy = recipeShape.choice(parts['strategy'], `${where}.strategy`, STRATEGIES);
    return fittedImpute(strategy, numbersOf(parts['fill'], `${where}.fill`, frame), frame);
  },
};
