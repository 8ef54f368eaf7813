import type { ClassValue } from '../datasets/target.js';
import { likeliestClass } from '../evaluation/multiclass-metrics.js';
import type { ModelHeader } from './model-header.js';

/** Probabilities by class, each class as its text. */
export type Probabilities = Record<string, number>;

type Classes = Pick<ModelHeader, 'task' | 'classes' | 'threshold'>;

/**
 * The class that a model calls a row: of two by the threshold, of many the likeliest.
 * @param predictions rowCount x outputs
 * @returns null for a regression, and for two classes without a threshold
 */
export function calledClass(
  { task, classes, threshold }: Classes,
  predictions: Float64Array,
  row: number,
): ClassValue | null {
  if (classes === null) return null;
  if (task === 'multiclass') return classes[likeliestClass(predictions, row, classes.length)];
  return threshold === null ? null : classes[predictions[row] >= threshold ? 1 : 0];
}

/** The probability of each class of a row; null unless the model has many classes. */
export function classProbabilities(
  { task, classes }: Classes,
  predictions: Float64Array,
  row: number,
): Probabilities | null {
  if (task !== 'multiclass' || classes === null) return null;
  const from = row * classes.length;
  return Object.fromEntries(classes.map((name, k) => [String(name), predictions[from + k]]));
}
