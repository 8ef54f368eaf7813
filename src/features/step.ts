import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import type { Series } from './series.js';

/** What is asked for: a step's kind and its settings. */
export interface StepConfig {
  kind: string;
  [setting: string]: unknown;
}

/**
 * One column between steps. `number`: a value or NaN. `category`: an index into `categories`, -1 for one never seen,
 * NaN when missing. `indicator`: 0 or 1. `time`, `group` and `past` stand for the signature's roles: steps may look at them, but they are
 * no output of the recipe, and of a `past` column (numbers, or categories where it has them) a row may know only the rows before it.
 */
export type FrameColumn = FrameKind & {
  name: string;
  /** How many rows before it in its series a row's value was computed from; 0 when left out. */
  lookBack?: number;
  /** The features of the signature that it was made of; itself when left out. */
  sources?: readonly string[];
};

type FrameKind =
  | { kind: 'number' | 'time'; date?: true }
  | { kind: 'past'; date?: true; categories?: readonly string[]; ahead?: number }
  | { kind: 'category'; categories: readonly string[] }
  | { kind: 'indicator' | 'group' };

export type Frame = readonly FrameColumn[];

/** The features of the signature that columns were made of, each once. */
export const sourcesOf = (...columns: readonly FrameColumn[]): readonly string[] => [
  ...new Set(columns.flatMap(({ name, sources = [name] }) => sources)),
];

/** A step that has seen the training rows. */
export interface FittedStep {
  /** The columns after the step. */
  outputs: Frame;
  /** It looks at earlier rows of a series: `apply` is then given the series. */
  sequential?: boolean;
  /** Row-major rows of the columns before to row-major rows of `outputs`, which may be `x` itself; `x` stays as it is. */
  apply(x: Float64Array, rowCount: number, series: Series | null): Float64Array;
  /** `kind` and what was fitted: what `load` needs besides the columns before. */
  toJSON(): Record<string, unknown>;
}

/** What a step may learn from besides its rows: the target of the same rows. */
export interface StepContext {
  /** One a row; null when nobody gave it. */
  y: Float64Array | null;
  /** As in the training data: 0 for a regression. */
  classCount: number;
}

/** One setting of a step: shown in the guide. */
export interface StepSetting {
  name: string;
  description: string;
  /** Its text is the name of a column, or a list of such names. */
  columns?: true;
}

/** A kind of step. A new one is a file with one of these, a line in `all.ts` and a test. */
export interface StepKind {
  kind: string;
  summary: string;
  settings: readonly StepSetting[];
  fit(config: StepConfig, frame: Frame, x: Float64Array, rowCount: number, context: StepContext): FittedStep;
  /** The fitted step out of a model file; MODEL_FILE_INVALID naming the place of a fault. */
  load(json: unknown, where: string, frame: Frame): FittedStep;
}

/** What helps when a recipe cannot be used. */
export const RECIPE_FIX = 'mend the recipe: docs/guides/recipes.md lists the steps and their settings';

/** Refuses settings that a step does not have. */
export function checkSettings(config: StepConfig, known: readonly string[]): void {
  const unknown = Object.keys(config).find((key) => key !== 'kind' && !known.includes(key));
  if (unknown === undefined) return;
  throw new RiskopsError('FEATURES_INVALID', {
    what: `The recipe step "${config.kind}" has no setting "${printable(unknown)}".`,
    why: suggestWord(unknown, known),
    fix: RECIPE_FIX,
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
