import { gainOf, type Metric } from '../evaluation/metrics.js';
import type { Learner } from '../models/learner.js';
import { type Sampled, sampleTrials } from './tune-sample.js';
import type { Trial, TrialSetting } from './tune-trial.js';

/** Of each rung of a successive halving one in so many goes on. */
const KEEP_ONE_IN = 3;
/** Rungs at most: the first has a ninth of the resource. */
const MOST_RUNGS = 3;

/** Options that say how long a learner works at a fit, of which a part is a fit as well. */
const RESOURCES = ['trees', 'epochs', 'rounds', 'iterations'];

export interface SearchPlan {
  learner: Learner;
  /** Options that are as they were given. */
  given: Readonly<Record<string, unknown>>;
  search: 'random' | 'halving';
  trials: number;
  seed: number;
  metric: Metric;
}

/** How much of a search is done, in fits of the full resource. */
export interface SearchProgress {
  done: number;
  of: number;
}

type Measure = (setting: TrialSetting, progress: SearchProgress) => Promise<Trial>;

/** The option that a learner's resource is; null for one whose resource is the rows. */
function resourceOf({ options }: Learner): string | null {
  return options.find(({ name, integer }) => integer === true && RESOURCES.includes(name))?.name ?? null;
}

/** The finished trials, best first; of equal ones the earlier. Those with a larger share of the resource come before all others. */
export function rankTrials(trials: readonly Trial[], metric: Metric): Trial[] {
  return trials
    .filter((trial) => trial.value !== null)
    .sort(
      (a, b) =>
        b.share - a.share || gainOf(metric, b.value as number, a.value as number) || a.trial - b.trial,
    );
}

/** The trials of a search in their order. @throws as `sampleTrials` */
export function drawnFor({ learner, given, search, seed }: SearchPlan): Generator<Sampled, void> {
  return sampleTrials(learner, given, seed, search === 'halving' ? resourceOf(learner) : null);
}

/**
 * Random search, or successive halving (Jamieson & Talwalkar, Non-stochastic Best Arm Identification and Hyperparameter Optimization,
 * 2016): all settings with a part of the resource, the best third of them with three times as much, and so on up to all of it.
 * @param measure may throw to end the search
 */
export async function searchTrials(plan: SearchPlan, measure: Measure): Promise<void> {
  const drawn = drawnFor(plan);
  if (plan.search === 'random') return randomly(plan, drawn, measure);
  const settings: Sampled[] = [];
  for (const sampled of drawn) if (settings.push(sampled) >= plan.trials) break;
  return halving(plan, settings, measure);
}

async function randomly(
  { learner, trials }: SearchPlan,
  drawn: Generator<Sampled, void>,
  measure: Measure,
): Promise<void> {
  let done = 0;
  for (const sampled of drawn) {
    await measure({ ...sampled, learner, share: 1, resource: null }, { done, of: trials });
    if (++done >= trials) return;
  }
}

/** Settings of each rung and their share of the resource, the first rung first. */
export function rungsOf(count: number): { count: number; share: number }[] {
  const most = Math.floor(Math.log(count) / Math.log(KEEP_ONE_IN) + 1e-9);
  const rungs = Math.min(MOST_RUNGS, 1 + most);
  return Array.from({ length: rungs }, (_, rung) => ({
    count: Math.ceil(count / KEEP_ONE_IN ** rung),
    share: 1 / KEEP_ONE_IN ** (rungs - 1 - rung),
  }));
}

async function halving(
  { learner, metric }: SearchPlan,
  settings: Sampled[],
  measure: Measure,
): Promise<void> {
  const resource = resourceOf(learner);
  const rungs = rungsOf(settings.length);
  const of = rungs.reduce((sum, { count, share }) => sum + count * share, 0);
  let done = 0;
  let racing = settings;
  for (const { count, share } of rungs) {
    const found: Trial[] = [];
    for (const { trial, hyper } of racing.slice(0, count)) {
      found.push(await measure({ trial, hyper, learner, share, resource }, { done, of }));
      done += share;
    }
    racing = rankTrials(found, metric);
  }
}
