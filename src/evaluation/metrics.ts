import { RiskopsError } from '../errors.js';
import { suggestWord } from '../util/text.js';
import { type ConfusionMetricName, confusionMetrics, prepareOnClasses } from './class-metrics.js';
import { prepareBrier, prepareEce, prepareLogLoss } from './probability-metrics.js';
import { prepareAuc, prepareAveragePrecision, prepareKs } from './rank-metrics.js';
import {
  prepareMae,
  prepareMape,
  prepareMase,
  prepareR2,
  prepareRmse,
  prepareSmape,
} from './regression-metrics.js';
import {
  firstNonFinite,
  makeSample,
  type Sample,
  type SampleOptions,
  type Task,
  type Weights,
} from './sample.js';

export interface Metric {
  name: string;
  task: Task;
  /** Which way is better. */
  direction: 'greater' | 'less';
  /** `class` metrics compare with the threshold; `score` metrics see the prediction itself. */
  needs: 'score' | 'class';
  /** Sorts and sums what every weighting shares; the result is the metric of rows that occur `weights` times. */
  prepare(sample: Sample): (weights: Weights) => number;
}

type Prepare = Metric['prepare'];

function onScores(name: string, direction: Metric['direction'], prepare: Prepare): Metric {
  return { name, task: 'binary', direction, needs: 'score', prepare };
}

function onClasses(name: ConfusionMetricName): Metric {
  const prepare = prepareOnClasses(confusionMetrics[name]);
  return { name, task: 'binary', direction: 'greater', needs: 'class', prepare };
}

function onValues(name: string, direction: Metric['direction'], prepare: Prepare): Metric {
  return { name, task: 'regression', direction, needs: 'score', prepare };
}

/** Every metric, in the order they are shown. A new one is a function, a line here and a reference vector. */
export const metrics: readonly Metric[] = [
  onScores('auc', 'greater', prepareAuc),
  onScores('ks', 'greater', prepareKs),
  onScores('average_precision', 'greater', prepareAveragePrecision),
  onScores('brier', 'less', prepareBrier),
  onScores('log_loss', 'less', prepareLogLoss),
  onScores('ece', 'less', prepareEce),
  onClasses('accuracy'),
  onClasses('balanced_accuracy'),
  onClasses('precision'),
  onClasses('recall'),
  onClasses('f1'),
  onValues('rmse', 'less', prepareRmse),
  onValues('mae', 'less', prepareMae),
  onValues('r2', 'greater', prepareR2),
  onValues('mape', 'less', prepareMape),
  onValues('smape', 'less', prepareSmape),
  onValues('mase', 'less', prepareMase),
];

/** The metric of this name; OPTION_INVALID with the nearest name, or with the task that the metric is for. */
export function metricNamed(name: string, task?: Task): Metric {
  const metric = metrics.find((candidate) => candidate.name === name);
  const known = metrics.filter((candidate) => task === undefined || candidate.task === task);
  if (metric && known.includes(metric)) return metric;
  const names = known.map((candidate) => candidate.name);
  throw new RiskopsError('OPTION_INVALID', {
    what: metric ? `The metric "${name}" is for ${metric.task} models.` : `No metric is called "${name}".`,
    why: metric
      ? `This is a ${task} model: it has ${names.join(', ')}.`
      : `Of the metrics: ${suggestWord(name, names)}`,
    fix: `one of ${names.join(', ')}`,
    details: { metric: name, metrics: names },
  });
}

/** The metric as a function of row weights; NaN for every weighting when a target or a prediction is not finite. */
export function prepareMetric(metric: Metric, sample: Sample): (weights: Weights) => number {
  const rows = sample.target.length;
  if (rows === 0 || firstNonFinite(sample.target) >= 0 || firstNonFinite(sample.predictions) >= 0) {
    return () => Number.NaN;
  }
  return metric.prepare(sample);
}

/** One metric of predictions, each row counting once. Target and predictions have one value a row. */
export function measure(
  metric: Metric,
  target: Float64Array,
  predictions: Float64Array,
  options: SampleOptions = {},
): number {
  const weights = new Float64Array(target.length).fill(1);
  return prepareMetric(metric, makeSample(target, predictions, options))(weights);
}

/**
 * Every metric of the task by name. A metric that cannot be computed is NaN; `mase` is there only when a training
 * target in time order is given.
 */
export function evaluate(
  task: Task,
  target: Float64Array,
  predictions: Float64Array,
  options: SampleOptions = {},
): Record<string, number> {
  const sample = makeSample(target, predictions, options);
  const weights = new Float64Array(target.length).fill(1);
  const computable = metrics.filter(
    (metric) => metric.task === task && (metric.name !== 'mase' || options.trainingTarget !== undefined),
  );
  return Object.fromEntries(
    computable.map((metric) => [metric.name, prepareMetric(metric, sample)(weights)] as const),
  );
}

/** How much better `candidate` is than `other`, positive when better whichever way the metric points. */
export function gainOf(metric: Metric, candidate: number, other: number): number {
  return metric.direction === 'greater' ? candidate - other : other - candidate;
}
