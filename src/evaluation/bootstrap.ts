import { seededRandom } from '../util/random.js';
import { type Blocks, blockLength, endsOfTimes, sumsOfTimes, widening } from './blocks.js';
import { gainOf, type Metric, prepareMetric } from './metrics.js';
import { quantile } from './quantile.js';
import { blockDrawer, resampler, rowDrawer } from './resample.js';
import { makeSample, outputsOf, type SampleOptions, squaredErrors, type Weights } from './sample.js';

/** A model's predictions for the holdout rows, and its threshold when it has one. */
export interface Scored {
  predictions: Float64Array;
  threshold?: number | null;
}

/** A question to the bootstrap: by how much is `candidate` better than `other` in this metric? */
export interface Comparison {
  metric: Metric;
  candidate: Scored;
  other: Scored;
}

export interface BootstrapOptions extends Omit<SampleOptions, 'threshold'> {
  /** 2,000. */
  resamples?: number;
  /** One-sided: the true gain is above `lower` with this confidence, and below `upper` with the same; 0.95. */
  confidence?: number;
  seed?: number;
  /** The time of each row, where rows near in time may be alike; without it they are taken for independent. */
  times?: Float64Array;
  /** With `times`: consecutive rows in one block. `auto`: as `blockLength` tells from the loss difference of each two models. */
  blockRows?: 'auto' | number;
}

export interface GainInterval {
  /** The metric of `candidate` and of `other` on the rows as they are. */
  candidate: number;
  other: number;
  /** Their difference, positive when the candidate is better whichever way the metric points. */
  gain: number;
  lower: number;
  upper: number;
  confidence: number;
  resamples: number;
  /** Standard deviation of the gain over the resamples. */
  se: number;
  /** How many times the rows have, and how many of them were drawn in one block; null where rows were drawn one by one. */
  blocks: { times: number; length: number } | null;
}

/**
 * Percentile intervals of gains by the paired bootstrap (Efron & Tibshirani 1993, chapter 13): each resample
 * draws rows with replacement, and every comparison sees the same resamples, so what moves both models alike
 * cancels out. A resample is kept as one count a row, so nothing is sorted twice.
 *
 * Rows are drawn without regard to their class: with fixed class counts (stratified) the chance in the share of
 * positives is left out, and intervals of Brier score, log loss and accuracy come out too narrow. A resample of one
 * class alone, where the rows have more, is drawn again. The result does not depend on the order of the rows.
 *
 * Rows must be independent of one another, unless `times` are given: then blocks of consecutive times are drawn
 * (circular block bootstrap: Politis & Romano, 1992), rows of one time together, and the intervals are widened for the
 * number of blocks. Each `other` model has a block length of its own, so only its own comparisons share resamples.
 */
export function pairedBootstrap(
  target: Float64Array,
  comparisons: readonly Comparison[],
  options: BootstrapOptions = {},
): GainInterval[] {
  if (options.times === undefined) return resampleGains(target, comparisons, options);
  const found = new Map<Comparison, GainInterval>();
  for (const other of new Set(comparisons.map((comparison) => comparison.other))) {
    const own = comparisons.filter((comparison) => comparison.other === other);
    for (const [i, interval] of resampleGains(target, own, options).entries()) found.set(own[i], interval);
  }
  return comparisons.map((comparison) => found.get(comparison) as GainInterval);
}

/** All comparisons on the same resamples. */
function resampleGains(
  target: Float64Array,
  comparisons: readonly Comparison[],
  options: BootstrapOptions,
): GainInterval[] {
  const {
    resamples = 2000,
    confidence = 0.95,
    seed = 0,
    times,
    blockRows = 'auto',
    ...sampleOptions
  } = options;
  const order = canonicalOrder(target, comparisons, times);
  const sortedTarget = take(target, order);
  const evaluators = prepareEvaluators(sortedTarget, order, comparisons, sampleOptions);
  const blocks = times && blocksOf(sortedTarget, order, { comparison: comparisons[0], times, blockRows });
  const drawRows = blocks ? blockDrawer(blocks) : rowDrawer(target.length);
  const draw = resampler(sortedTarget, comparisons[0]?.metric.task, drawRows, seededRandom(seed));
  const weights = new Float64Array(target.length).fill(1);
  const point = evaluators.map(({ evaluate }) => evaluate(weights));
  const gains = comparisons.map(() => new Float64Array(resamples));
  const values = new Float64Array(evaluators.length);
  const sides = comparisons.map((comparison) => sidesOf(comparison, evaluators));
  for (let resample = 0; resample < resamples; resample++) {
    draw(weights);
    for (let e = 0; e < evaluators.length; e++) values[e] = evaluators[e].evaluate(weights);
    for (let c = 0; c < comparisons.length; c++) {
      gains[c][resample] = gainOf(comparisons[c].metric, values[sides[c].candidate], values[sides[c].other]);
    }
  }
  return comparisons.map(({ metric }, c) => {
    const [candidate, other] = [point[sides[c].candidate], point[sides[c].other]];
    const gain = gainOf(metric, candidate, other);
    const found = { candidate, other, gain, ...summary(gains[c], confidence), blocks: null };
    return blocks ? widened(found, blocks) : found;
  });
}

function widened(interval: GainInterval, blocks: Blocks): GainInterval {
  const { gain, lower, upper, confidence } = interval;
  const factor = widening(blocks, confidence);
  return {
    ...interval,
    lower: gain - factor * (gain - lower),
    upper: gain + factor * (upper - gain),
    blocks: { times: blocks.ends.length, length: blocks.length },
  };
}

interface TimeOrder {
  comparison: Comparison;
  times: Float64Array;
  blockRows: 'auto' | number;
}

/** The times of the rows, and how many of them are drawn together; `auto` looks at the difference of squared errors. */
function blocksOf(
  sortedTarget: Float64Array,
  order: Int32Array,
  { comparison: { metric, candidate, other }, times, blockRows }: TimeOrder,
): Blocks {
  const ends = endsOfTimes(take(times, order));
  if (blockRows !== 'auto') {
    const length = Math.round((blockRows * ends.length) / order.length);
    return { ends, length: Math.min(ends.length, Math.max(1, length)) };
  }
  const outputs = outputsOf(metric.task, sortedTarget, candidate.predictions);
  const [losses, others] = [candidate, other].map((scored) =>
    squaredErrors({
      target: sortedTarget,
      predictions: takeWide(scored.predictions, order, outputs),
      outputs,
    }),
  );
  const difference = losses.map((loss, at) => loss - others[at]);
  return { ends, length: blockLength(sumsOfTimes(difference, ends)) };
}

interface Evaluator {
  metric: Metric;
  scored: Scored;
  evaluate: (weights: Weights) => number;
}

function take(values: Float64Array, order: Int32Array): Float64Array {
  return Float64Array.from(order, (row) => values[row]);
}

/** The same of `outputs` values a row. */
function takeWide(values: Float64Array, order: Int32Array, outputs: number): Float64Array {
  const taken = new Float64Array(order.length * outputs);
  for (let i = 0; i < order.length; i++)
    for (let k = 0; k < outputs; k++) taken[i * outputs + k] = values[order[i] * outputs + k];
  return taken;
}

/** Rows sorted by their time and what they hold, so that the same rows in another order draw the same resamples. */
function canonicalOrder(
  target: Float64Array,
  comparisons: readonly Comparison[],
  times: Float64Array | undefined,
): Int32Array {
  const columns = [
    ...new Set(comparisons.flatMap(({ candidate, other }) => [candidate.predictions, other.predictions])),
  ];
  const keys = [...(times ? [times] : []), target, ...columns].map((values) => ({
    values,
    width: values.length === target.length ? 1 : Math.floor(values.length / target.length),
  }));
  return Int32Array.from(target, (_, row) => row).sort((a, b) => {
    for (const { values, width } of keys)
      for (let k = 0; k < width; k++)
        if (values[a * width + k] !== values[b * width + k])
          return values[a * width + k] - values[b * width + k];
    return 0;
  });
}

/** One evaluator for each metric and model, however many comparisons share it. */
function prepareEvaluators(
  target: Float64Array,
  order: Int32Array,
  comparisons: readonly Comparison[],
  options: SampleOptions,
): Evaluator[] {
  const evaluators: Evaluator[] = [];
  const scoredOnes = new Set(comparisons.flatMap(({ candidate, other }) => [candidate, other]));
  for (const scored of scoredOnes) {
    const outputs = outputsOf(comparisons[0].metric.task, target, scored.predictions);
    const sample = makeSample(target, takeWide(scored.predictions, order, outputs), {
      ...options,
      threshold: scored.threshold,
      outputs,
    });
    const asked = comparisons.filter(({ candidate, other }) => candidate === scored || other === scored);
    for (const metric of new Set(asked.map((comparison) => comparison.metric))) {
      evaluators.push({ metric, scored, evaluate: prepareMetric(metric, sample) });
    }
  }
  return evaluators;
}

function sidesOf(
  comparison: Comparison,
  evaluators: readonly Evaluator[],
): { candidate: number; other: number } {
  const place = (scored: Scored) =>
    evaluators.findIndex((one) => one.metric === comparison.metric && one.scored === scored);
  return { candidate: place(comparison.candidate), other: place(comparison.other) };
}

function summary(gains: Float64Array, confidence: number) {
  const sorted = gains.slice().sort();
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const squares = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0);
  return {
    lower: quantile(sorted, 1 - confidence),
    upper: quantile(sorted, confidence),
    confidence,
    resamples: gains.length,
    se: Math.sqrt(squares / (gains.length - 1)),
  };
}
