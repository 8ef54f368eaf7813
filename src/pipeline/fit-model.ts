import { encodeTable } from '../datasets/encode-table.js';
import { foldRows } from '../datasets/folds.js';
import { type Signature, signatureOf } from '../datasets/signature.js';
import { takeRows } from '../datasets/table.js';
import { chooseThreshold } from '../evaluation/threshold.js';
import { fitRecipe, type Recipe } from '../features/recipe.js';
import type { FitContext, FittedModel, Hyper, Learner } from '../models/learner.js';
import type { PreparedData } from './prepare-data.js';

/** Folds of the training rows on which the decision threshold is chosen. */
const THRESHOLD_FOLDS = 3;

export interface FittedPipeline {
  signature: Signature;
  recipe: Recipe;
  fitted: FittedModel;
  /** binary: the class is positive when prediction >= threshold; chosen on folds of the training rows alone. */
  threshold: number | null;
}

export interface FitPlan {
  learner: Learner;
  hyper: Hyper;
  context: FitContext;
}

/** Recipe and learner fitted on `rows` alone: nothing of any other row is seen. */
async function fitOn(data: PreparedData, rows: Int32Array, { learner, hyper, context }: FitPlan) {
  const { table, target, features, schema } = data;
  const signature = signatureOf(table, features, rows, target, schema.missing);
  const cells = encodeTable(takeRows(table, rows), signature);
  const recipe = fitRecipe(learner.recipe, cells, rows.length, signature);
  const x = recipe.transform(cells, rows.length);
  const y = Float64Array.from(rows, (row) => target.y[row]);
  const fitted = await learner.fit(
    { x, y, rowCount: rows.length, names: recipe.outputs },
    target.task,
    hyper,
    context,
  );
  return { signature, recipe, fitted };
}

/** Fits on the training rows; for a binary target the threshold is chosen first, on predictions out of fold. */
export async function fitModel(
  data: PreparedData,
  plan: FitPlan,
  onProgress: (text: string) => void,
): Promise<FittedPipeline> {
  const threshold = data.target.task === 'binary' ? await thresholdOutOfFold(data, plan, onProgress) : null;
  onProgress('training');
  return { ...(await fitOn(data, data.parts.train, plan)), threshold };
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
  const predicted: { y: number; prediction: number }[] = [];
  for (const [number, { train, test }] of folds.entries()) {
    onProgress(`choosing the threshold, fold ${number + 1} of ${folds.length}`);
    const { signature, recipe, fitted } = await fitOn(data, train, {
      ...plan,
      context: { ...plan.context, onStep: undefined },
    });
    const cells = encodeTable(takeRows(table, test), signature);
    const predictions = fitted.predict(recipe.transform(cells, test.length), test.length);
    for (let i = 0; i < test.length; i++)
      predicted.push({ y: target.y[test[i]], prediction: predictions[i] });
  }
  if (predicted.length === 0) return 0.5;
  const pick = (key: 'y' | 'prediction') => Float64Array.from(predicted, (row) => row[key]);
  return chooseThreshold(pick('y'), pick('prediction'), { maximise: 'balanced_accuracy' }).threshold;
}
