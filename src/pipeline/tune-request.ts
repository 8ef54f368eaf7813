import { RiskopsError } from '../errors.js';
import { checkMetricOn, type Metric, metricNamed } from '../evaluation/metrics.js';
import { quantileOf } from '../models/hyper.js';
import { checkPromise, type FoldMethod, methodOf, methodText, parseMethod } from './evaluate-method.js';
import { policyFor } from './policy-in-force.js';
import type { PreparedTraining } from './prepare-training.js';

export const SEARCHES = ['random', 'halving'] as const;

/** What a search is asked for. */
export interface TuneRequest {
  search: (typeof SEARCHES)[number];
  /** Settings to try; 20 at random, 27 for halving. With `seconds` alone there is no limit to their number at random. */
  trials: number | null;
  /** No trial goes on for longer. */
  seconds: number | null;
  /** The gate's metric when null. */
  metric: string | null;
  /** `kfold:3` and the like; what keeps the promise of the split when null. */
  method: string | null;
}

const FOLDS = 3;
const DEFAULT_TRIALS = { random: 20, halving: 27 };
/** Trials of a search whose budget is in seconds. */
const NO_LIMIT = 100_000;

export function trialsOf({ search, trials, seconds }: TuneRequest): number {
  if (trials !== null) return trials;
  return seconds !== null && search === 'random' ? NO_LIMIT : DEFAULT_TRIALS[search];
}

/**
 * The folds of the training rows that a search measures on.
 * @throws OPTION_INVALID, SPLIT_INVALID for folds that break the promise of the split
 */
export function foldMethod(text: string | null, { split }: PreparedTraining['data']): FoldMethod {
  const method = text === null ? methodOf(split, FOLDS) : parseMethod(text);
  if (method.kind === 'holdout')
    throw new RiskopsError('OPTION_INVALID', {
      what: 'The held-out rows are no method to choose by.',
      why: 'They judge the candidate in the end, and would no longer surprise: the choice is made on folds of the training rows.',
      fix: `--method ${methodText(methodOf(split, FOLDS))}`,
    });
  checkPromise(method, split);
  return method;
}

/**
 * The one metric that all trials are compared by.
 * @throws OPTION_INVALID for one that there is not, or that these rows cannot have
 */
export function metricOf(
  name: string | null,
  { plan, hyper, data }: PreparedTraining,
  oneSeries: boolean,
): Metric {
  const { task, y } = data.target;
  const { train } = data.parts;
  const metric = metricNamed(name ?? policyFor(task, hyper, plan.policy).metric, task);
  const learned = Float64Array.from(train, (row) => y[row]);
  checkMetricOn(metric, learned, train);
  const { asks } = metric;
  const has = asks === 'trainingTarget' ? oneSeries : quantileOf(hyper) !== undefined;
  if (asks === undefined || has) return metric;
  throw new RiskopsError('OPTION_INVALID', {
    what: `The metric ${metric.name} cannot be computed on these folds.`,
    why:
      asks === 'trainingTarget'
        ? 'It is scaled by the past of one series in time order, and these rows are none.'
        : 'It is for predicted quantiles, and this learner predicts none.',
    fix:
      asks === 'trainingTarget'
        ? '--metric with another one'
        : '--learner gradient-boosting --set loss=quantile --set quantile=0.9, or another --metric',
  });
}
