import { RiskopsError } from '../../errors.js';
import type { LearningRows, Task, TrainingData } from '../learner.js';
import type { TargetRows } from './job.js';
import type { LstmModel } from './saved-lstm.js';
import { asFloat32 } from './windows.js';

function checkFeatures({ x, rowCount }: LearningRows, names: readonly string[]): void {
  const at = x.subarray(0, rowCount * names.length).findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const isMissing = Number.isNaN(x[at]);
  throw new RiskopsError('TRAINING_FAILED', {
    what: `The LSTM cannot use feature "${names[at % names.length]}", which ${isMissing ? 'has a missing value' : 'is infinite'}.`,
    why: isMissing
      ? 'Its recipe must fill missing values.'
      : 'A value that is not known should be missing, and the recipe fill it.',
    fix: isMissing ? 'add { kind: "impute" } to the recipe' : 'make the value missing, or a number',
  });
}

/** A net that remembers learns nothing from rows that follow nothing. */
function previousOf({ previous }: LearningRows): Int32Array {
  if (previous !== null) return shared(Int32Array, previous);
  throw new RiskopsError('TRAINING_FAILED', {
    what: 'An LSTM learns from the order of rows, and these have none.',
    why: 'No column says when a row was.',
    fix: 'riskops train --time COLUMN, and --series COLUMN where there are several series',
  });
}

/** A copy in memory that threads share. */
function shared<T extends Int32Array | Float64Array>(
  Kind: { new (buffer: SharedArrayBuffer): T; BYTES_PER_ELEMENT: number },
  values: T,
): T {
  const copy = new Kind(new SharedArrayBuffer(values.length * Kind.BYTES_PER_ELEMENT));
  copy.set(values);
  return copy;
}

/** Mean and standard deviation of a regression's target, each row counted by its weight; 0 and 1 for classes. */
export function targetScale({ y, weights, rowCount }: LearningRows, task: Task): LstmModel['target'] {
  if (task !== 'regression') return { mean: 0, sd: 1 };
  const weightOf = (row: number) => weights?.[row] ?? 1;
  let total = 0;
  for (let row = 0; row < rowCount; row++) total += weightOf(row);
  let mean = 0;
  for (let row = 0; row < rowCount; row++) mean += y[row] * (weightOf(row) / total);
  let variance = 0;
  for (let row = 0; row < rowCount; row++) variance += (y[row] - mean) ** 2 * (weightOf(row) / total);
  if (!Number.isFinite(mean + variance)) {
    throw new RiskopsError('TRAINING_FAILED', {
      what: 'The target has numbers too large to compute with.',
      why: 'The squares of their differences are beyond what a number can hold.',
      fix: 'give the target in a larger unit',
    });
  }
  return { mean, sd: Math.sqrt(variance) || 1 };
}

/**
 * Rows as the training thread wants them.
 * @throws TRAINING_FAILED for rows without an order, and for features that are not numbers
 */
export function prepareRows(
  rows: LearningRows,
  { names }: Pick<TrainingData, 'names'>,
  { mean, sd }: LstmModel['target'],
): TargetRows {
  checkFeatures(rows, names);
  return {
    x: asFloat32(rows.x.subarray(0, rows.rowCount * names.length)),
    previous: previousOf(rows),
    rowCount: rows.rowCount,
    y: shared(
      Float64Array,
      rows.y.map((value) => (value - mean) / sd),
    ),
    weights: rows.weights === null ? null : shared(Float64Array, rows.weights),
  };
}
