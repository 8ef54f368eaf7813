import { RiskopsError } from '../errors.js';
import { suggestWord } from '../util/text.js';
import { type ConfusionMetricName, confusionMetrics, prepareOnClasses } from './class-metrics.js';
import {
  prepareAccuracy,
  prepareBalancedAccuracy,
  prepareClassBrier,
  prepareClassLogLoss,
  prepareMacroAuc,
  prepareMacroF1,
} from './multiclass-metrics.js';
import { prepareBrier, prepareEce, prepareLogLoss } from './probability-metrics.js';
import { prepareAuc, prepareAveragePrecision, prepareKs } from './rank-metrics.js';
import {
  prepareMae,
  prepareMape,
  prepareMase,
  preparePinball,
  prepareR2,
  prepareRmse,
  prepareSmape,
} from './regression-metrics.js';
import {
  firstNonFinite,
  makeSample,
  outputsOf,
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
  /** The option without which it is NaN; `evaluate` leaves it out then. */
  asks?: 'trainingTarget' | 'quantile';
  /** It divides by each target: where one is 0 it is NaN, and `evaluate` leaves it out. */
  dividesByTarget?: true;
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

function onManyClasses(name: string, direction: Metric['direction'], prepare: Prepare): Metric {
  return { name, task: 'multiclass', direction, needs: 'score', prepare };
}

/** Every metric, in the order they are shown; a name may stand once for each task. A new one is a function, a line here and a reference vector. */
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
  { ...onValues('mape', 'less', prepareMape), dividesByTarget: true },
  onValues('smape', 'less', prepareSmape),
  { ...onValues('mase', 'less', prepareMase), asks: 'trainingTarget' },
  { ...onValues('pinball', 'less', preparePinball), asks: 'quantile' },
  onManyClasses('log_loss', 'less', prepareClassLogLoss),
  onManyClasses('accuracy', 'greater', prepareAccuracy),
  onManyClasses('balanced_accuracy', 'greater', prepareBalancedAccuracy),
  onManyClasses('macro_f1', 'greater', prepareMacroF1),
  onManyClasses('macro_auc', 'greater', prepareMacroAuc),
  onManyClasses('brier', 'less', prepareClassBrier),
];

/** The metric of this name; OPTION_INVALID with the nearest name, or with the task that the metric is for. */
export function metricNamed(name: string, task?: Task): Metric {
  const known = metrics.filter((candidate) => task === undefined || candidate.task === task);
  const found = known.find((candidate) => candidate.name === name);
  if (found) return found;
  const metric = metrics.find((candidate) => candidate.name === name);
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

/** One metric of predictions, each row counting once. Predictions have one value a row, those of a multiclass metric one a class. */
export function measure(
  metric: Metric,
  target: Float64Array,
  predictions: Float64Array,
  options: SampleOptions = {},
): number {
  const weights = new Float64Array(target.length).fill(1);
  const outputs = outputsOf(metric.task, target, predictions);
  return prepareMetric(metric, makeSample(target, predictions, { ...options, outputs }))(weights);
}

/**
 * Every metric of the task by name. A metric that cannot be computed is NaN; `mase` is there only when a training
 * target in time order is given, `pinball` only with a quantile, `mape` only where no target is 0.
 */
export function evaluate(
  task: Task,
  target: Float64Array,
  predictions: Float64Array,
  options: SampleOptions = {},
): Record<string, number> {
  const outputs = outputsOf(task, target, predictions);
  const sample = makeSample(target, predictions, { ...options, outputs });
  const weights = new Float64Array(target.length).fill(1);
  const computable = metricsFor(task, options, target);
  return Object.fromEntries(
    computable.map((metric) => [metric.name, prepareMetric(metric, sample)(weights)] as const),
  );
}

/** The metrics of a task that can be computed with these options, and of this target where it is given, in the order they are shown. */
export function metricsFor(task: Task, options: SampleOptions = {}, target?: Float64Array): Metric[] {
  const hasZero = target?.includes(0) ?? false;
  return metrics.filter(
    ({ task: own, asks, dividesByTarget }) =>
      own === task && (asks === undefined || options[asks] !== undefined) && !(hasZero && dividesByTarget),
  );
}

/** So many rows are named in an error. */
const ROWS_NAMED = 5;

/**
 * Refuses a metric that was asked for and that these rows have no number for: one that divides by targets, where some are 0.
 * @param rows of each target the number of its row in the table, from 0
 * @throws OPTION_INVALID which names the rows, from 1
 */
export function checkMetricOn(metric: Metric, target: Float64Array, rows: ArrayLike<number>): void {
  if (metric.dividesByTarget !== true) return;
  const zeros = Array.from(target.keys())
    .filter((at) => target[at] === 0)
    .map((at) => rows[at] + 1)
    .sort((a, b) => a - b);
  if (zeros.length === 0) return;
  const more = zeros.length > ROWS_NAMED ? ` and ${zeros.length - ROWS_NAMED} more` : '';
  const named = `${zeros.slice(0, ROWS_NAMED).join(', ')}${more}`;
  throw new RiskopsError('OPTION_INVALID', {
    what: `The metric ${metric.name} cannot be computed: it divides by the target, which is 0 in ${zeros.length} of ${target.length} rows.`,
    why: `${zeros.length === 1 ? 'It is row' : 'They are rows'} ${named} of the data.`,
    fix: 'the metric mae or smape, which a target of 0 does not trouble',
    details: { metric: metric.name, rows: zeros.slice(0, 1000) },
  });
}

/** How much better `candidate` is than `other`, positive when better whichever way the metric points. */
export function gainOf(metric: Metric, candidate: number, other: number): number {
  return metric.direction === 'greater' ? candidate - other : other - candidate;
}
