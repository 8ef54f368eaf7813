import { seededRandom } from '../util/random.js';
import { gainOf, type Metric, prepareMetric } from './metrics.js';
import { quantile } from './quantile.js';
import { resampler, rowDrawer } from './resample.js';
import { makeSample, outputsOf, type Weights } from './sample.js';

/** A model's predictions for rows of its own. */
export interface OwnRows {
  target: Float64Array;
  predictions: Float64Array;
  threshold?: number | null;
}

export interface TwoSampleOptions {
  /** 2,000. */
  resamples?: number;
  /** One-sided, as in `pairedBootstrap`; 0.95. */
  confidence?: number;
  seed?: number;
}

export interface TwoSampleGain {
  candidate: number;
  other: number;
  /** Positive when the candidate is better, whichever way the metric points. */
  gain: number;
  lower: number;
  upper: number;
}

/**
 * The percentile interval of a gain between models that answered different rows (Efron & Tibshirani 1993, chapter 8): each side is drawn
 * from its own rows. What moves both alike does not cancel out, so it is wider than the paired interval of as many rows.
 */
export function twoSampleBootstrap(
  metric: Metric,
  candidate: OwnRows,
  other: OwnRows,
  { resamples = 2000, confidence = 0.95, seed = 0 }: TwoSampleOptions = {},
): TwoSampleGain {
  const random = seededRandom(seed);
  const sides = [candidate, other].map(({ target, predictions, threshold }) => {
    const outputs = outputsOf(metric.task, target, predictions);
    const evaluate = prepareMetric(metric, makeSample(target, predictions, { threshold, outputs }));
    const draw = resampler(target, metric.task, rowDrawer(target.length), random);
    return { evaluate, draw, weights: new Float64Array(target.length) as Weights };
  });
  const values = () => sides.map(({ evaluate, weights }) => evaluate(weights));
  for (const { weights } of sides) weights.fill(1);
  const [ofCandidate, ofOther] = values();
  const gains = Float64Array.from({ length: resamples }, () => {
    for (const { draw, weights } of sides) draw(weights);
    const [one, two] = values();
    return gainOf(metric, one, two);
  }).sort();
  return {
    candidate: ofCandidate,
    other: ofOther,
    gain: gainOf(metric, ofCandidate, ofOther),
    lower: quantile(gains, 1 - confidence),
    upper: quantile(gains, confidence),
  };
}
