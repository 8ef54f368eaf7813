import { availableParallelism } from 'node:os';
import { encodeTable } from '../datasets/encode-table.js';
import { progressText } from '../datasets/progress.js';
import { evaluate } from '../evaluation/metrics.js';
import { quantileOf } from '../models/hyper.js';
import { makeResiduals } from '../models/make-profile.js';
import { encodeModelFile } from '../models/model-file.js';
import type { Predictor } from '../models/predictor.js';
import { registerVersion, type VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { type Run, type StartRunOptions, startRun } from '../tracking/runs.js';
import { toJson } from '../util/json.js';
import { packageVersion } from '../util/package.js';
import { endByError } from './end-run.js';
import { type FittedPipeline, fitModel, predictCellsOf, predictRows } from './fit-model.js';
import type { ForecastFacts } from './forecast/forecast.js';
import { forecastIntervals } from './forecast/intervals.js';
import { type ForecastColumns, forecastColumns } from './forecast/series-cells.js';
import { type Holdout, holdoutOf, isOneSeries, recordedSplit } from './holdout.js';
import { keepScores } from './holdout-scores.js';
import { type JudgedVersion, judgeOn } from './judge.js';
import type { ShapeFacts } from './model-rows.js';
import { policyFor } from './policy-in-force.js';
import type { PreparedData } from './prepare-data.js';
import { type PreparedTraining, prepareTraining, rowPlanOf } from './prepare-training.js';
import { profileOf } from './reference-profile.js';
import { recordedSource } from './source-paths.js';
import type { TrainPlan } from './train-plan.js';
import { summarise, type TrainSummary } from './train-summary.js';
import { keepTraining } from './training-record.js';

export interface TrainOptions {
  /** The project's folder: paths on record are relative to it where they can be. */
  root: string;
  /** How the run is found again. */
  labels?: Pick<StartRunOptions, 'name' | 'group' | 'parent' | 'note' | 'tags'>;
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
}

export interface TrainedModel {
  summary: TrainSummary;
  version: VersionRecord;
  predictor: Predictor;
  holdout: Holdout;
  policy: Record<string, unknown>;
}

/** Trains a candidate from a plan; see `prepareTraining` and `runTraining`. */
export async function trainModel(
  store: Store,
  plan: TrainPlan,
  options: TrainOptions,
): Promise<TrainedModel> {
  return runTraining(store, await prepareTraining(plan, options.onProgress), options);
}

/**
 * Fits on the training rows, measures on the held-out rows, writes the model file and registers it. The run is FINISHED, FAILED with
 * the error's text, or KILLED when `signal` aborts.
 */
export async function runTraining(
  store: Store,
  training: PreparedTraining,
  { root, labels, signal, onProgress = () => {} }: TrainOptions,
): Promise<TrainedModel> {
  const started = performance.now();
  const { plan, learner, hyper, data } = training;
  const { model } = plan;
  const run = await startRun(store, {
    ...labels,
    kind: 'train',
    model,
    params: runParams(
      { ...plan, data: recordedSource(root, plan.data), split: recordedSplit(root, plan.split) },
      hyper,
      data,
    ),
    cwd: root,
  });
  try {
    signal?.throwIfAborted();
    const holdout = holdoutOf(plan, data, root);
    await keepTraining(run, training, root);
    const threads = plan.threads ?? availableParallelism();
    const begun = performance.now();
    let steps = { done: 0, of: 0 };
    const onStep = ({ step, of, metrics }: { step: number; of: number; metrics: Record<string, number> }) => {
      steps = { done: step, of };
      const work = { done: step, of, unit: 'steps' };
      onProgress(progressText('training', work, performance.now() - begun) ?? `training, ${step} of ${of}`);
      run.logMetrics(prefixed('train_', metrics), step);
    };
    const fitted = await fitModel(
      data,
      { ...rowPlanOf(plan), learner, hyper, context: { seed: plan.seed, threads, onStep, signal } },
      onProgress,
    );
    signal?.throwIfAborted();
    const trained = await keepModel(store, run, { plan, learner, hyper, data, fitted, holdout });
    await run.end();
    const summary = summarise({
      run,
      learner,
      data,
      holdout,
      version: trained.version,
      fitted,
      steps,
      started,
    });
    return { ...trained, holdout, policy: plan.policy, summary };
  } catch (error) {
    await endByError(run, error, signal);
    throw error;
  }
}

/** Judges what was just trained, on the holdout that is still in memory. */
export function judgeTraining(
  store: Store,
  { version, predictor, holdout, policy }: TrainedModel,
): Promise<JudgedVersion> {
  const { task, learner } = predictor.header;
  return judgeOn(store, { version, predictor, holdout, policy: policyFor(task, learner.hyper, policy) });
}

function runParams(
  plan: TrainPlan,
  hyper: Record<string, unknown>,
  data: PreparedData,
): Record<string, string> {
  const { learner, engine, target, split, seed } = plan;
  const facts = {
    data: plan.data,
    data_sha256: data.source.sha256,
    target,
    task: data.target.task,
    learner,
    engine,
    split,
    seed,
    feature_count: data.features.length,
    ...oddities(plan),
  };
  const own = Object.entries(hyper).map(([name, value]) => [`hyper.${name}`, value]);
  return Object.fromEntries([...Object.entries(facts), ...own].map(([name, value]) => [name, String(value)]));
}

/** The rules that made the rows and the target, where there are any. */
function shapeOf({ reshape, label }: TrainPlan): { shape?: ShapeFacts } {
  return reshape === null && label === null ? {} : { shape: { reshape, label } };
}

/** What the plan says beyond what every training says. */
function oddities(plan: TrainPlan): Record<string, unknown> {
  const { time, group, horizon, weights, reshape, label, allow, recipe, classWeight, balance } = plan;
  const strategy = horizon === null ? null : plan.strategy;
  const said = { time, group, horizon, strategy, weights, class_weight: classWeight, balance };
  const json = { reshape, label, recipe: recipe.length === 0 ? null : recipe };
  return Object.fromEntries(
    [
      ...Object.entries(said),
      ...Object.entries(json).map(([name, value]) => [name, value && toJson(value)]),
      ['allow', allow.length === 0 ? null : allow.join(',')],
    ].filter(([, value]) => value !== null),
  );
}

const prefixed = (prefix: string, metrics: Record<string, number>) =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [prefix + name, value]));

interface ToKeep extends PreparedTraining {
  fitted: FittedPipeline;
  holdout: Holdout;
}

/** Measures on the holdout, writes the model file, reads it back as serving would, and puts it on record. */
async function keepModel(store: Store, run: Run, { plan, learner, hyper, data, fitted, holdout }: ToKeep) {
  const { signature, recipe, threshold } = fitted;
  const predictions = predictRows(fitted, data, holdout.rows);
  const { task } = data.target;
  const metrics = evaluate(task, holdout.y, predictions, {
    threshold,
    trainingTarget: isOneSeries(holdout) ? holdout.trainingTarget : undefined,
    quantile: quantileOf(hyper),
  });
  run.logMetrics(metrics);
  const file = await encodeModelFile({
    task,
    signature,
    recipe,
    fitted: fitted.fitted,
    learner,
    hyper,
    threshold,
    classes: data.target.classes,
    metrics,
    profile: profileOf(fitted, data, predictions),
    ...(task === 'regression' ? { residuals: makeResiduals(holdout.y, predictions) } : {}),
    provenance: {
      model: plan.model,
      run_id: run.id,
      created_at: new Date().toISOString(),
      git_commit: run.gitCommit,
      data_sha256: data.source.sha256,
      seed: plan.seed,
      split: holdout.facts.split,
      riskops_version: packageVersion(),
      target: plan.target,
      train_rows: data.parts.train.length,
      holdout: holdout.facts,
      ...shapeOf(plan),
      ...(plan.horizon === null ? {} : { forecast: forecastFacts(fitted, data, plan.horizon) }),
    },
  });
  await keepScores(run, {
    holdoutSha256: holdout.facts.sha256,
    threshold,
    signature,
    predictions,
    target: holdout.y,
    times: holdout.times,
  });
  const path = `models/${plan.model}/candidates/${run.id}_${learner.name}.safetensors`;
  await store.blobs.put(path, file.bytes);
  const version = await registerVersion(store, {
    model: plan.model,
    runId: run.id,
    learner: learner.name,
    path,
    sha256: file.sha256,
    contentSha256: file.contentSha256,
    bytes: file.bytes.length,
    metrics,
  });
  return { version, predictor: file.predictor };
}

/** How far ahead the model is asked, and how far off its answers were on the held-out rows. */
function forecastFacts(fitted: FittedPipeline, data: PreparedData, horizon: number): ForecastFacts {
  const { signature, lookBack } = fitted;
  const held = new Set(data.parts.test);
  const cells = encodeTable(data.table, signature);
  const predictCells = (rows: Float64Array, count: number) => predictCellsOf(fitted, rows, count);
  const columns = forecastColumns(signature) as ForecastColumns;
  const isHeldOut = (row: number) => held.has(row);
  const intervals = forecastIntervals({ predictCells, lookBack }, cells, columns, {
    isHeldOut,
    y: data.target.y,
    horizon,
  });
  return { horizon, intervals };
}
