import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';

/** What is asked for: a step's kind and its settings. */
export interface StepConfig {
  kind: string;
  [setting: string]: unknown;
}

/**
 * One column between steps. `number`: a value or NaN. `category`: an index into `categories`, -1 for one never seen,
 * NaN when missing. `indicator`: 0 or 1.
 */
export type FrameColumn =
  | { name: string; kind: 'number' | 'indicator' }
  | { name: string; kind: 'category'; categories: readonly string[] };

export type Frame = readonly FrameColumn[];

/** A step that has seen the training rows. */
export interface FittedStep {
  /** The columns after the step. */
  outputs: Frame;
  /** Row-major rows of the columns before to new row-major rows of `outputs`. */
  apply(x: Float64Array, rowCount: number): Float64Array;
  /** `kind` and what was fitted: what `load` needs besides the columns before. */
  toJSON(): Record<string, unknown>;
}

/** A kind of step. A new one is a file with one of these, a line in `all.ts` and a test. */
export interface StepKind {
  kind: string;
  fit(config: StepConfig, frame: Frame, x: Float64Array, rowCount: number): FittedStep;
  /** The fitted step out of a model file; MODEL_FILE_INVALID naming the place of a fault. */
  load(json: unknown, where: string, frame: Frame): FittedStep;
}

/** Refuses settings that a step does not have. */
export function checkSettings(config: StepConfig, known: readonly string[]): void {
  const unknown = Object.keys(config).find((key) => key !== 'kind' && !known.includes(key));
  if (unknown === undefined) return;
  throw new RiskopsError('FEATURES_INVALID', {
    what: `The recipe step "${config.kind}" has no setting "${printable(unknown)}".`,
    why: suggestWord(unknown, known),
  });
}

/** The values of one column that are not missing. */
export function presentValues(
  x: Float64Array,
  rowCount: number,
  width: number,
  column: number,
): Float64Array {
  const values = new Float64Array(rowCount);
  let count = 0;
  for (let row = 0, at = column; row < rowCount; row++, at += width) {
    if (!Number.isNaN(x[at])) values[count++] = x[at];
  }
  return values.subarray(0, count);
}

/** The mean, also of values whose sum is more than a double holds; a second pass takes out the rounding of the first. */
export function meanOf(values: Float64Array): number {
  const n = values.length;
  const sum = values.reduce((total, value) => total + value, 0);
  if (!Number.isFinite(sum)) return values.reduce((total, value) => total + value / n, 0);
  const mean = sum / n;
  return mean + values.reduce((total, value) => total + (value - mean), 0) / n;
}
