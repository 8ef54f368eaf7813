/**
 * Recipe: the preparation between raw cells and what a learner sees. It is fitted on the training rows alone,
 * stored in the model file, and used by training, offline scoring and serving alike.
 */
import type { Signature } from '../datasets/signature.js';
import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import { stepKinds } from './all.js';
import { recipeShape } from './recipe-shape.js';
import type { FittedStep, Frame, StepConfig, StepKind } from './step.js';

export type { StepConfig } from './step.js';

export interface RecipeJson {
  steps: Record<string, unknown>[];
}

export interface Recipe {
  /** The signature's features, in the order of the cells. */
  inputs: string[];
  /** What the learner sees, in order; a category's indicator is called `NAME=value`. */
  outputs: string[];
  /**
   * Row-major rowCount x inputs to row-major rowCount x outputs. A row gets the same bits alone as among others; the
   * cells stay as they are. A missing number that no step fills stays NaN.
   */
  transform(cells: Float64Array, rowCount: number): Float64Array;
  /** What `recipeFromJson` makes the same recipe of, bit for bit. */
  toJSON(): RecipeJson;
}

/** More outputs than a dense matrix should have. */
const MOST_OUTPUTS = 10_000;
const MOST_STEPS = 20;

/** The columns that cells have before the first step. */
function frameOf(signature: Signature): Frame {
  return signature.features.map(({ name, type, categories }) =>
    type === 'category' ? { name, kind: 'category', categories: categories ?? [] } : { name, kind: 'number' },
  );
}

function stepKindOf(config: StepConfig): StepKind {
  const found = stepKinds.find((step) => step.kind === config.kind);
  if (found) return found;
  const names = stepKinds.map((step) => step.kind);
  throw new RiskopsError('FEATURES_INVALID', {
    what: `There is no recipe step "${printable(String(config.kind))}".`,
    why: suggestWord(String(config.kind), names),
  });
}

function assembleRecipe(signature: Signature, steps: readonly FittedStep[]): Recipe {
  const outputs = steps.at(-1)?.outputs ?? frameOf(signature);
  return {
    inputs: signature.features.map(({ name }) => name),
    outputs: outputs.map(({ name }) => name),
    transform(cells, rowCount) {
      let x = cells;
      for (const step of steps) x = step.apply(x, rowCount);
      return x === cells ? cells.slice(0, rowCount * outputs.length) : x;
    },
    toJSON: () => ({ steps: steps.map((step) => step.toJSON()) }),
  };
}

/** How wide the rows become is known before any row is changed, so that no memory is asked for in vain. */
function checkWidth(outputs: Frame): void {
  if (outputs.length > 0 && outputs.length <= MOST_OUTPUTS) return;
  throw new RiskopsError('FEATURES_INVALID', {
    what: `The recipe makes ${outputs.length} columns of the features.`,
    why: `There should be 1 to ${MOST_OUTPUTS}; each category becomes a column of its own.`,
    fix: 'leave out features with very many categories, or without any',
  });
}

/**
 * Fits the steps one after the other on the given rows (row-major, in the order of the signature), and sees no
 * others. FEATURES_INVALID for an unknown step or setting, or when there would be no output or more than 10,000.
 */
export function fitRecipe(
  configs: readonly StepConfig[],
  cells: Float64Array,
  rowCount: number,
  signature: Signature,
): Recipe {
  const steps: FittedStep[] = [];
  let frame = frameOf(signature);
  let x = cells;
  for (const config of configs) {
    const before = steps.at(-1);
    if (before !== undefined) x = before.apply(x, rowCount);
    const step = stepKindOf(config).fit(config, frame, x, rowCount);
    checkWidth(step.outputs);
    frame = step.outputs;
    steps.push(step);
  }
  checkWidth(frame);
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
  return assembleRecipe(signature, steps);
}
