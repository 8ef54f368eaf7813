import { availableParallelism } from 'node:os';
import { encodeTable } from '../datasets/encode-table.js';
import { evaluate } from '../evaluation/metrics.js';
import { encodeModelFile, type Predictor } from '../models/model-file.js';
import { parsePolicy } from '../registry/policy.js';
import { registerVersion, type VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { type Run, type StartRunOptions, startRun } from '../tracking/runs.js';
import { packageVersion } from '../util/package.js';
import { type FittedPipeline, fitModel } from './fit-model.js';
import { type Holdout, holdoutOf, recordedPath, recordedSplit } from './holdout.js';
import { keepScores } from './holdout-scores.js';
import { type JudgedVersion, judgeOn } from './judge.js';
import type { PreparedData } from './prepare-data.js';
import { type PreparedTraining, prepareTraining } from './prepare-training.js';
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
      { ...plan, data: recordedPath(root, plan.data), split: recordedSplit(root, plan.split) },
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
    const onStep = ({ step, of, metrics }: { step: number; of: number; metrics: Record<string, number> }) => {
      onProgress(`training, ${step} of ${of}`);
      run.logMetrics(prefixed('train_', metrics), step);
    };
    const fitted = await fitModel(
      data,
      { learner, hyper, context: { seed: plan.seed, threads, onStep, signal } },
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
      threshold: fitted.threshold,
      started,
    });
    return { ...trained, holdout, policy: plan.policy, summary };
  } catch (error) {
    const stopped = signal?.aborted ? signalName(signal.reason) : undefined;
    if (stopped === undefined) await run.fail(signal?.aborted ? signal.reason : error);
    else await run.kill(stopped);
    throw error;
  }
}

/** Judges what was just trained, on the holdout that is still in memory. */
export function judgeTraining(
  store: Store,
  { version, predictor, holdout, policy }: TrainedModel,
): Promise<JudgedVersion> {
  return judgeOn(store, { version, predictor, holdout, policy: parsePolicy(policy, predictor.header.task) });
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
  };
  const own = Object.entries(hyper).map(([name, value]) => [`hyper.${name}`, value]);
  return Object.fromEntries([...Object.entries(facts), ...own].map(([name, value]) => [name, String(value)]));
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
  const cells = encodeTable(holdout.table, signature);
  const rowCount = holdout.y.length;
  const predictions = fitted.fitted.predict(recipe.transform(cells, rowCount), rowCount);
  const { task } = data.target;
  const metrics = evaluate(task, holdout.y, predictions, {
    threshold,
    trainingTarget: holdout.inTimeOrder ? holdout.trainingTarget : undefined,
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

/** The signal that stopped the process; undefined when it was stopped by a fault. */
function signalName(reason: unknown): string | undefined {
  const isSignal = typeof reason === 'object' && reason !== null && 'signalName' in reason;
  return isSignal ? String(reason.signalName) : undefined;
}
