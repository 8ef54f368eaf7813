import type { Baseline } from '../evaluation/baselines.js';
import { type Metric, measure } from '../evaluation/metrics.js';
import { firstNonFinite, outputsOf, type SampleOptions } from '../evaluation/sample.js';
import type { Task } from '../models/learner.js';
import type { SchemaComparison } from './schema-differences.js';

/** A model's predictions for the holdout rows, in the order of the target; of a multiclass model one a class of each row. */
export interface JudgedModel {
  version: number;
  predictions: Float64Array;
  /** binary: the class is 1 when prediction >= threshold; null stands for 0.5. */
  threshold: number | null;
}

/** How often a holdout has judged; rows that have judged often no longer surprise. */
export interface HoldoutLedger {
  /** Judgements on record, this one included. */
  uses: number;
  /** Candidates of different content among them. */
  candidates: number;
  /** When it judged first. */
  first: string;
  last: string;
}

/** How many of the live rows a version knows by heart: they stand, target and all, among the rows that it learned from. */
export interface LearnedRows {
  version: number;
  /** How many live rows it was asked about. */
  of: number;
  /** Null where nobody can tell, and then `why`. */
  rows: number | null;
  why: string | null;
  /** Another program trained it: nothing here ever knew what it learned from, so it is not held against it. */
  elsewhere: boolean;
}

/** Of both versions that answered the live rows. */
export interface LearnedPair {
  candidate: LearnedRows;
  current: LearnedRows;
}

/** All that the gate knows. Candidate, current model and baselines are scored on the same rows. */
export interface Evidence {
  model: string;
  task: Task;
  /** The holdout's target: 0 or 1, a class number from 0, or a number in its own unit. */
  target: Float64Array;
  candidate: JudgedModel & { learner: string };
  /** null only when it is certain that no model is current, or when `unscored` says why the current one could not be scored. */
  current: JudgedModel | null;
  /** The current version, where there is one that cannot be scored on these rows, and why. */
  unscored?: { version: number; why: string };
  baselines: Baseline[];
  /** The candidate's schema against the current model's. */
  schema: SchemaComparison;
  /** How many holdout rows have an exact twin, target included, among the training rows. */
  twins?: number;
  /** The time of each row, where the holdout is the latest part of data in time order. */
  times?: Float64Array;
  /** How often this holdout has judged, this time included. */
  ledger?: HoldoutLedger;
  /** The rows are those of live traffic whose outcome is known: as many as came, so too few of them leave everything open. */
  live?: true;
  /** Of live rows: how many of them the versions learned from. */
  learned?: LearnedPair;
  /** Where the rows come from; kept in the report as it is. `rows` is checked against the target. */
  holdout: { rows: number; [fact: string]: unknown };
  /** The training target in time order and the rows of one season, for `mase`; the quantile that is predicted, for `pinball`. */
  scale?: Pick<SampleOptions, 'trainingTarget' | 'season' | 'quantile'>;
}

interface Column {
  label: string;
  values: Float64Array;
}

function timesFault({ times, target }: Evidence): string | undefined {
  if (times === undefined) return undefined;
  if (times.length !== target.length) return `there are ${times.length} times for ${target.length} rows`;
  const missing = firstNonFinite(times);
  return missing < 0 ? undefined : `the time of holdout row ${missing + 1} is ${times[missing]}`;
}

/** How many predictions a row has: of a multiclass model as many as the candidate gives. */
function widthOf({ task, target, candidate }: Evidence): number {
  return outputsOf(task, target, candidate.predictions);
}

function lengthFault(evidence: Evidence, columns: Column[]): string | undefined {
  const { target, holdout } = evidence;
  if (target.length === 0) return 'the holdout has no rows';
  if (holdout.rows !== target.length)
    return `the holdout has ${holdout.rows} rows, its target ${target.length}`;
  const width = widthOf(evidence);
  const each = width === 1 ? '' : ` of ${width} classes`;
  const wrong = columns.find(({ values }) => values.length !== target.length * width);
  return wrong && `${wrong.label} has ${wrong.values.length} predictions for ${target.length} rows${each}`;
}

function valueFault(evidence: Evidence, columns: Column[]): string | undefined {
  const width = widthOf(evidence);
  const inRow = (at: number) => `in holdout row ${Math.floor(at / width) + 1}`;
  for (const { label, values } of columns) {
    const missing = firstNonFinite(values);
    if (missing >= 0) return `${label} has ${values[missing]} ${inRow(missing)}`;
    const outside = evidence.task === 'regression' ? -1 : values.findIndex((value) => value < 0 || value > 1);
    if (outside >= 0) return `${label} has ${values[outside]} ${inRow(outside)}, which is no probability`;
    const odd = evidence.task === 'multiclass' ? oddSum(values, width) : -1;
    if (odd >= 0) return `the probabilities of ${label} in holdout row ${odd + 1} are not 1 together`;
  }
  return undefined;
}

/** The first row whose probabilities are not 1 together; -1 when there is none. */
function oddSum(values: Float64Array, width: number): number {
  for (let row = 0; row < values.length / width; row++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += values[row * width + k];
    if (Math.abs(sum - 1) > 1e-6) return row;
  }
  return -1;
}

function targetFault(evidence: Evidence): string | undefined {
  const { task, target } = evidence;
  const classCount = task === 'binary' ? 2 : widthOf(evidence);
  const isClass = (value: number) => Number.isInteger(value) && value >= 0 && value < classCount;
  const row = target.findIndex((value) =>
    task === 'regression' ? !Number.isFinite(value) : !isClass(value),
  );
  return row < 0 ? undefined : `the target has ${target[row]} in holdout row ${row + 1}`;
}

function metricFault(evidence: Evidence, metrics: Metric[], models: { label: string; model: JudgedModel }[]) {
  for (const { label, model } of models) {
    if (model.threshold !== null && !Number.isFinite(model.threshold))
      return `${label} has the threshold ${model.threshold}`;
    for (const metric of metrics) {
      const { threshold } = model;
      const value = measure(metric, evidence.target, model.predictions, { ...evidence.scale, threshold });
      if (!Number.isFinite(value)) return `the ${metric.name} of ${label} is ${value} on these rows`;
    }
  }
  return undefined;
}

/**
 * The first thing that keeps the evidence from being a comparison of finite numbers on the same rows; undefined when
 * it is sound. Nothing else about a candidate counts before this.
 */
export function findFault(evidence: Evidence, metrics: Metric[]): string | undefined {
  const { candidate, current, baselines } = evidence;
  const models = [{ label: `the candidate v${candidate.version}`, model: candidate as JudgedModel }];
  if (current !== null) models.push({ label: `the current v${current.version}`, model: current });
  const columns: Column[] = [
    ...models.map(({ label, model }) => ({ label, values: model.predictions })),
    ...baselines.map(({ name, predictions }) => ({ label: `the baseline ${name}`, values: predictions })),
  ];
  return (
    lengthFault(evidence, columns) ??
    targetFault(evidence) ??
    timesFault(evidence) ??
    valueFault(evidence, columns) ??
    metricFault(evidence, metrics, models)
  );
}
