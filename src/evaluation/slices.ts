import { seededRandom } from '../util/random.js';
import { type Blocks, blockLength, endsOfTimes, sumsOfTimes, widening } from './blocks.js';
import { type Metric, metricNamed, metricsFor, prepareMetric } from './metrics.js';
import { quantile } from './quantile.js';
import { blockDrawer, resampler, rowDrawer } from './resample.js';
import {
  makeSample,
  outputsOf,
  type Sample,
  type SampleOptions,
  squaredErrors,
  type Task,
} from './sample.js';

export interface SliceOptions extends Omit<SampleOptions, 'trainingTarget'> {
  /** Names of the metrics; all of the task when left out. */
  metrics?: readonly string[];
  /** Of each bound by itself, one-sided: 0.975 makes the interval one of 95 %. */
  confidence?: number;
  /** Bootstrap resamples, 1,000; 0 for no intervals. */
  resamples?: number;
  seed?: number;
  /** The time of each row, where rows near in time may be alike: blocks of times are drawn then. */
  times?: Float64Array;
}

/** How good a model is on a part of the rows. */
export interface SliceMetrics {
  slice: string;
  rows: number;
  /** binary: rows of class 1; null for any other task. */
  positives: number | null;
  /** NaN where one cannot be computed, such as the AUC of one class. */
  metrics: Record<string, number>;
  /** Percentile intervals of those that can; null where the rows are too few to say. */
  intervals: Record<string, { lower: number; upper: number }> | null;
}

/** Fewer rows, or fewer of a binary class, show too little of their own spread for a bootstrap. */
const FEWEST_ROWS = 30;
const FEWEST_OF_A_CLASS = 5;

/**
 * Metrics of each slice of the rows, the largest slice first.
 * @param predictions rowCount x outputs, as the task has them
 * @param groups of each row the name of its slice
 * @throws OPTION_INVALID for a metric that the task does not have
 */
export function sliceMetrics(
  task: Task,
  target: Float64Array,
  predictions: Float64Array,
  groups: readonly string[],
  options: SliceOptions = {},
): SliceMetrics[] {
  const outputs = outputsOf(task, target, predictions);
  const asked = options.metrics?.map((name) => metricNamed(name, task)) ?? metricsFor(task, options, target);
  const rowsOf = new Map<string, number[]>();
  for (const [row, name] of groups.entries()) {
    const rows = rowsOf.get(name);
    if (rows === undefined) rowsOf.set(name, [row]);
    else rows.push(row);
  }
  const slices = [...rowsOf].sort(([a, { length: m }], [b, { length: n }]) => n - m || (a < b ? -1 : 1));
  return slices.map(([slice, rows]) => {
    const { times } = options;
    if (times !== undefined) rows.sort((a, b) => times[a] - times[b]);
    const sample = takeSample({ target, predictions, outputs }, rows, options);
    const every = new Float64Array(rows.length).fill(1);
    const metrics = asked.map((metric) => [metric.name, prepareMetric(metric, sample)(every)] as const);
    const positives = sample.target.reduce((sum, label) => sum + label, 0);
    return {
      slice,
      rows: rows.length,
      positives: task === 'binary' ? positives : null,
      metrics: Object.fromEntries(metrics),
      intervals: isEnough(task, rows.length, positives)
        ? intervalsOf(sample, asked, times && Float64Array.from(rows, (row) => times[row]), options)
        : null,
    };
  });
}

function isEnough(task: Task, rows: number, positives: number): boolean {
  if (rows < FEWEST_ROWS) return false;
  return task !== 'binary' || Math.min(positives, rows - positives) >= FEWEST_OF_A_CLASS;
}

function takeSample(
  { target, predictions, outputs }: Pick<Sample, 'target' | 'predictions' | 'outputs'>,
  rows: readonly number[],
  options: SliceOptions,
): Sample {
  const taken = new Float64Array(rows.length * outputs);
  for (const [i, row] of rows.entries())
    for (let k = 0; k < outputs; k++) taken[i * outputs + k] = predictions[row * outputs + k];
  const labels = Float64Array.from(rows, (row) => target[row]);
  return makeSample(labels, taken, { ...options, outputs });
}

/** Every metric on the same resamples. */
function intervalsOf(
  sample: Sample,
  metrics: readonly Metric[],
  times: Float64Array | undefined,
  { confidence = 0.975, resamples = 1000, seed = 0 }: SliceOptions,
): SliceMetrics['intervals'] {
  if (resamples === 0 || metrics.length === 0) return null;
  const { target } = sample;
  const blocks = times && blocksOf(sample, times);
  const drawRows = blocks ? blockDrawer(blocks) : rowDrawer(target.length);
  const draw = resampler(target, metrics[0].task, drawRows, seededRandom(seed));
  const weights = new Float64Array(target.length).fill(1);
  const measures = metrics.map((metric) => prepareMetric(metric, sample));
  const points = measures.map((measure) => measure(weights));
  const values = metrics.map(() => new Float64Array(resamples));
  for (let resample = 0; resample < resamples; resample++) {
    draw(weights);
    for (const [i, measure] of measures.entries()) values[i][resample] = measure(weights);
  }
  const factor = blocks ? widening(blocks, confidence) : 1;
  const found = metrics.map(({ name }, i): [string, { lower: number; upper: number }] => {
    const sorted = values[i].sort();
    const bound = (share: number) => points[i] + factor * (quantile(sorted, share) - points[i]);
    return [name, { lower: bound(1 - confidence), upper: bound(confidence) }];
  });
  return Object.fromEntries(found.filter((_, i) => Number.isFinite(points[i])));
}

/** By how far the squared errors of neighbouring times are alike. */
function blocksOf(sample: Sample, times: Float64Array): Blocks {
  const ends = endsOfTimes(times);
  return { ends, length: blockLength(sumsOfTimes(squaredErrors(sample), ends)) };
}
