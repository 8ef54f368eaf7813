import { recipeShape } from './recipe-shape.js';
import {
  checkSettings,
  type FittedStep,
  type Frame,
  type FrameColumn,
  type StepKind,
  sourcesOf,
} from './step.js';

function outputsOf(frame: Frame): Frame {
  return frame.flatMap((column): FrameColumn[] => {
    if (column.kind !== 'category') return [column];
    const { name, lookBack, categories } = column;
    const sources = sourcesOf(column);
    return categories.map((category) => ({
      name: `${name}=${category}`,
      kind: 'indicator',
      lookBack,
      sources,
    }));
  });
}

function fittedOneHot(frame: Frame): FittedStep {
  const outputs = outputsOf(frame);
  const width = frame.length;
  /** Of each column before: its first column after, and how many categories it has (0: it is copied). */
  const starts = new Int32Array(width);
  const counts = new Int32Array(width);
  let next = 0;
  for (const [i, column] of frame.entries()) {
    starts[i] = next;
    counts[i] = column.kind === 'category' ? column.categories.length : -1;
    next += column.kind === 'category' ? column.categories.length : 1;
  }
  return {
    outputs,
    apply(x, rowCount) {
      const y = new Float64Array(rowCount * outputs.length);
      for (let row = 0, at = 0, to = 0; row < rowCount; row++, to += outputs.length) {
        for (let i = 0; i < width; i++, at++) {
          const value = x[at];
          if (counts[i] < 0) y[to + starts[i]] = value;
          else if (value >= 0 && value < counts[i]) y[to + starts[i] + value] = 1;
        }
      }
      return y;
    },
    toJSON: () => ({ kind: 'one-hot' }),
  };
}

/**
 * A column of 0 and 1 for each category that the signature knows; a missing or unseen category is 0 in all of them.
 * Equal to scikit-learn's OneHotEncoder(handle_unknown='ignore').
 */
export const oneHot: StepKind = {
  kind: 'one-hot',
  summary: 'a column of 0 and 1 for each category',
  settings: [],
  fit(config, frame) {
    checkSettings(config, []);
    return fittedOneHot(frame);
  },
  load(json, where, frame) {
    recipeShape.object(json, where, ['kind']);
    return fittedOneHot(frame);
  },
};
