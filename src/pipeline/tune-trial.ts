import { availableParallelism } from 'node:os';
import { splitRows } from '../datasets/split.js';
import type { Parts } from '../datasets/split-rule.js';
import { RiskopsError } from '../errors.js';
import type { Metric } from '../evaluation/metrics.js';
import { summariseValues } from '../evaluation/summary.js';
import { quantileOf } from '../models/hyper.js';
import type { Hyper, Learner } from '../models/learner.js';
import type { Store } from '../storage/store.js';
import { errorText } from '../tracking/run-values.js';
import { type Run, startRun } from '../tracking/runs.js';
import { crossValidate, measureFolds } from './cross-validate.js';
import { endByError } from './end-run.js';
import type { PreparedData } from './prepare-data.js';
import { rowPlanOf } from './prepare-training.js';
import type { TrainPlan } from './train-plan.js';

/** What all trials of a search have in common. */
export interface TrialBench {
  store: Store;
  parent: Run;
  data: PreparedData;
  plan: TrainPlan;
  /** Folds of the training rows; the rows that the split holds out are in none. */
  folds: readonly Parts[];
  /** Folds go forward in time. */
  forward: boolean;
  /** The rows are one series in time order. */
  oneSeries: boolean;
  metric: Metric;
  root: string;
  signal?: AbortSignal;
  /** Ends a trial that the time of the search does not suffice for. */
  timeUp?: AbortSignal;
  onFold?: (done: number, of: number) => void;
}

/** What one trial is to fit. */
export interface TrialSetting {
  trial: number;
  learner: Learner;
  /** As it would be trained in the end. */
  hyper: Hyper;
  /** Of the full resource, above 0 to 1. */
  share: number;
  /** The option that is the resource, such as `trees`; null when it is the training rows. */
  resource: string | null;
}

export interface Trial extends TrialSetting {
  /** The mean over the folds; null when it failed. */
  value: number | null;
  /** Over the folds; null for fewer than two. */
  sd: number | null;
  /** The metric of each fold. */
  folds: number[];
  error: string | null;
  run_id: string;
  seconds: number;
  /** It was measured before, and not again. */
  reused: boolean;
}

/** What makes two measurements the same, by the texts that a run keeps of them. */
export function trialKey(learner: string, share: string, hyper: Readonly<Record<string, unknown>>): string {
  const options = Object.entries(hyper).map(([name, value]) => `${name}=${String(value)}`);
  return [learner, share, ...options.sort()].join('\n');
}

/** The options with the resource cut down to a share. */
function hyperAt({ hyper, resource, share }: TrialSetting): Hyper {
  if (resource === null || share === 1) return hyper;
  return { ...hyper, [resource]: Math.max(1, Math.round(Number(hyper[resource]) * share)) };
}

/** Folds that learn from a share of their rows: the latest where the rows have an order, else some at random. */
function foldsAt({ folds, forward, data, plan }: TrialBench, { resource, share }: TrialSetting) {
  if (resource !== null || share === 1) return folds;
  return folds.map(({ train, test }) => {
    if (forward || plan.time !== null)
      return { train: train.slice(train.length - Math.ceil(train.length * share)), test };
    const split = { kind: 'random' as const, fraction: share };
    const { target, table } = data;
    return { train: splitRows(split, table, { seed: plan.seed, target, rows: train }).test, test };
  });
}

/**
 * Measures one setting on the folds, as a run of kind `trial` below the search's. A fit that fails, and a metric that is no number, make
 * the trial FAILED with the reason on its run; they do not end the search.
 * @throws the signal's reason when it is aborted; the trial is KILLED then
 */
export async function measureTrial(bench: TrialBench, setting: TrialSetting): Promise<Trial> {
  const { signal, timeUp } = bench;
  const started = performance.now();
  const run = await startTrialRun(bench, setting);
  const done = (rest: Pick<Trial, 'value' | 'sd' | 'folds' | 'error'>): Trial => {
    const seconds = (performance.now() - started) / 1000;
    return { ...setting, ...rest, run_id: run.id, seconds, reused: false };
  };
  try {
    const measured = await measureSetting(bench, setting, run);
    await run.end();
    return done({ ...measured, error: null });
  } catch (error) {
    if (signal?.aborted) {
      await endByError(run, error, signal);
      throw signal.reason;
    }
    if (timeUp?.aborted) {
      // The alarm's own signal: the trial did not fail, and is done anew when the search goes on.
      await run.kill('SIGALRM');
      throw timeUp.reason;
    }
    await run.fail(error);
    return done({ value: null, sd: null, folds: [], error: errorText(error) });
  }
}

function startTrialRun(
  { store, parent, plan, metric, root }: TrialBench,
  setting: TrialSetting,
): Promise<Run> {
  const { trial, learner, hyper, share, resource } = setting;
  return startRun(store, {
    kind: 'trial',
    model: plan.model,
    parent: parent.id,
    name: `trial ${trial}`,
    params: {
      trial,
      learner: learner.name,
      engine: learner.engine,
      metric: metric.name,
      seed: plan.seed,
      share,
      ...(resource === null ? {} : { [resource]: hyperAt(setting)[resource] }),
      ...Object.fromEntries(Object.entries(hyper).map(([name, value]) => [`hyper.${name}`, value])),
    },
    cwd: root,
  });
}

/** Fits and measures on all folds; each fold's metric is a point of `fold_<metric>`. */
async function measureSetting(bench: TrialBench, setting: TrialSetting, run: Run) {
  const { data, plan, metric, signal, timeUp } = bench;
  const stop = [signal, timeUp].filter((one) => one !== undefined);
  const context = {
    seed: plan.seed,
    threads: plan.threads ?? availableParallelism(),
    signal: stop.length > 0 ? AbortSignal.any(stop) : undefined,
  };
  const fit = { ...rowPlanOf(plan), learner: setting.learner, hyper: hyperAt(setting), context };
  const scores = await crossValidate(data, foldsAt(bench, setting), fit, bench);
  const folds = measureFolds(metric, data, scores, bench.oneSeries, quantileOf(setting.hyper));
  for (const [fold, value] of folds.entries()) run.logMetrics({ [`fold_${metric.name}`]: value }, fold + 1);
  const bad = folds.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const what = `The ${metric.name} of fold ${bad + 1} is ${folds[bad]}.`;
    throw new RiskopsError('TRAINING_FAILED', { what });
  }
  const { mean, sd } = summariseValues(folds);
  run.logMetrics({ [metric.name]: mean as number, ...(sd === null ? {} : { [`${metric.name}_sd`]: sd }) });
  return { value: mean, sd, folds };
}
