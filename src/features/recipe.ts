/**
 * Recipe: the preparation between raw cells and what a learner sees. It is fitted on the training rows alone,
 * stored in the model file, and used by training, offline scoring and serving alike.
 */
import type { Signature } from '../datasets/signature.js';
import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import { stepKinds } from './all.js';
import { recipeShape } from './recipe-shape.js';
import { orderSeries, previousRows, type Series, seriesKeysOf } from './series.js';
import {
  type FittedStep,
  type Frame,
  type FrameColumn,
  RECIPE_FIX,
  type StepConfig,
  type StepContext,
  type StepKind,
  sourcesOf,
} from './step.js';

export type { StepConfig } from './step.js';

export interface RecipeJson {
  steps: Record<string, unknown>[];
}

export interface Recipe {
  /** The signature's features, in the order of the cells. */
  inputs: string[];
  /** What the learner sees, in order; a category's indicator is called `NAME=value`. Never a time, group or past column itself. */
  outputs: string[];
  /** Of each output the features of the signature that it was made of. */
  sources: (readonly string[])[];
  /** Of each output the number of its categories, where its cells are category numbers; else 0. */
  categories: Int32Array;
  /** A row's outputs depend on the rows before it in its series, so `transform` must see those with it. */
  sequential: boolean;
  /** How many rows before it a row's outputs depend on at most; 0 unless `sequential`. */
  lookBack: number;
  /**
   * Row-major rowCount x inputs to row-major rowCount x outputs, in the order of the rows given. Unless `sequential`, a row gets the same bits
   * alone as among others; if so, rows may come in any order, and their series and times in the cells say which are before which. A
   * missing number that no step fills stays NaN.
   *
   * The cells stay as they are, but the result may be the cells themselves, where no step changes them: neither may be
   * written to as long as the other is used.
   * @throws RiskopsError INPUT_INVALID when `sequential` and two rows of a series have the same time
   */
  transform(cells: Float64Array, rowCount: number): Float64Array;
  /**
   * Of each row the row before it in its series, -1 for the first; null when no column orders the rows.
   * @throws RiskopsError INPUT_INVALID when two rows of a series have the same time
   */
  previousOf(cells: Float64Array, rowCount: number): Int32Array | null;
  /** What `recipeFromJson` makes the same recipe of, bit for bit. */
  toJSON(): RecipeJson;
}

/** More outputs than a dense matrix should have. */
const MOST_OUTPUTS = 10_000;
const MOST_STEPS = 20;

/** The columns that cells have before the first step. */
function frameOf(signature: Signature): Frame {
  return signature.features.map(({ name, type, categories, role, ahead }): FrameColumn => {
    if (role === 'group') return { name, kind: 'group' };
    const date = type === 'date' ? { date: true as const } : {};
    if (role === 'time') return { name, kind: 'time', ...date };
    const listed = type === 'category' ? { categories: categories ?? [] } : {};
    if (role === 'past')
      return { name, kind: 'past', ...date, ...listed, ...(ahead === undefined ? {} : { ahead }) };
    return type === 'category'
      ? { name, kind: 'category', categories: categories ?? [] }
      : { name, kind: 'number', ...date };
  });
}

/** Time, group and past columns have done their work when the last step is over. */
function isOutput({ kind }: FrameColumn): boolean {
  return kind !== 'time' && kind !== 'group' && kind !== 'past';
}

function stepKindOf(config: StepConfig): StepKind {
  const found = stepKinds.find((step) => step.kind === config.kind);
  if (found) return found;
  const names = stepKinds.map((step) => step.kind);
  throw new RiskopsError('FEATURES_INVALID', {
    what: `There is no recipe step "${printable(String(config.kind))}".`,
    why: suggestWord(String(config.kind), names),
    fix: RECIPE_FIX,
  });
}

/** Row-major rows of `width` columns to rows of the kept ones; the rows themselves when all are kept. */
function keepColumns(x: Float64Array, rowCount: number, width: number, kept: Int32Array): Float64Array {
  if (kept.length === width) return x.length === rowCount * width ? x : x.subarray(0, rowCount * width);
  const y = new Float64Array(rowCount * kept.length);
  for (let row = 0, to = 0; row < rowCount; row++) {
    for (let i = 0; i < kept.length; i++) y[to++] = x[row * width + kept[i]];
  }
  return y;
}

function assembleRecipe(signature: Signature, steps: readonly FittedStep[]): Recipe {
  const last = steps.at(-1)?.outputs ?? frameOf(signature);
  const kept = Int32Array.from(last.keys()).filter((i) => isOutput(last[i]));
  const outputs = last.filter(isOutput);
  const sequential = steps.some((step) => step.sequential === true);
  const keys = seriesKeysOf(signature);
  const seriesOf = (cells: Float64Array, rowCount: number) =>
    keys && orderSeries(cells, rowCount, keys, 'INPUT_INVALID');
  return {
    inputs: signature.features.map(({ name }) => name),
    outputs: outputs.map(({ name }) => name),
    sources: outputs.map((column) => sourcesOf(column)),
    categories: Int32Array.from(outputs, (column) =>
      column.kind === 'category' ? column.categories.length : 0,
    ),
    sequential,
    lookBack: outputs.reduce((most, { lookBack = 0 }) => Math.max(most, lookBack), 0),
    transform(cells, rowCount) {
      const series = sequential ? seriesOf(cells, rowCount) : null;
      let x = cells;
      for (const step of steps) x = step.apply(x, rowCount, series);
      return keepColumns(x, rowCount, last.length, kept);
    },
    previousOf(cells, rowCount) {
      const series = seriesOf(cells, rowCount);
      return series && previousRows(series);
    },
    toJSON: () => ({ steps: steps.map((step) => step.toJSON()) }),
  };
}

/** How wide the rows become is known before any row is changed, so that no memory is asked for in vain. */
function checkWidth(outputs: Frame): void {
  if (outputs.length > 0 && outputs.length <= MOST_OUTPUTS) return;
  throw new RiskopsError('FEATURES_INVALID', {
    what: `The recipe makes ${outputs.length} columns of the features.`,
    why: `There should be 1 to ${MOST_OUTPUTS}. Each category becomes a column of its own; what orders rows, tells series apart or is known late is none.`,
    fix: 'leave out features with very many categories, or without any; add a step such as lag to a forecast',
  });
}

/**
 * Fits the steps one after the other on the given rows (row-major, in the order of the signature) and their target, and sees no
 * others. FEATURES_INVALID for an unknown step, setting or column, for two rows of a series with the same time where a step looks at
 * earlier rows, or when there would be no output or more than 10,000.
 */
export function fitRecipe(
  configs: readonly StepConfig[],
  cells: Float64Array,
  rowCount: number,
  signature: Signature,
  target: StepContext = { y: null, classCount: 0 },
): Recipe {
  const steps: FittedStep[] = [];
  const keys = seriesKeysOf(signature);
  let series: Series | null = null;
  let frame = frameOf(signature);
  let x = cells;
  for (const config of configs) {
    const before = steps.at(-1);
    if (before !== undefined) x = before.apply(x, rowCount, series);
    const step = stepKindOf(config).fit(config, frame, x, rowCount, target);
    checkWidth(step.outputs);
    if (step.sequential) series ??= keys && orderSeries(cells, rowCount, keys, 'FEATURES_INVALID');
    frame = step.outputs;
    steps.push(step);
  }
  checkWidth(frame.filter(isOutput));
  return assembleRecipe(signature, steps);
}

/** The recipe in a model file, every part checked against the signature. MODEL_FILE_INVALID names the first fault. */
export function recipeFromJson(json: unknown, signature: Signature): Recipe {
  const list = recipeShape.list(recipeShape.object(json, 'recipe', ['steps'])['steps'], 'steps', MOST_STEPS);
  const steps: FittedStep[] = [];
  let frame = frameOf(signature);
  for (const [i, item] of list.entries()) {
    const where = `steps[${i}]`;
    const kind = typeof item === 'object' && item !== null && 'kind' in item ? item.kind : undefined;
    const found = stepKinds.find((step) => step.kind === kind);
    if (found === undefined)
      recipeShape.fail(`${where}.kind is none of ${stepKinds.map((step) => step.kind).join(', ')}.`);
    const step = found.load(item, where, frame);
    frame = step.outputs;
    if (frame.length > MOST_OUTPUTS)
      recipeShape.fail(`${where} makes ${frame.length} columns, more than ${MOST_OUTPUTS}.`);
    steps.push(step);
  }
  if (!frame.some(isOutput)) recipeShape.fail('steps leave no column to the learner.');
  return assembleRecipe(signature, steps);
}
