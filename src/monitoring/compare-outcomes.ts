import { pairedBootstrap } from '../evaluation/bootstrap.js';
import { evaluate, metricNamed, metricsFor } from '../evaluation/metrics.js';
import { twoSampleBootstrap } from '../evaluation/two-samples.js';
import { quantileOf } from '../models/hyper.js';
import type { ModelHeader } from '../models/model-header.js';
import type { Policy } from '../registry/policy.js';
import { FEWEST_OUTCOMES } from './accuracy-metrics.js';
import type { OutcomeRows } from './paired-answers.js';

/** A metric of two versions. */
export interface MetricPair {
  name: string;
  direction: 'greater' | 'less';
  current: number;
  candidate: number;
}

/** By how much the candidate is better in the metric of the gate's policy; positive when better, whichever way it points. */
export interface OutcomeGain {
  metric: string;
  gain: number;
  /** One-sided bounds of the policy's confidence. */
  lower: number;
  upper: number;
  confidence: number;
  /** Whether both answered the same rows. */
  paired: boolean;
}

/** How good two versions were by what really came. */
export interface OutcomeComparison {
  /** With an outcome: rows of the current version, and of the candidate; the same ones where they are paired. */
  rows: { current: number; candidate: number };
  metrics: MetricPair[];
  gain: OutcomeGain | null;
  /** Why there are no metrics; null when there are. */
  too_few: string | null;
}

/** What one version answered, and what came. */
export interface Side {
  header: ModelHeader;
  target: Float64Array;
  predictions: Float64Array;
}

/** Why outcomes cannot be measured; undefined when they can. */
function shortage({ header: { task }, target }: Side, who: string): string | undefined {
  const text = `${target.length} ${target.length === 1 ? 'outcome' : 'outcomes'}${who}`;
  if (target.length < FEWEST_OUTCOMES) return `${text}: too few, ${FEWEST_OUTCOMES} are needed`;
  const isOneClass = task !== 'regression' && target.every((value) => value === target[0]);
  return isOneClass ? `${text}, all of one class` : undefined;
}

function pairsOf(current: Side, candidate: Side): MetricPair[] {
  const [of, other] = [current, candidate].map(({ header, target, predictions }) =>
    evaluate(header.task, target, predictions, {
      threshold: header.threshold,
      quantile: quantileOf(header.learner.hyper),
    }),
  );
  const known = metricsFor(current.header.task, { quantile: quantileOf(current.header.learner.hyper) });
  return known
    .filter(({ name }) => Number.isFinite(of[name]) && Number.isFinite(other[name]))
    .map(({ name, direction }) => ({ name, direction, current: of[name], candidate: other[name] }));
}

/** Only finite bounds are told: a metric that these rows do not have has no gain. */
function gainFrom(found: Omit<OutcomeGain, 'confidence'>, confidence: number): OutcomeGain | null {
  const { metric, gain, lower, upper, paired } = found;
  return [gain, lower, upper].every(Number.isFinite)
    ? { metric, gain, lower, upper, confidence, paired }
    : null;
}

/** Both versions on the same rows: their metrics, and the gate's paired bootstrap. */
export function comparePaired(
  current: ModelHeader,
  candidate: ModelHeader,
  { target, times, ...answers }: OutcomeRows,
  policy: Policy,
): OutcomeComparison {
  const sides = {
    current: { header: current, target, predictions: answers.current },
    candidate: { header: candidate, target, predictions: answers.candidate },
  };
  const rows = { current: target.length, candidate: target.length };
  const short = shortage(sides.current, '');
  if (short !== undefined) return { rows, metrics: [], gain: null, too_few: short };
  const { resamples, confidence, seed, blockRows } = policy;
  const metric = metricNamed(policy.metric, current.task);
  const [interval] = pairedBootstrap(
    target,
    [
      {
        metric,
        candidate: { predictions: answers.candidate, threshold: candidate.threshold },
        other: { predictions: answers.current, threshold: current.threshold },
      },
    ],
    {
      ...{ resamples, confidence, seed, quantile: quantileOf(candidate.learner.hyper) },
      ...(blockRows === 'off' ? {} : { times, blockRows }),
    },
  );
  const gain = gainFrom({ metric: metric.name, ...interval, paired: true }, confidence);
  return { rows, metrics: pairsOf(sides.current, sides.candidate), gain, too_few: null };
}

/** Each version on rows of its own, which nobody else answered. */
export function compareUnpaired(current: Side, candidate: Side, policy: Policy): OutcomeComparison {
  const rows = { current: current.target.length, candidate: candidate.target.length };
  const short = shortage(candidate, ' of the canary') ?? shortage(current, ' beside it');
  if (short !== undefined) return { rows, metrics: [], gain: null, too_few: short };
  const { resamples, confidence, seed } = policy;
  const metric = metricNamed(policy.metric, current.header.task);
  const [one, other] = [candidate, current].map(({ header, target, predictions }) => ({
    ...{ target, predictions, threshold: header.threshold },
  }));
  const interval = twoSampleBootstrap(metric, one, other, { resamples, confidence, seed });
  const gain = gainFrom({ metric: metric.name, ...interval, paired: false }, confidence);
  return { rows, metrics: pairsOf(current, candidate), gain, too_few: null };
}
