import { availableParallelism } from 'node:os';
import { type Parts, parseSplit } from '../datasets/split-rule.js';
import { checkMetricOn, metricNamed } from '../evaluation/metrics.js';
import { quantileOf } from '../models/hyper.js';
import type { Store } from '../storage/store.js';
import { startRun } from '../tracking/runs.js';
import { crossValidate, type FoldScores } from './cross-validate.js';
import { endByError } from './end-run.js';
import { type AnalysisRequest, analyse, checkAnalysis, type PooledRows } from './evaluate-analysis.js';
import {
  type MeasuredFold,
  measureBaselines,
  measureFold,
  summariseFolds,
  summariseRows,
} from './evaluate-measure.js';
import {
  checkPromise,
  foldsBy,
  type Method,
  methodOf,
  methodText,
  parseMethod,
  splitOf,
} from './evaluate-method.js';
import { orderOf } from './evaluate-order.js';
import { CONFIDENCE, type EvaluateOptions, type Evaluation, keepEvaluation } from './evaluate-result.js';
import { fitModel, predictRows } from './fit-model.js';
import { policyFor } from './policy-in-force.js';
import { type PreparedTraining, prepareTraining, rowPlanOf } from './prepare-training.js';
import { recordedSource } from './source-paths.js';
import type { TrainPlan } from './train-plan.js';

const FOLDS = 5;

/**
 * The method and the plan that keeps its promise: where the folds are by time or by group, so is the split that guards against leaks
 * look at.
 * @throws OPTION_INVALID, SPLIT_INVALID for a method that breaks the promise of the plan's own split
 */
function planEvaluation(plan: TrainPlan, text: string | null): { plan: TrainPlan; method: Method } {
  const split = parseSplit(plan.split);
  const method = text === null ? methodOf(split, FOLDS) : parseMethod(text);
  checkPromise(method, split);
  const isByChance = split.kind === 'random' || split.kind === 'every';
  if (!isByChance || method.kind === 'holdout' || method.kind === 'kfold') return { plan, method };
  const { kind, column } = splitOf(method) as { kind: string; column: string };
  return { plan: { ...plan, split: `${kind}:${column}:0.2` }, method };
}

/** An evaluation that can be made. */
export interface PreparedEvaluation {
  training: PreparedTraining;
  method: Method;
  folds: Parts[];
}

/** Reads what an evaluation asks for, and finds what can be wrong with it before a run is on record. */
export async function prepareEvaluation(
  given: TrainPlan,
  text: string | null,
  request: AnalysisRequest,
  onProgress?: (text: string) => void,
): Promise<PreparedEvaluation> {
  const { plan, method } = planEvaluation(given, text);
  const training = await prepareTraining(plan, onProgress);
  const { data } = training;
  checkAnalysis(request, data.target.task, data.table);
  const { task, y } = data.target;
  const { train, test } = data.parts;
  const all = Int32Array.from([...train, ...test]).sort();
  const folds = method.kind === 'holdout' ? [data.parts] : foldsBy(method, data, all, plan.seed);
  const measured = Int32Array.from(folds.flatMap((fold) => Array.from(fold.test)));
  const metric = metricNamed(policyFor(task, training.hyper, plan.policy).metric, task);
  checkMetricOn(
    metric,
    Float64Array.from(measured, (row) => y[row]),
    measured,
  );
  return { training, method, folds };
}

/**
 * Fits a learner on folds and measures it on rows that it did not see: all rows with a target are measured once, by `rolling` those after
 * the first part; by `holdout` those that the split holds out.
 * @throws what fitting throws, and the signal's reason when it is aborted
 */
export async function evaluateLearner(
  store: Store,
  prepared: PreparedEvaluation,
  request: AnalysisRequest,
  { root, labels, signal, onProgress = () => {} }: EvaluateOptions,
): Promise<Evaluation> {
  const { training, method } = prepared;
  const { plan, learner, hyper, data } = training;
  const { task } = data.target;
  const metric = metricNamed(policyFor(task, hyper, plan.policy).metric, task);
  const quantile = quantileOf(hyper);
  const order = orderOf(method, data.split, data, plan);
  const own = Object.entries(hyper).map(([name, value]) => [`hyper.${name}`, value]);
  const run = await startRun(store, {
    ...labels,
    kind: 'evaluate',
    model: plan.model,
    params: {
      data: recordedSource(root, plan.data),
      data_sha256: data.source.sha256,
      ...{ target: plan.target, task, learner: learner.name, engine: learner.engine, seed: plan.seed },
      method: methodText(method),
      ...(method.kind === 'holdout' ? { split: plan.split } : {}),
      ...Object.fromEntries(own),
    },
    cwd: root,
  });
  try {
    const scores = await scoreFolds(prepared, { signal, onProgress });
    onProgress('measuring');
    const folds = scores.map((fold) => measureFold(data, fold, order, quantile));
    const pooled = poolFolds(training, scores, order.times);
    const result: Evaluation = {
      ...{ run_id: run.id, model: plan.model, version: null, learner: learner.name, task },
      method: methodText(method),
      rows: pooled.rows.length,
      threshold: pooled.threshold,
      metrics:
        method.kind === 'holdout'
          ? summariseRows(task, folds[0], scores[0], { times: pooled.times, quantile })
          : summariseFolds(task, folds),
      interval: method.kind === 'holdout' ? 'bootstrap' : 'folds',
      confidence: CONFIDENCE,
      metric: metric.name,
      baselines: measureBaselines(metric, data, scores, order, quantile),
      folds,
      ...analyse(request, pooled),
      notes: notesOn(method, folds, data),
    };
    await keepEvaluation(run, result);
    return result;
  } catch (error) {
    await endByError(run, error, signal);
    throw error;
  }
}

/** Predictions of rows by models that did not see them. */
async function scoreFolds(
  { training, method, folds }: PreparedEvaluation,
  { signal, onProgress }: { signal?: AbortSignal; onProgress: (text: string) => void },
): Promise<FoldScores[]> {
  const { plan, learner, hyper, data } = training;
  const context = { seed: plan.seed, threads: plan.threads ?? availableParallelism(), signal };
  const fit = { ...rowPlanOf(plan), learner, hyper, context };
  if (method.kind !== 'holdout') {
    const started = performance.now();
    const onFold = (done: number, of: number) => {
      const left = (((performance.now() - started) / done) * (of - done)) / 1000;
      onProgress(`fold ${done} of ${of} done, about ${Math.ceil(left)} s left`);
    };
    onProgress(`fitting ${folds.length} folds`);
    return crossValidate(data, folds, fit, { forward: method.kind === 'rolling', onFold });
  }
  const { train, test } = data.parts;
  const fitted = await fitModel(data, fit, onProgress);
  const y = Float64Array.from(test, (row) => data.target.y[row]);
  return [{ train, test, y, predictions: predictRows(fitted, data, test), threshold: fitted.threshold }];
}

/** The predictions of all folds together. */
function poolFolds(
  { data, hyper }: PreparedTraining,
  scores: readonly FoldScores[],
  times: Float64Array | null,
): PooledRows {
  const rows = Int32Array.from(scores.flatMap(({ test }) => Array.from(test)));
  const thresholds = scores.flatMap(({ threshold }) => threshold ?? []).sort((a, b) => a - b);
  return {
    task: data.target.task,
    table: data.table,
    rows,
    y: Float64Array.from(rows, (row) => data.target.y[row]),
    predictions: Float64Array.from(scores.flatMap(({ predictions }) => Array.from(predictions))),
    quantile: quantileOf(hyper),
    threshold: thresholds.length === 0 ? null : thresholds[thresholds.length >> 1],
    times: times && Float64Array.from(rows, (row) => times[row]),
  };
}

function notesOn(
  method: Method,
  folds: readonly MeasuredFold[],
  { notes }: PreparedTraining['data'],
): string[] {
  const fewer =
    method.kind === 'holdout' || folds.length === method.folds
      ? []
      : [`Only ${folds.length} of ${method.folds} folds could be learned from and measured.`];
  return [...notes, ...fewer];
}
