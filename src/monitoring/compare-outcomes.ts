import { pairedBootstrap } from '../evaluation/bootstrap.js';
import { evaluate, metricNamed, metricsFor } from '../evaluation/metrics.js';
import { twoSampleBootstrap } from '../evaluation/two-samples.js';
import { quantileOf } from '../models/hyper.js';
import type { ModelHeader } from '../models/model-header.js';
import type { LearnedPair } from '../registry/gate-evidence.js';
import type { Reason } from '../registry/gate-report.js';
import { judgeCounts, judgeTimes } from '../registry/gate-rules.js';
import { judgeLearned, learnedWarnings } from '../registry/live-rules.js';
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
  /** Rules of the gate that these rows leave open: while there is one, the gain proves nothing. */
  open: Reason[];
  /** What a reader should know of the rows, and what does not change that. */
  warnings: string[];
  /** Why there are no metrics; null when there are. */
  too_few: string | null;
}

/** What one version answered, and what came. */
export interface Side {
  header: ModelHeader;
  target: Float64Array;
  predictions: Float64Array;
  /** When each row was answered, to the second, in milliseconds since 1970. */
  times: Float64Array;
}

/** What the rows of a comparison are held to. */
interface Held {
  policy: Policy;
  learned: LearnedPair;
}

/** The gate's rules about live rows, before any gain: those that these rows leave open. */
function openRules({ header: { task }, target, times }: Side, { policy, learned }: Held): Reason[] {
  const rows = target.length;
  const positives = task === 'binary' ? target.reduce((sum, value) => sum + value, 0) : undefined;
  return [
    ...judgeCounts(policy, rows, positives, 'live rows'),
    judgeLearned(policy, learned),
    ...(policy.blockRows === 'off' ? [] : [judgeTimes(new Set(times).size, rows, 'live rows')]),
  ].filter(({ passed }) => passed === null);
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
  held: Held,
): OutcomeComparison {
  const sides = {
    current: { header: current, target, times, predictions: answers.current },
    candidate: { header: candidate, target, times, predictions: answers.candidate },
  };
  const rows = { current: target.length, candidate: target.length };
  const short = shortage(sides.current, '');
  if (short !== undefined) return nothingToTell(rows, short);
  const { policy } = held;
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
  const metrics = pairsOf(sides.current, sides.candidate);
  return { rows, metrics, gain, ...doubtsOf(sides.candidate, held), too_few: null };
}

const nothingToTell = (rows: OutcomeComparison['rows'], short: string): OutcomeComparison => ({
  ...{ rows, metrics: [], gain: null, open: [], warnings: [], too_few: short },
});

function doubtsOf(rows: Side, held: Held): Pick<OutcomeComparison, 'open' | 'warnings'> {
  return { open: openRules(rows, held), warnings: learnedWarnings(held.learned) };
}

/** Each version on rows of its own, which nobody else answered. */
export function compareUnpaired(current: Side, candidate: Side, held: Held): OutcomeComparison {
  const rows = { current: current.target.length, candidate: candidate.target.length };
  const short = shortage(candidate, ' of the canary') ?? shortage(current, ' beside it');
  if (short !== undefined) return nothingToTell(rows, short);
  const { resamples, confidence, seed } = held.policy;
  const metric = metricNamed(held.policy.metric, current.header.task);
  const [one, other] = [candidate, current].map(({ header, target, predictions }) => ({
    ...{ target, predictions, threshold: header.threshold },
  }));
  const interval = twoSampleBootstrap(metric, one, other, { resamples, confidence, seed });
  const gain = gainFrom({ metric: metric.name, ...interval, paired: false }, confidence);
  return { rows, metrics: pairsOf(current, candidate), gain, ...doubtsOf(candidate, held), too_few: null };
}
