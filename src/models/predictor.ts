import type { Recipe } from '../features/recipe.js';
import type { Explanation, FittedModel, Hyper, Learner } from './learner.js';
import type { ModelHeader } from './model-header.js';

/** Rows that are transformed at once, so that a large table needs no large memory. */
const CHUNK_ROWS = 4096;

/** A model that answers: cells in, predictions out. */
export interface Predictor {
  header: ModelHeader;
  /** SHA-256 of what the model is, without provenance and metrics. */
  contentSha256: string;
  /** How many numbers an answer has: one a class for a multiclass task, else 1. */
  outputs: number;
  /** The answer of a row builds on the rows before it in its series, which must be among `cells`. */
  sequential: boolean;
  /** How many rows before it in its series an answer builds on at most; 0 unless `sequential`. */
  lookBack: number;
  /**
   * rowCount x outputs, from `cells` (row-major rowCount x features of the signature): the probability of the positive class or of each
   * class, or a value in the target's unit. A row's prediction does not depend on the rows beside it, but for those before it where
   * the model is sequential.
   */
  predictCells(cells: Float64Array, rowCount: number): Float64Array;
  /** Why the rows are answered as they are, by the features that the learner sees; undefined when the learner cannot say. */
  explainCells?(cells: Float64Array, rowCount: number): Explanation;
  /** How much each feature that the learner sees did for the fit, in shares of 1; undefined when the learner cannot say. */
  importances?(): Float64Array;
  /** The features that the learner sees, in their order. */
  inputs: string[];
  /** Of each of them the features of the signature that it was made of. */
  sources: (readonly string[])[];
}

export type PredictCells = Predictor['predictCells'];

/** How many rows before it an answer builds on: a learner that follows the rows sees `window` of them, each with its own. */
export function lookBackOf(recipe: Recipe, learner: Learner, hyper: Hyper): number {
  return recipe.lookBack + (learner.sequential === true ? Number(hyper['window'] ?? 0) : 0);
}

/** Whether the answers of a fitted pipeline build on the rows before. */
export function isSequential(recipe: Recipe, learner: Learner): boolean {
  return recipe.sequential || learner.sequential === true;
}

/** What a prediction goes through. */
export interface Pipeline {
  recipe: Recipe;
  learner: Learner;
  fitted: FittedModel;
  /** Cells of a row. */
  width: number;
  outputs: number;
}

/** Recipe, then model: in chunks of rows, or of a sequential model in one. */
export function predictorOf({ recipe, learner, fitted, width, outputs }: Pipeline): PredictCells {
  if (isSequential(recipe, learner)) {
    return (cells, rowCount) => {
      const previous = learner.sequential === true ? recipe.previousOf(cells, rowCount) : null;
      return fitted.predict(recipe.transform(cells, rowCount), rowCount, previous);
    };
  }
  return (cells, rowCount) => {
    const predictions = new Float64Array(rowCount * outputs);
    for (let from = 0; from < rowCount; from += CHUNK_ROWS) {
      const to = Math.min(from + CHUNK_ROWS, rowCount);
      const x = recipe.transform(cells.subarray(from * width, to * width), to - from);
      predictions.set(fitted.predict(x, to - from), from * outputs);
    }
    return predictions;
  };
}
