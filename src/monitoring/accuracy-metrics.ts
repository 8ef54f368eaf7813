import type { TargetTask } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import {
  aucEstimate,
  type Estimate,
  macroF1Estimate,
  meanEstimate,
  r2Estimate,
  rmseEstimate,
  shareEstimate,
} from '../evaluation/estimates.js';
import { suggestWord } from '../util/text.js';
import type { MetricEstimate } from './accuracy-types.js';

/** Predictions with their outcomes. */
export interface Answered {
  /** Binary: 0 or 1; regression: the value; multiclass: the number of the class. */
  target: Float64Array;
  /** Binary: the probability of 1; regression: the value; multiclass: the probability that the true class had. */
  prediction: Float64Array;
  /** The class that the row was called, as a number like those of `target`; 0 for a regression. */
  called: Int32Array;
  /** How many classes there are; 0 for a regression. */
  classes: number;
}

/** Fewer outcomes, or fewer of a class, show too little of their own spread for an interval. */
export const FEWEST_OUTCOMES = 30;
const FEWEST_OF_A_CLASS = 5;

interface LiveMetric {
  name: string;
  /** It compares the two classes, so a few rows of each are needed. */
  needsBoth?: true;
  of(rows: Answered): Estimate | string;
}

/** Clipped as in `prepareLogLoss`. */
const nats = (share: number) => -Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, share)));

/** The mean of losses, none of which is below 0: nor is any mean of them. */
function lossEstimate(losses: Float64Array): Estimate {
  const { value, lower, upper } = meanEstimate(losses);
  return { value, lower: Math.max(0, lower), upper };
}

const logLoss = ({ target, prediction }: Answered) =>
  lossEstimate(prediction.map((p, row) => nats(target[row] === 1 ? p : 1 - p)));

const squared = ({ target, prediction }: Answered) =>
  lossEstimate(prediction.map((p, row) => (p - target[row]) ** 2));

const errorsOf = ({ target, prediction }: Answered) => prediction.map((p, row) => p - target[row]);

function hitShare({ target, called }: Answered): Estimate {
  let hits = 0;
  for (let row = 0; row < called.length; row++) if (called[row] === target[row]) hits++;
  return shareEstimate(hits, called.length);
}

/** Of the rows that are 1 in `of`, the share that is 1 in `hit` too. */
function shareWithin(of: ArrayLike<number>, hit: ArrayLike<number>, none: string): Estimate | string {
  let [all, both] = [0, 0];
  for (let row = 0; row < of.length; row++) {
    if (of[row] !== 1) continue;
    all++;
    if (hit[row] === 1) both++;
  }
  return all === 0 ? none : shareEstimate(both, all);
}

const LIVE_METRICS: Record<TargetTask, readonly LiveMetric[]> = {
  binary: [
    { name: 'auc', needsBoth: true, of: ({ target, prediction }) => aucEstimate(target, prediction) },
    { name: 'log_loss', of: logLoss },
    { name: 'brier', of: squared },
    { name: 'accuracy', of: hitShare },
    {
      name: 'precision',
      of: ({ target, called }) => shareWithin(called, target, 'no row was called positive'),
    },
    { name: 'recall', of: ({ target, called }) => shareWithin(target, called, 'no outcome is positive') },
  ],
  regression: [
    { name: 'rmse', of: (rows) => rmseEstimate(errorsOf(rows)) },
    { name: 'mae', of: (rows) => lossEstimate(errorsOf(rows).map(Math.abs)) },
    { name: 'bias', of: (rows) => meanEstimate(errorsOf(rows)) },
    { name: 'r2', of: ({ target, prediction }) => r2Estimate(target, prediction) },
  ],
  multiclass: [
    { name: 'log_loss', of: ({ prediction }) => lossEstimate(prediction.map(nats)) },
    { name: 'accuracy', of: hitShare },
    {
      name: 'macro_f1',
      of: ({ target, called, classes }) => macroF1Estimate(Int32Array.from(target), called, classes),
    },
  ],
};

/** The names of all metrics that some task has. */
export const allLiveMetrics = (): string[] => [
  ...new Set(Object.values(LIVE_METRICS).flatMap((metrics) => metrics.map(({ name }) => name))),
];

/** Which way is better; null for one that has no better way, such as the bias. */
export const directionOf = (name: string): 'greater' | 'less' | null =>
  name === 'bias' ? null : ['log_loss', 'brier', 'rmse', 'mae'].includes(name) ? 'less' : 'greater';

/**
 * The names of the metrics that outcomes are measured by.
 * @throws RiskopsError OPTION_INVALID for one that the task does not have
 */
export function liveMetricNames(task: TargetTask, asked?: readonly string[]): string[] {
  const names = LIVE_METRICS[task].map(({ name }) => name);
  const unknown = asked?.find((name) => !names.includes(name));
  if (unknown === undefined) return asked === undefined ? names : [...new Set(asked)];
  throw new RiskopsError('OPTION_INVALID', {
    what: `The accuracy of a ${task} model has no metric "${unknown}".`,
    why: suggestWord(unknown, names),
    fix: `one of ${names.join(', ')}`,
    details: { metric: unknown, metrics: names },
  });
}

/** Each metric of the rows, with its interval or the reason why it has none. */
export function estimateMetrics(
  task: TargetTask,
  names: readonly string[],
  rows: Answered,
): MetricEstimate[] {
  const positives = task === 'binary' ? rows.target.reduce((sum, label) => sum + label, 0) : 0;
  const ofFewer = Math.min(positives, rows.target.length - positives);
  const which = positives === ofFewer ? 'positive' : 'negative';
  return names.map((name): MetricEstimate => {
    const metric = LIVE_METRICS[task].find((one) => one.name === name);
    const isShort = metric?.needsBoth === true && ofFewer < FEWEST_OF_A_CLASS;
    const found = isShort
      ? `${ofFewer} ${which} outcomes: too few, ${FEWEST_OF_A_CLASS} are needed`
      : (metric?.of(rows) ?? 'unknown');
    if (typeof found === 'string') return { name, value: null, lower: null, upper: null, why: found };
    if (Number.isFinite(found.value) && Number.isFinite(found.lower) && Number.isFinite(found.upper))
      return { name, ...found, why: null };
    const why = name === 'r2' ? 'the outcomes are all equal' : 'it is no finite number';
    return { name, value: null, lower: null, upper: null, why };
  });
}
