import { type Random, seededRandom } from '../util/random.js';
import { gainOf, type Metric, prepareMetric } from './metrics.js';
import { makeSample, type SampleOptions, type Weights } from './sample.js';

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
}

/**
 * Percentile intervals of gains by the paired bootstrap (Efron & Tibshirani 1993, chapter 13): each resample
 * draws rows with replacement, and every comparison sees the same resamples, so what moves both models alike
 * cancels out. A resample is kept as one count a row, so nothing is sorted twice.
 *
 * Rows are drawn without regard to their class: with fixed class counts (stratified) the chance in the share of
 * positives is left out, and intervals of Brier score, log loss and accuracy come out too narrow. A resample that
 * lacks a class the rows have is drawn again. The result does not depend on the order of the rows. Rows must be
 * independent of one another.
 */
export function pairedBootstrap(
  target: Float64Array,
  comparisons: readonly Comparison[],
  options: BootstrapOptions = {},
): GainInterval[] {
  const { resamples = 2000, confidence = 0.95, seed = 0, ...sampleOptions } = options;
  const order = canonicalOrder(target, comparisons);
  const sortedTarget = take(target, order);
  const evaluators = prepareEvaluators(sortedTarget, order, comparisons, sampleOptions);
  const draw = resampler(sortedTarget, isBinary(comparisons), seededRandom(seed));
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
    return { candidate, other, gain: gainOf(metric, candidate, other), ...summary(gains[c], confidence) };
  });
}

interface Evaluator {
  metric: Metric;
  scored: Scored;
  evaluate: (weights: Weights) => number;
}

function take(values: Float64Array, order: Int32Array): Float64Array {
  return Float64Array.from(order, (row) => values[row]);
}

function isBinary(comparisons: readonly Comparison[]): boolean {
  return comparisons.some(({ metric }) => metric.task === 'binary');
}

/** Rows sorted by what they hold, so that the same rows in another order draw the same resamples. */
function canonicalOrder(target: Float64Array, comparisons: readonly Comparison[]): Int32Array {
  const columns = [
    ...new Set(comparisons.flatMap(({ candidate, other }) => [candidate.predictions, other.predictions])),
  ];
  const keys = [target, ...columns];
  return Int32Array.from(target, (_, row) => row).sort((a, b) => {
    for (const key of keys) if (key[a] !== key[b]) return key[a] - key[b];
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
    const sample = makeSample(target, take(scored.predictions, order), {
      ...options,
      threshold: scored.threshold,
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

/** Fills `weights` with how often each row was drawn. */
function resampler(target: Float64Array, binary: boolean, random: Random): (weights: Weights) => void {
  const rows = target.length;
  const needsBoth = binary && target.includes(0) && target.includes(1);
  return (weights) => {
    for (;;) {
      weights.fill(0);
      let positives = 0;
      for (let i = 0; i < rows; i++) {
        const row = Math.floor(random() * rows);
        weights[row]++;
        positives += target[row];
      }
      if (!needsBoth || (positives > 0 && positives < rows)) return;
    }
  };
}

/** The quantile of sorted values, linear between neighbours (type 7 of Hyndman & Fan 1996). */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const rest = place - below;
  return rest === 0 ? sorted[below] : sorted[below] + rest * (sorted[below + 1] - sorted[below]);
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
