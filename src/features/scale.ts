import { numbersOf, recipeShape } from './recipe-shape.js';
import { checkSettings, type FittedStep, type Frame, meanOf, presentValues, type StepKind } from './step.js';

/**
 * Mean and population standard deviation by two passes with the correction of rounding (Chan, Golub and LeVeque
 * 1983). A deviation that is rounding alone, by the bound that scikit-learn uses, counts as none: it is then 1, and
 * so is that of a column without values.
 */
function spreadOf(values: Float64Array): { mean: number; sd: number } {
  const n = values.length;
  if (n === 0) return { mean: 0, sd: 1 };
  const mean = meanOf(values);
  let squares = 0;
  let rest = 0;
  for (const value of values) {
    squares += (value - mean) ** 2;
    rest += value - mean;
  }
  const variance = (squares - rest ** 2 / n) / n;
  const rounding = n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2;
  return { mean: mean + 0, sd: variance > rounding && Number.isFinite(variance) ? Math.sqrt(variance) : 1 };
}

function fittedScale(
  mean: readonly (number | null)[],
  sd: readonly (number | null)[],
  frame: Frame,
): FittedStep {
  // (x - 0) / 1 leaves categories and indicators as they are.
  const means = Float64Array.from(mean, (value) => value ?? 0);
  const sds = Float64Array.from(sd, (value) => value ?? 1);
  const width = frame.length;
  return {
    outputs: frame,
    apply(x, rowCount) {
      const y = new Float64Array(rowCount * width);
      for (let row = 0, at = 0; row < rowCount; row++) {
        for (let i = 0; i < width; i++, at++) y[at] = (x[at] - means[i]) / sds[i];
      }
      return y;
    },
    toJSON: () => ({ kind: 'scale', mean, sd }),
  };
}

/**
 * Numbers less their mean, divided by their population standard deviation, both of the training rows; missing
 * values stay missing, indicators and categories stay as they are. Equal to scikit-learn's StandardScaler.
 */
export const scale: StepKind = {
  kind: 'scale',
  summary: 'numbers less their mean, divided by their deviation',
  settings: [],
  fit(config, frame, x, rowCount) {
    checkSettings(config, []);
    const spreads = frame.map((column, i) =>
      column.kind === 'number' ? spreadOf(presentValues(x, rowCount, frame.length, i)) : null,
    );
    const mean = spreads.map((spread) => spread?.mean ?? null);
    const sd = spreads.map((spread) => spread?.sd ?? null);
    return fittedScale(mean, sd, frame);
  },
  load(json, where, frame) {
    const parts = recipeShape.object(json, where, ['kind', 'mean', 'sd']);
    const sd = numbersOf(parts['sd'], `${where}.sd`, frame);
    const low = sd.findIndex((value) => value !== null && !(value > 0));
    if (low >= 0) recipeShape.fail(`${where}.sd[${low}] is not above 0.`);
    return fittedScale(numbersOf(parts['mean'], `${where}.mean`, frame), sd, frame);
  },
};
