import { encodeTable } from '../datasets/encode-table.js';
import { foldRows } from '../datasets/folds.js';
import { type Signature, signatureOf } from '../datasets/signature.js';
import { chooseThreshold } from '../evaluation/threshold.js';
import { fitRecipe, type Recipe, type StepConfig } from '../features/recipe.js';
import type { FitContext, FittedModel, Hyper, Learner, LearningRows } from '../models/learner.js';
import { isSequential, lookBackOf } from '../models/predictor.js';
import { classWeightsOf, evenRows, type RowBalance } from './balance-rows.js';
import type { PreparedData } from './prepare-data.js';
import { withHistory } from './row-history.js';
import { validationRows } from './validation-rows.js';

/** Folds of the training rows on which the decision threshold is chosen. */
const THRESHOLD_FOLDS = 3;

/** A learner fitted on some rows, with the preparation that was fitted on the same rows. */
export interface FittedRows {
  learner: Learner;
  signature: Signature;
  recipe: Recipe;
  fitted: FittedModel;
  /** A row's answer depends on the rows before it. */
  sequential: boolean;
  /** On so many of them at most. */
  lookBack: number;
}

export interface FittedPipeline extends FittedRows {
  /** binary: the class is positive when prediction >= threshold; chosen on folds of the training rows alone. */
  threshold: number | null;
  /** Rows of each class that the last fit saw, before and after they were evened out; null when they were not. */
  balanced: RowBalance | null;
  /** Rows that early stopping watched in the last fit; null when it was off. */
  watched: number | null;
}

export interface FitPlan extends RowPlan {
  learner: Learner;
  hyper: Hyper;
  context: FitContext;
}

/** How the rows of a fit are prepared. */
export interface RowPlan {
  recipe: readonly StepConfig[];
  classWeight: 'balanced' | null;
  balance: 'oversample' | 'undersample' | null;
  validation: number;
}

type FitOnRows = FittedRows & Pick<FittedPipeline, 'balanced' | 'watched'>;

/** Recipe and learner fitted on `rows` alone: nothing of any other row is seen. */
export async function fitOnRows(data: PreparedData, rows: Int32Array, plan: FitPlan): Promise<FitOnRows> {
  const { learner, hyper, context } = plan;
  const { table, target, features, schema, roles } = data;
  const watches = learner.stopsEarly === true && (hyper['early_stopping'] ?? null) !== null;
  const { fit, validation } = watches
    ? validationRows(data, rows, plan.validation, context.seed)
    : { fit: rows, validation: null };
  const signature = signatureOf(table, features, fit, target, schema.missing, roles);
  const y = Float64Array.from(fit, (row) => target.y[row]);
  let cells: Float64Array | null = encodeTable(table, signature, fit);
  const classCount = target.classes?.length ?? 0;
  const steps = [...plan.recipe, ...learner.recipe];
  const recipe = fitRecipe(steps, cells, fit.length, signature, { y, classCount });
  const prepared = { signature, recipe, learner };
  const learned = isSequential(recipe, learner)
    ? rowsInSeries(prepared, data, fit)
    : {
        ...{ x: recipe.transform(cells, fit.length), y, rowCount: fit.length },
        ...{ weights: pick(data.weights, fit), previous: null },
      };
  // A second copy of ten million rows would not fit beside the first.
  cells = null;
  const evened = evenRows(learned, { classCount, balance: plan.balance, seed: context.seed });
  // Of the rows as they are learned from: what was evened out already has equal classes.
  evened.rows.weights = classWeightsOf(evened.rows.y, classCount, plan.classWeight, evened.rows.weights);
  const fitted = await learner.fit(
    {
      ...evened.rows,
      names: recipe.outputs,
      categories: recipe.categories,
      classCount,
      validation: validation && watchedRows(prepared, data, validation),
    },
    target.task,
    hyper,
    context,
  );
  const sequential = isSequential(recipe, learner);
  const lookBack = lookBackOf(recipe, learner, hyper);
  const watched = validation?.length ?? null;
  return { learner, signature, recipe, fitted, sequential, lookBack, balanced: evened.balance, watched };
}

type Prepared = Pick<FittedRows, 'signature' | 'recipe' | 'learner'>;

/**
 * Rows with all of the table as their history, as it is when the model is judged and asked: a row without a target, or of another fold,
 * still lies before the next one. For a learner that follows the rows, those between come along with a weight of 0.
 */
function rowsInSeries(
  { signature, recipe, learner }: Prepared,
  { table, target, weights }: PreparedData,
  rows: Int32Array,
): LearningRows {
  const cells = encodeTable(table, signature);
  const all = recipe.transform(cells, table.rowCount);
  const own = (chosen: Int32Array) => ({
    x: takePredictions(all, table.rowCount, chosen),
    y: Float64Array.from(chosen, (row) => (Number.isNaN(target.y[row]) ? 0 : target.y[row])),
    rowCount: chosen.length,
  });
  const before = learner.sequential === true ? recipe.previousOf(cells, table.rowCount) : null;
  if (before === null) return { ...own(rows), weights: pick(weights, rows), previous: null };
  const { rows: chosen, previous, isAsked } = withHistory(rows, before);
  return {
    ...own(chosen),
    weights: Float64Array.from(chosen, (row, at) => (isAsked[at] === 1 ? (weights?.[row] ?? 1) : 0)),
    previous,
  };
}

function pick(values: Float64Array | null, rows: Int32Array): Float64Array | null {
  return values && Float64Array.from(rows, (row) => values[row]);
}

/** The rows that early stopping watches, prepared as the model prepares them. */
function watchedRows(prepared: Prepared, data: PreparedData, rows: Int32Array): LearningRows {
  const { signature, recipe, learner } = prepared;
  if (isSequential(recipe, learner)) return rowsInSeries(prepared, data, rows);
  return {
    x: recipe.transform(encodeTable(data.table, signature, rows), rows.length),
    y: Float64Array.from(rows, (row) => data.target.y[row]),
    rowCount: rows.length,
    weights: pick(data.weights, rows),
    previous: null,
  };
}

/** Predictions of some rows of the data, rowCount x outputs; a sequential model sees all rows of the table before them. */
export function predictRows(
  model: FittedRows,
  { table }: Pick<PreparedData, 'table'>,
  rows: Int32Array,
): Float64Array {
  const { signature, sequential } = model;
  const asked = sequential ? undefined : rows;
  const cells = encodeTable(table, signature, asked);
  const rowCount = asked?.length ?? table.rowCount;
  const predictions = predictCellsOf(model, cells, rowCount);
  return asked === undefined ? takePredictions(predictions, rowCount, rows) : predictions;
}

/** Predictions of cells that were encoded by the fitted signature. */
export function predictCellsOf(
  { learner, recipe, fitted }: Pick<FittedRows, 'learner' | 'recipe' | 'fitted'>,
  cells: Float64Array,
  rowCount: number,
): Float64Array {
  const previous = learner.sequential === true ? recipe.previousOf(cells, rowCount) : null;
  return fitted.predict(recipe.transform(cells, rowCount), rowCount, previous);
}

/** The predictions of some rows among those of all. */
export function takePredictions(all: Float64Array, rowCount: number, rows: Int32Array): Float64Array {
  const outputs = all.length / rowCount;
  const taken = new Float64Array(rows.length * outputs);
  for (const [i, row] of rows.entries())
    for (let k = 0; k < outputs; k++) taken[i * outputs + k] = all[row * outputs + k];
  return taken;
}

/** Fits on the training rows; for a binary target the threshold is chosen first, on predictions out of fold. */
export async function fitModel(
  data: PreparedData,
  plan: FitPlan,
  onProgress: (text: string) => void,
): Promise<FittedPipeline> {
  const threshold = data.target.task === 'binary' ? await thresholdOutOfFold(data, plan, onProgress) : null;
  onProgress('training');
  return { ...(await fitOnRows(data, data.parts.train, plan)), threshold };
}

/**
 * The threshold with the greatest balanced accuracy over predictions that each come from a model fitted on the other folds. Where no
 * fold can be made (too few groups or times) it is 0.5.
 */
async function thresholdOutOfFold(
  data: PreparedData,
  plan: FitPlan,
  onProgress: (text: string) => void,
): Promise<number> {
  const { split, table, target, parts } = data;
  const folds = foldRows(split, table, parts.train, {
    seed: plan.context.seed,
    target,
    folds: THRESHOLD_FOLDS,
  });
  const y: number[] = [];
  const predicted: number[] = [];
  for (const [number, { train, test }] of folds.entries()) {
    onProgress(`choosing the threshold, fold ${number + 1} of ${folds.length}`);
    const context = { ...plan.context, onStep: undefined };
    const predictions = predictRows(await fitOnRows(data, train, { ...plan, context }), data, test);
    for (let i = 0; i < test.length; i++) {
      y.push(target.y[test[i]]);
      predicted.push(predictions[i]);
    }
  }
  if (predicted.length === 0) return 0.5;
  return chooseThreshold(Float64Array.from(y), Float64Array.from(predicted), {
    maximise: 'balanced_accuracy',
  }).threshold;
}
