import type { Task } from '../models/learner.js';
import type { Run, StartRunOptions } from '../tracking/runs.js';
import { toPrettyJson } from '../util/json.js';
import type { Analysis } from './evaluate-analysis.js';
import type { MeasuredBaseline, MeasuredFold, MeasuredMetric } from './evaluate-measure.js';

export interface EvaluateOptions {
  /** The project's folder: paths on record are relative to it where they can be. */
  root: string;
  labels?: Pick<StartRunOptions, 'name' | 'note' | 'parent'>;
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
}

export interface Evaluation extends Analysis {
  run_id: string;
  model: string;
  /** The version that was measured; null where a learner was fitted for it. */
  version: number | null;
  learner: string;
  task: Task;
  /** `kfold:5` and the like; `version` where nothing was fitted. */
  method: string;
  rows: number;
  /** Of all predictions together: of folds the middle of their thresholds. */
  threshold: number | null;
  metrics: MeasuredMetric[];
  /** How far an interval can be trusted: over folds, or over rows drawn anew. */
  interval: 'folds' | 'bootstrap';
  confidence: number;
  /** The metric that the gate decides by. */
  metric: string;
  /** Naive predictions in that metric, the best first; empty for a version, whose training rows are not at hand. */
  baselines: MeasuredBaseline[];
  folds: MeasuredFold[];
  notes: string[];
}

/** Of the intervals. */
export const CONFIDENCE = 0.95;

/** Means as metrics of the run, each fold as a step of `fold_...`, and the whole result as an artifact. */
export async function keepEvaluation(run: Run, result: Evaluation): Promise<void> {
  for (const [fold, { metrics }] of result.folds.entries()) {
    const named = Object.entries(metrics).map(([name, value]) => [`fold_${name}`, value]);
    if (result.folds.length > 1) run.logMetrics(Object.fromEntries(named), fold + 1);
  }
  const means = result.metrics.map(({ metric, mean }) => [metric, mean ?? Number.NaN]);
  run.logMetrics(Object.fromEntries(means));
  await run.logArtifact('evaluation.json', `${toPrettyJson(result)}\n`, 'evaluation');
  await run.end();
}
