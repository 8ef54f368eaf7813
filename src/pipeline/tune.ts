import { splitKeys } from '../datasets/split-column.js';
import type { Parts } from '../datasets/split-rule.js';
import type { Metric } from '../evaluation/metrics.js';
import type { Hyper } from '../models/learner.js';
import type { Store } from '../storage/store.js';
import { type Run, type StartRunOptions, startRun } from '../tracking/runs.js';
import { endByError } from './end-run.js';
import { type FoldMethod, foldsBy, methodText } from './evaluate-method.js';
import { recordedSplit } from './holdout.js';
import type { PreparedTraining } from './prepare-training.js';
import { recordedSource } from './source-paths.js';
import { type Clock, TimeUp, timeLimit, untilTimeUp } from './tune-clock.js';
import { type FoundTrials, TrialLog } from './tune-log.js';
import { finishedTrials, keepTune } from './tune-record.js';
import { foldMethod, metricOf, type TuneRequest, trialsOf } from './tune-request.js';
import { searchedOptions } from './tune-sample.js';
import { drawnFor, type SearchPlan, type SearchProgress, searchTrials } from './tune-search.js';
import { measureTrial, type Trial, type TrialBench, type TrialSetting, trialKey } from './tune-trial.js';

export interface TuneOptions {
  /** The project's folder: paths on record are relative to it where they can be. */
  root: string;
  labels?: Pick<StartRunOptions, 'name' | 'group' | 'parent' | 'note' | 'tags'>;
  /** The whole id of a search that goes on; trials that it finished are not done again. */
  resume?: string;
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
  /** What a shell has to be told besides the options to train on the same rows, kept for a search that goes on. */
  words?: readonly string[];
  /** Told the id of the search's run as soon as it is on record. */
  onStart?: (runId: string) => void;
}

export interface TuneResult extends FoundTrials {
  run_id: string;
  model: string;
  learner: string;
  search: string;
  metric: string;
  direction: 'greater' | 'less';
  method: string;
  /** Training rows that the folds were made of, and how many folds. */
  rows: number;
  folds: number;
  /** The options to train with: those that were given, and those that were searched. */
  settings: Hyper;
  /** The learner's defaults, with what was given, on the same folds; null when they were not measured to the end. */
  defaults: Trial | null;
  /** Whether the time was up before all trials were done. */
  time_up: boolean;
  duration_ms: number;
}

/** Whether the rows are one series in time order: no time occurs twice. */
export function isOneSeries(method: FoldMethod, { table, parts }: PreparedTraining['data']): boolean {
  if (method.kind !== 'rolling') return false;
  const keys = splitKeys(table, method.column, parts.train, 'time');
  return new Set(Array.from(parts.train, (row) => keys[row])).size === parts.train.length;
}

/** A search that can be made: its folds, and what decides. */
export interface PreparedSearch {
  training: PreparedTraining;
  request: TuneRequest;
  method: FoldMethod;
  folds: Parts[];
  /** The rows are one series in time order. */
  oneSeries: boolean;
  search: SearchPlan;
}

/**
 * Finds what can be wrong with a search before a store is made and before a run is on record.
 * @throws OPTION_INVALID, LEARNER_OPTION_INVALID, SPLIT_INVALID
 */
export function prepareSearch(training: PreparedTraining, request: TuneRequest): PreparedSearch {
  const { plan, learner, data } = training;
  const method = foldMethod(request.method, data);
  const oneSeries = isOneSeries(method, data);
  const metric = metricOf(request.metric, training, oneSeries);
  const facts = { search: request.search, trials: trialsOf(request), seed: plan.seed };
  const search = { learner, given: plan.hyper, metric, ...facts };
  drawnFor(search);
  const folds = foldsBy(method, data, data.parts.train, plan.seed);
  return { training, request, method, folds, oneSeries, search };
}

/**
 * Looks for the learner's best options on folds of the training rows; the held-out rows are never looked at. Each trial is a run below the
 * search's own. A search that is stopped keeps what it did, and may go on.
 * @throws TRAINING_FAILED when every trial failed; the signal's reason when it is aborted
 */
export async function tune(
  store: Store,
  prepared: PreparedSearch,
  options: TuneOptions,
): Promise<TuneResult> {
  const started = performance.now();
  const { training, request, method, folds, oneSeries, search } = prepared;
  const { plan, data } = training;
  const { metric } = search;
  const run = await startTuneRun(store, prepared, options);
  options.onStart?.(run.id);
  const clock = timeLimit(request.seconds);
  try {
    const bench: TrialBench = {
      ...{ store, parent: run, data, plan, folds, metric, oneSeries },
      forward: method.kind === 'rolling',
      root: options.root,
      signal: options.signal,
      timeUp: clock.timeUp,
    };
    const before = options.resume === undefined ? new Map() : await finishedTrials(store, run.id);
    const log = new TrialLog(run, metric, options.onProgress);
    const timeUp = await untilTimeUp(() =>
      searchTrials(search, (setting, progress) => measureOnce(bench, before, log, clock, setting, progress)),
    );
    const found = log.result();
    await keepResult(run, found, metric);
    await run.end();
    return {
      ...{ run_id: run.id, model: plan.model, learner: training.learner.name, search: request.search },
      ...{ metric: metric.name, direction: metric.direction, method: methodText(method) },
      rows: data.parts.train.length,
      folds: folds.length,
      ...found,
      settings: settingsOf(training, found.best),
      defaults: found.trials.find(({ trial, share }) => trial === 0 && share === found.best.share) ?? null,
      time_up: timeUp,
      duration_ms: Math.round(performance.now() - started),
    };
  } catch (error) {
    await endByError(run, error, options.signal);
    throw error;
  } finally {
    clock.stop();
  }
}

async function startTuneRun(
  store: Store,
  { training, request, method, search }: PreparedSearch,
  { root, labels, resume, words = [] }: TuneOptions,
): Promise<Run> {
  const { plan, data, learner } = training;
  const given = Object.entries(plan.hyper).map(([name, value]) => [`hyper.${name}`, value]);
  const run = await startRun(store, {
    ...labels,
    kind: 'tune',
    model: plan.model,
    resume,
    params: {
      data: recordedSource(root, plan.data),
      data_sha256: data.source.sha256,
      target: plan.target,
      task: data.target.task,
      learner: learner.name,
      engine: learner.engine,
      split: recordedSplit(root, plan.split),
      seed: plan.seed,
      search: request.search,
      trials: search.trials,
      seconds: request.seconds ?? undefined,
      metric: search.metric.name,
      method: methodText(method),
      ...Object.fromEntries(given),
    },
    cwd: root,
  });
  try {
    const kept = { ...request, metric: search.metric.name, method: methodText(method) };
    await keepTune(run, kept, training, { root, words });
    return run;
  } catch (error) {
    await run.fail(error);
    throw error;
  }
}

async function measureOnce(
  bench: TrialBench,
  before: ReadonlyMap<string, Trial>,
  log: TrialLog,
  clock: Clock,
  setting: TrialSetting,
  progress: SearchProgress,
): Promise<Trial> {
  bench.signal?.throwIfAborted();
  const { learner, share, hyper } = setting;
  const known = before.get(trialKey(learner.name, String(share), hyper));
  if (known !== undefined) return log.add({ ...known, ...setting });
  if (log.hasResult && clock.isOver()) throw new TimeUp();
  log.tell(setting, progress);
  const trial = log.add(await measureTrial(bench, setting));
  if (log.hasResult) clock.arm();
  return trial;
}

async function keepResult(run: Run, { best }: Pick<TuneResult, 'best'>, metric: Metric): Promise<void> {
  const own = Object.entries(best.hyper).map(([name, value]) => [`best.${name}`, value]);
  await run.logParams({ 'best.trial': best.trial, 'best.run': best.run_id, ...Object.fromEntries(own) });
  run.logMetrics({ [metric.name]: best.value as number });
}

function settingsOf({ learner, plan }: PreparedTraining, { hyper, resource }: Trial): Hyper {
  const names = searchedOptions(learner, plan.hyper, resource).map(({ name }) => name);
  return Object.fromEntries([...Object.keys(plan.hyper), ...names].map((name) => [name, hyper[name]]));
}
