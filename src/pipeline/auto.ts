import type { Parts } from '../datasets/split-rule.js';
import { RiskopsError } from '../errors.js';
import type { Hyper } from '../models/learner.js';
import type { Store } from '../storage/store.js';
import { type Run, type StartRunOptions, startRun } from '../tracking/runs.js';
import { type AutoLimits, type Contestant, contestantsFor } from './auto-learners.js';
import { endByError } from './end-run.js';
import { type FoldMethod, foldsBy, methodOf, methodText } from './evaluate-method.js';
import { type PreparedTraining, prepareTraining } from './prepare-training.js';
import { recordedSource } from './source-paths.js';
import type { TrainPlan } from './train-plan.js';
import { isOneSeries } from './tune.js';
import { TimeUp, timeLimit, untilTimeUp } from './tune-clock.js';
import { TrialLog } from './tune-log.js';
import { metricOf } from './tune-request.js';
import { sampleTrials, searchedOptions } from './tune-sample.js';
import { rankTrials } from './tune-search.js';
import { measureTrial, type Trial, type TrialBench, type TrialSetting } from './tune-trial.js';

export interface AutoOptions extends AutoLimits {
  /** Settings to try of each of the two best learners, where rows are many; 0 for none. */
  trials: number;
  /** How long these may take, in seconds. */
  seconds: number;
  /** The project's folder: paths on record are relative to it where they can be. */
  root: string;
  labels?: Pick<StartRunOptions, 'name' | 'group' | 'parent' | 'note' | 'tags'>;
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
}

/** A learner that was tried. */
export interface AutoRow {
  learner: string;
  hyper: Hyper;
  /** The options that are not the learner's defaults. */
  changed: Hyper;
  /** The mean over the folds; null when it failed. */
  value: number | null;
  sd: number | null;
  error: string | null;
  run_id: string;
}

export interface ChosenLearner {
  learner: string;
  hyper: Hyper;
  /** Of the choice; each learner that was tried is a run below it. */
  run_id: string;
  metric: string;
  method: string;
  rows: number;
  /** All that were tried, the best first, then those that failed. */
  table: AutoRow[];
  /** The training with the chosen learner, its data read already. */
  training: PreparedTraining;
}

/** The learner that stands for a choice. */
export const AUTO = 'auto';
const TUNED_LEARNERS = 2;
/** Many rows need fewer folds for a mean that can be trusted. */
const FOLDS = { few: 5, many: 3 };

/** A choice that can be made: its data read, and what will be tried. */
export interface PreparedChoice {
  training: PreparedTraining;
  contestants: Contestant[];
  /** Rows with a target. */
  rows: number;
  method: FoldMethod;
  folds: Parts[];
}

/**
 * Finds what can be wrong with a choice before a store is made and before a run is on record.
 * @param plan its learner is `auto`; options of a learner would have no meaning
 * @throws DATA_NOT_SUFFICIENT, LEARNER_OPTION_INVALID, SPLIT_INVALID when no fold can be made, and as `prepareTraining`
 */
export async function prepareChoice(
  plan: TrainPlan,
  limits: AutoLimits,
  onProgress?: (text: string) => void,
): Promise<PreparedChoice> {
  if (Object.keys(plan.hyper).length > 0)
    throw new RiskopsError('LEARNER_OPTION_INVALID', {
      what: `--set ${Object.keys(plan.hyper)[0]} has no meaning with --learner ${AUTO}.`,
      why: 'Which options there are depends on the learner that is chosen.',
      fix: 'name a learner, or leave out --set',
    });
  const training = await prepareTraining({ ...plan, learner: 'dummy', engine: 'riskops' }, onProgress);
  const { data } = training;
  const { train, test } = data.parts;
  const rows = train.length + test.length;
  const contestants = contestantsFor(data.target.task, rows, limits);
  const method = methodOf(data.split, rows >= limits.many ? FOLDS.many : FOLDS.few);
  return { training, rows, contestants, method, folds: foldsBy(method, data, train, plan.seed) };
}

/**
 * Chooses a learner by cross-validation on the training rows alone: which are tried depends on the number of rows, and where there are
 * many the two best are tuned within a budget. The held-out rows are never looked at.
 * @throws TRAINING_FAILED when all fail, and the signal's reason when it is aborted
 */
export async function chooseLearner(
  store: Store,
  { training, contestants, rows, method, folds }: PreparedChoice,
  options: AutoOptions,
): Promise<ChosenLearner> {
  const { data, plan } = training;
  const oneSeries = isOneSeries(method, data);
  const metric = metricOf(null, training, oneSeries);
  const facts = { metric: metric.name, method: methodText(method) };
  const run = await startAutoRun(store, training, options, facts);
  try {
    const log = new TrialLog(run, metric, options.onProgress);
    const bench: TrialBench = {
      ...{ store, parent: run, data, plan, folds, metric, oneSeries },
      forward: method.kind === 'rolling',
      root: options.root,
      signal: options.signal,
    };
    const tried: Trial[] = [];
    for (const one of contestants)
      tried.push(await tryOne(bench, log, settingOf(one, tried.length), contestants.length));
    if (rows >= options.many && options.trials > 0) await tuneBest(bench, log, tried, options);
    const { best, trials, failed } = log.result();
    await keepChoice(run, best, metric.name);
    await run.end();
    return {
      learner: best.learner.name,
      hyper: best.hyper,
      run_id: run.id,
      ...facts,
      rows,
      table: [...trials, ...failed].map(rowOf),
      training: chosenTraining(training, best),
    };
  } catch (error) {
    await endByError(run, error, options.signal);
    throw error;
  }
}

function startAutoRun(
  store: Store,
  { plan, data }: PreparedTraining,
  { labels, root, least, few, many, trials, seconds }: AutoOptions,
  facts: { metric: string; method: string },
): Promise<Run> {
  return startRun(store, {
    ...labels,
    kind: AUTO,
    model: plan.model,
    params: {
      data: recordedSource(root, plan.data),
      data_sha256: data.source.sha256,
      ...{ target: plan.target, task: data.target.task, split: plan.split, seed: plan.seed },
      ...{ least, few, many, trials, seconds },
      ...facts,
    },
    cwd: root,
  });
}

const settingOf = ({ learner, hyper }: Contestant, trial: number): TrialSetting => ({
  ...{ trial, learner, hyper },
  share: 1,
  resource: null,
});

async function tryOne(bench: TrialBench, log: TrialLog, setting: TrialSetting, of: number): Promise<Trial> {
  bench.signal?.throwIfAborted();
  log.tell(setting, { done: setting.trial, of });
  return log.add(await measureTrial(bench, setting));
}

/** Draws settings of the best learners in turn, so that a short time is shared fairly. */
async function tuneBest(
  bench: TrialBench,
  log: TrialLog,
  tried: readonly Trial[],
  { trials: count, seconds }: AutoOptions,
): Promise<void> {
  const best = [...new Set(rankTrials(tried, bench.metric).map(({ learner }) => learner))]
    .filter((learner) => searchedOptions(learner, {}).length > 0)
    .slice(0, TUNED_LEARNERS);
  const searches = best.map((learner) => ({ learner, drawn: sampleTrials(learner, {}, bench.plan.seed) }));
  // The first draw is the learner's defaults, which were measured already.
  for (const { drawn } of searches) drawn.next();
  const of = tried.length + count * searches.length;
  let trial = tried.length;
  const clock = timeLimit(seconds);
  clock.arm();
  const round = async () => {
    for (const { learner, drawn } of searches) {
      const next = drawn.next();
      if (next.done === true) continue;
      if (clock.isOver()) throw new TimeUp();
      const setting = settingOf({ learner, hyper: next.value.hyper }, trial++);
      await tryOne({ ...bench, timeUp: clock.timeUp }, log, setting, of);
    }
  };
  try {
    await untilTimeUp(async () => {
      for (let done = 0; done < count; done++) await round();
    });
  } finally {
    clock.stop();
  }
}

async function keepChoice(
  run: Run,
  { learner, hyper, value, trial, run_id }: Trial,
  metric: string,
): Promise<void> {
  const own = Object.entries(hyper).map(([name, given]) => [`best.${name}`, given]);
  await run.logParams({
    'best.learner': learner.name,
    'best.trial': trial,
    'best.run': run_id,
    ...Object.fromEntries(own),
  });
  run.logMetrics({ [metric]: value as number });
}

function rowOf({ learner, hyper, value, sd, error, run_id }: Trial): AutoRow {
  const changed = learner.options.filter(({ name, default: usual }) => hyper[name] !== usual);
  return {
    learner: learner.name,
    hyper,
    changed: Object.fromEntries(changed.map(({ name }) => [name, hyper[name]])),
    ...{ value, sd, error, run_id },
  };
}

function chosenTraining(training: PreparedTraining, { learner, hyper }: Trial): PreparedTraining {
  const plan = { ...training.plan, learner: learner.name, engine: learner.engine, hyper: { ...hyper } };
  return { ...training, plan, learner, hyper };
}
