import { parseSignature } from '../datasets/parse-signature.js';
import type { Signature } from '../datasets/signature.js';
import { type ClassValue, taskOfClasses } from '../datasets/target.js';
import { numberFromJson, toJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { type GoldenRows, isAnswer, MOST_GOLDEN_ROWS } from './golden-rows.js';
import type { Hyper, Task } from './learner.js';
import { type ReferenceProfile, type Residuals, readProfile, readResiduals } from './reference-profile.js';
import { modelFileFault } from './saved-model.js';
import { parseStrictJson } from './strict-json.js';

export const MODEL_FORMAT = 1;

/** The most text that a specification may have; the largest honest part of it is the categories seen. */
export const SPECIFICATION_LIMIT = 32 * 1024 * 1024;
const SPECIFICATION_JSON = { depth: 32, values: 2_000_000, refusedKey: '__proto__' };

/** Where a model comes from. Further facts (the schema, the holdout) are kept as they are. */
export interface Provenance {
  model: string;
  run_id: string;
  /** UTC. */
  created_at: string;
  git_commit: string | null;
  /** SHA-256 of the training file. */
  data_sha256: string;
  seed: number;
  /** The rule that chose the holdout, such as `every:5:4`. */
  split: string;
  riskops_version: string;
  [fact: string]: unknown;
}

/** What a model file says besides its tensors. */
export interface ModelHeader {
  format: typeof MODEL_FORMAT;
  task: Task;
  signature: Signature;
  /** The fitted recipe, as its own JSON. */
  recipe: unknown;
  learner: { name: string; engine: string; hyper: Hyper; facts: Record<string, unknown> };
  /** Binary: the probability from which a row is called positive; null for any other task, or when none was chosen. */
  threshold: number | null;
  /** Binary: [negative, positive]; multiclass: 3 or more; null for a regression. */
  classes: ClassValue[] | null;
  golden: GoldenRows;
  metrics: Record<string, number>;
  provenance: Provenance;
  /** What the training rows looked like; absent in older and in imported models. */
  profile?: ReferenceProfile | undefined;
  /** Of a regression: how far it was off on the held-out rows; absent in older models, and without such rows. */
  residuals?: Residuals | undefined;
}

/** Numbers that a model answers a row with: of a multiclass one a class, else 1. */
export function outputsOf({ task, classes }: Pick<ModelHeader, 'task' | 'classes'>): number {
  return task === 'multiclass' && classes !== null ? classes.length : 1;
}

type JsonObject = Record<string, unknown>;

function objectAt(value: unknown, where: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw modelFileFault(`its ${where} is not an object`);
}

function textAt(value: unknown, where: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 4096) return value;
  throw modelFileFault(`its ${where} is not a text of 1 to 4096 characters`);
}

function readTask(value: unknown): Task {
  if (value === 'binary' || value === 'multiclass' || value === 'regression') return value;
  throw modelFileFault('its task is neither binary nor multiclass nor regression');
}

/** The classes of the signature were checked where they stand. */
function readClasses(value: unknown, task: Task, { target }: Signature): ModelHeader['classes'] {
  if (toJson(value) !== toJson(target.classes))
    throw modelFileFault('its classes are not those of its signature');
  if (taskOfClasses(target.classes) === task) return target.classes;
  throw modelFileFault(`its classes are not what a ${task} model has`);
}

function readThreshold(value: unknown, task: Task): number | null {
  if (value === null) return null;
  if (task === 'binary' && typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw modelFileFault(
    task === 'binary' ? 'its threshold is not from 0 to 1' : `it is a ${task} model with a threshold`,
  );
}

function readLearner(value: unknown): ModelHeader['learner'] {
  const { name, engine, hyper, facts } = objectAt(value, 'learner');
  for (const [key, setting] of Object.entries(objectAt(hyper, 'learner.hyper'))) {
    const scalar = setting === null || ['number', 'string', 'boolean'].includes(typeof setting);
    if (!scalar) throw modelFileFault(`its hyper-parameter "${printable(key, 60)}" is not one value`);
  }
  return {
    name: textAt(name, 'learner.name'),
    engine: textAt(engine, 'learner.engine'),
    hyper: hyper as Hyper,
    facts: objectAt(facts, 'learner.facts'),
  };
}

/** @param outputs numbers that answer a row */
function readGolden(value: unknown, task: Task, outputs: number): GoldenRows {
  const { rows, predictions } = objectAt(value, 'golden');
  if (
    !Array.isArray(rows) ||
    rows.length === 0 ||
    rows.length > MOST_GOLDEN_ROWS ||
    !rows.every(Array.isArray)
  ) {
    throw modelFileFault(`it has no 1 to ${MOST_GOLDEN_ROWS} golden rows`);
  }
  const isNumbers = (list: unknown[]): list is number[] => list.every((item) => typeof item === 'number');
  if (
    !Array.isArray(predictions) ||
    predictions.length !== rows.length * outputs ||
    !isNumbers(predictions) ||
    !rows.every((_, row) => isAnswer(predictions.slice(row * outputs, (row + 1) * outputs), task))
  ) {
    throw modelFileFault('it has no prediction for each golden row');
  }
  return { rows, predictions };
}

function readMetrics(value: unknown): Record<string, number> {
  const entries = Object.entries(objectAt(value, 'metrics')).map(([name, written]): [string, number] => {
    const metric = numberFromJson(written);
    if (metric === undefined) throw modelFileFault(`its metric "${printable(name, 60)}" is not a number`);
    return [name, metric];
  });
  return Object.fromEntries(entries);
}

function readProvenance(value: unknown): Provenance {
  const provenance = objectAt(value, 'provenance');
  const { git_commit: commit, seed } = provenance;
  const texts = ['model', 'run_id', 'created_at', 'data_sha256', 'split', 'riskops_version'];
  for (const key of texts) textAt(provenance[key], `provenance.${key}`);
  if (commit !== null) textAt(commit, 'provenance.git_commit');
  if (!Number.isFinite(seed)) throw modelFileFault('its provenance.seed is not a number');
  return provenance as Provenance;
}

function readFormat(value: unknown): typeof MODEL_FORMAT {
  if (value === MODEL_FORMAT) return value;
  const newer = typeof value === 'number' && value > MODEL_FORMAT;
  const hint = newer ? '; a newer riskops wrote it' : '';
  throw modelFileFault(`its format is not ${MODEL_FORMAT}, the one that this riskops reads${hint}`);
}

/**
 * The header out of a specification's text, every field checked. What only the learner and the recipe understand
 * (facts, steps) is left for them to check.
 * @throws MODEL_FILE_INVALID naming the first fault
 */
export function parseModelHeader(text: string): ModelHeader {
  if (text.length > SPECIFICATION_LIMIT)
    throw modelFileFault(`its specification is longer than ${SPECIFICATION_LIMIT} characters`);
  let value: unknown;
  try {
    value = parseStrictJson(text, SPECIFICATION_JSON);
  } catch (error) {
    throw modelFileFault(`its specification is not JSON: ${(error as Error).message}`);
  }
  const written = objectAt(value, 'specification');
  const format = readFormat(written['format']);
  const task = readTask(written['task']);
  const signature = parseSignature(written['signature']);
  const classes = readClasses(written['classes'], task, signature);
  return {
    format,
    task,
    signature,
    recipe: written['recipe'],
    learner: readLearner(written['learner']),
    threshold: readThreshold(written['threshold'], task),
    classes,
    golden: readGolden(written['golden'], task, outputsOf({ task, classes })),
    metrics: readMetrics(written['metrics']),
    provenance: readProvenance(written['provenance']),
    profile: readProfile(written['profile'], { signature, task, classes }),
    residuals: readResiduals(written['residuals'], task),
  };
}
