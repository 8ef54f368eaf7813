import { type Comparison, type GainInterval, pairedBootstrap } from '../evaluation/bootstrap.js';
import { type Metric, measure, metricNamed } from '../evaluation/metrics.js';
import { outputsOf } from '../evaluation/sample.js';
import { type Evidence, findFault } from './gate-evidence.js';
import { type ComparisonRow, counted, type GateReport, type Reason, type Verdict } from './gate-report.js';
import {
  againstUnscored,
  baselinesToBeat,
  guardRule,
  isWorn,
  judgeBaseline,
  judgeBound,
  judgeCounts,
  judgeCurrent,
  judgeMargin,
  judgeSchema,
  judgeShortage,
  judgeTimes,
  judgeTwins,
  judgeWear,
  type MeasuredGain,
  type RowWords,
  withoutCurrent,
  withoutRounding,
  wornText,
} from './gate-rules.js';
import { judgeLearned, learnedWarnings } from './live-rules.js';
import type { Policy } from './policy.js';

/**
 * Judges a candidate on evidence alone: the same policy and evidence give the same report, in whatever order the
 * holdout's rows stand. Every rule has to pass, so no correction for their number is needed: the weakest decides.
 * One that fails rejects, one that is open leaves it undecided, and only when all pass is it promoted.
 */
export function judge(policy: Policy, evidence: Evidence): GateReport {
  const { task, target, candidate, holdout } = evidence;
  const metric = metricNamed(policy.metric, task);
  const positives =
    task === 'binary' ? target.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0) : undefined;
  const short = judgeShortage(policy, evidence, positives);
  const fault = short === null ? findFault(evidence, askedMetrics(policy, metric)) : undefined;
  const gains = fault === undefined && short === null ? measureGains(policy, evidence, metric) : [];
  const reasons: Reason[] =
    short === null
      ? [
          numbersReason(fault),
          judgeSchema(policy, evidence),
          ...judgeCounts(policy, target.length, positives, wordsOf(evidence)),
          ...twinReasons(policy, evidence),
          ...timeReasons(policy, evidence),
          ...(fault === undefined ? judgeGains(policy, evidence, gains) : []),
        ]
      : [judgeSchema(policy, evidence), ...short];
  const verdict = weakest(reasons);
  const rowsNeeded = verdict === 'undecided' ? mostRowsNeeded(reasons) : null;
  return {
    model: evidence.model,
    task,
    verdict,
    candidate: { version: candidate.version, learner: candidate.learner },
    current: currentVersion(evidence),
    metric: metric.name,
    direction: metric.direction,
    holdout: {
      ...holdout,
      rows: target.length,
      ...(positives === undefined ? {} : { positives }),
      ...(task === 'multiclass'
        ? { classes: new Set(target).size, model_classes: outputsOf(task, target, candidate.predictions) }
        : {}),
    },
    comparisons: gains.map(comparisonRow),
    reasons,
    rows_needed: rowsNeeded,
    ledger: evidence.ledger ?? null,
    warnings: warningsOf(policy, evidence),
    next: nextSentence(verdict, evidence, reasons, rowsNeeded),
    policy,
  };
}

const wordsOf = ({ live }: Evidence): RowWords => (live === true ? 'live rows' : 'holdout rows');

/** About rows that were learned by heart. */
function twinReasons(policy: Policy, { twins, learned, target }: Evidence): Reason[] {
  return [
    ...(twins === undefined ? [] : [judgeTwins(policy, target.length, twins)]),
    ...(learned === undefined ? [] : [judgeLearned(policy, learned)]),
  ];
}

/** About when and how often the holdout was drawn from life. */
function timeReasons(policy: Policy, evidence: Evidence): Reason[] {
  const { times, target, ledger } = evidence;
  const reasons: Reason[] = [];
  if (times !== undefined && policy.blockRows !== 'off')
    reasons.push(judgeTimes(new Set(times).size, target.length, wordsOf(evidence)));
  if (ledger !== undefined && policy.onHoldoutWorn === 'undecided') reasons.push(judgeWear(policy, ledger));
  return reasons;
}

function warningsOf(policy: Policy, { ledger, current, learned }: Evidence): string[] {
  const warnings = learned === undefined ? [] : learnedWarnings(learned);
  if (ledger !== undefined && isWorn(policy, ledger)) warnings.push(wornText(ledger));
  if (policy.proof === 'point' && current !== null)
    warnings.push(
      'the gain is taken as it is seen (proof: point), which promotes many a model that is not better; proof: interval would have it proven',
    );
  return warnings;
}

function askedMetrics(policy: Policy, metric: Metric): Metric[] {
  return [...new Set([metric, ...policy.guards.map((guard) => metricNamed(guard.metric, metric.task))])];
}

function numbersReason(fault: string | undefined): Reason {
  if (fault === undefined)
    return { rule: 'numbers', passed: true, text: 'every prediction and metric is a finite number' };
  return { rule: 'numbers', passed: false, text: `nothing can be compared: ${fault}` };
}

/** All comparisons on the same resamples: the deciding metric against everybody, then guards against current. */
function measureGains(policy: Policy, evidence: Evidence, metric: Metric): MeasuredGain[] {
  const { candidate, current, baselines, target, task, scale, times } = evidence;
  const asked: { against: string; comparison: Comparison }[] = baselines.map((baseline) => ({
    against: `baseline ${baseline.name}`,
    comparison: { metric, candidate, other: baseline },
  }));
  if (current !== null) {
    const against = `current v${current.version}`;
    const margins = policy.guards
      .filter((guard) => 'margin' in guard)
      .map((guard) => metricNamed(guard.metric, task));
    const compare = (one: Metric) => ({ against, comparison: { metric: one, candidate, other: current } });
    asked.unshift(...[...new Set([metric, ...margins])].map(compare));
  }
  const { resamples, confidence, seed, blockRows } = policy;
  const comparisons = asked.map(({ comparison }) => comparison);
  const order = blockRows === 'off' ? {} : { times, blockRows };
  const options = { resamples, confidence, seed, ...order, ...scale };
  const intervals = pairedBootstrap(target, comparisons, options);
  return asked.map(({ against, comparison }, i) => ({
    against,
    metric: comparison.metric.name,
    rows: target.length,
    interval: withoutRounding(intervals[i]),
  }));
}

function judgeGains(policy: Policy, evidence: Evidence, gains: MeasuredGain[]): Reason[] {
  const { candidate, current, unscored, task, target, scale } = evidence;
  const names = baselinesToBeat(policy, evidence);
  const overCurrent = (metric: string) => gainOver(gains, `current v${current?.version}`, metric);
  const guards = policy.guards.map((guard) => {
    if ('margin' in guard) {
      if (unscored) return againstUnscored(guardRule(guard), unscored);
      return current === null
        ? withoutCurrent(guardRule(guard))
        : judgeMargin(guard, overCurrent(guard.metric), policy);
    }
    const options = { ...scale, threshold: candidate.threshold };
    return judgeBound(
      guard,
      measure(metricNamed(guard.metric, task), target, candidate.predictions, options),
    );
  });
  const overIncumbent = () =>
    current === null ? withoutCurrent('current') : judgeCurrent(overCurrent(policy.metric), policy);
  return [
    unscored ? againstUnscored('current', unscored) : overIncumbent(),
    ...(policy.baselines === 'all' && names.length === 0 ? [noBaselines] : []),
    ...names.map((name) =>
      judgeBaseline(
        name,
        gains.find(({ against }) => against === `baseline ${name}`),
      ),
    ),
    ...guards,
  ];
}

/** A gain over the current model that was asked for: without it there is no verdict, so it is never skipped. */
function gainOver(gains: MeasuredGain[], against: string, metric: string): MeasuredGain {
  const found = gains.find((one) => one.against === against && one.metric === metric);
  if (!found) throw new Error(`the gate did not measure ${metric} against ${against}`);
  return found;
}

/** Nobody measured them, which is not the same as having beaten them. */
const noBaselines: Reason = {
  rule: 'baselines',
  passed: false,
  text: 'the policy wants every baseline beaten, and none was measured',
};

function weakest(reasons: Reason[]): Verdict {
  if (reasons.some(({ passed }) => passed === false)) return 'reject';
  return reasons.some(({ passed }) => passed === null) ? 'undecided' : 'promote';
}

function mostRowsNeeded(reasons: Reason[]): number | null {
  const needed = reasons.filter(({ passed }) => passed === null).map((reason) => reason.rows_needed ?? null);
  return needed.includes(null) ? null : Math.max(...needed.map(Number));
}

function comparisonRow({ against, metric, interval }: MeasuredGain): ComparisonRow {
  const { candidate, other, gain, lower, upper, blocks }: GainInterval = interval;
  return { against, metric, candidate, other, gain, lower, upper, blocks };
}

function currentVersion({ current, unscored }: Evidence): { version: number } | null {
  const incumbent = unscored ?? current;
  return incumbent && { version: incumbent.version };
}

function nextSentence(
  verdict: Verdict,
  evidence: Evidence,
  reasons: Reason[],
  rowsNeeded: number | null,
): string {
  const current = currentVersion(evidence);
  const incumbent = current ? `v${current.version}` : 'no model';
  if (verdict === 'promote')
    return current ? `It may replace ${incumbent}.` : 'It may become the first current model.';
  if (verdict === 'reject') return `It stays a candidate; ${incumbent} stays current.`;
  if (current?.version === evidence.candidate.version)
    return `${incumbent} is current already, and was judged against itself.`;
  const isOpen = (rule: string) => reasons.some((reason) => reason.rule === rule && reason.passed === null);
  if (evidence.unscored)
    return `Nothing proves it better than ${incumbent}, which cannot be scored: roll back, or promote it by force with a reason.`;
  if (evidence.live === true && isOpen('twins'))
    return `Live rows prove something only where no version learned from them: judge requests that are none of the training rows (--since a time after the training); until then ${incumbent} stays current.`;
  if (isOpen('twins'))
    return `Its holdout is no test: hold out whole groups (--split group:COLUMN:0.2) or rows without copies, and train again; until then ${incumbent} stays current.`;
  if (evidence.live === true && ['min_rows', 'min_positives', 'outcomes', 'times'].some(isOpen))
    return `Its live rows are too few to decide; ask again when more outcomes are known; until then ${incumbent} stays current.`;
  if (isOpen('times'))
    return `Its holdout spans too few times to decide; hold out a longer time and train again; until then ${incumbent} stays current.`;
  if (isOpen('holdout'))
    return `Its holdout is worn: hold out fresh rows and train again; until then ${incumbent} stays current.`;
  if (rowsNeeded === null)
    return `No number of rows would promote it at this gain; ${incumbent} stays current.`;
  return `About ${counted(rowsNeeded)} more ${wordsOf(evidence)} like these would promote it, if the gain stays as seen; until then ${incumbent} stays current.`;
}
