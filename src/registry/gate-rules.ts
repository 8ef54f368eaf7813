import type { GainInterval } from '../evaluation/bootstrap.js';
import { rowsNeeded } from '../evaluation/rows-needed.js';
import type { Evidence, HoldoutLedger } from './gate-evidence.js';
import { counted, type Reason, shown, signed } from './gate-report.js';
import { judgeLearned } from './live-rules.js';
import type { BoundGuard, Guard, MarginGuard, Policy } from './policy.js';

/** What a judgement rests on. */
export type RowWords = 'holdout rows' | 'live rows';

/** A gain over somebody in one metric, measured on `rows` holdout rows. */
export interface MeasuredGain {
  metric: string;
  against: string;
  rows: number;
  interval: GainInterval;
}

function passes(rule: string, text: string): Reason {
  return { rule, passed: true, text };
}

function fails(rule: string, text: string): Reason {
  return { rule, passed: false, text };
}

function open(rule: string, rowsNeeded: number | null, text: string): Reason {
  return { rule, passed: null, rows_needed: rowsNeeded, text };
}

function gainText({ metric, against, interval }: MeasuredGain): string {
  const { candidate, other, gain, lower, upper } = interval;
  const range = `gain ${signed(gain)}, from ${signed(lower)} to ${signed(upper)}`;
  return `${metric} ${shown(candidate)} against ${shown(other)} of ${against}, ${range}`;
}

/** How many more rows would lift the lower bound above `minGain`, as a rule that is still open. */
function openReason(rule: string, what: string, { rows, interval }: MeasuredGain, minGain: number): Reason {
  const { gain, lower, upper } = interval;
  // A gain that rests on few rows has a long upper side, and its lower bound alone looks too good.
  const halfWidth = Math.max(gain - lower, (upper - lower) / 2);
  const needed = rowsNeeded(rows, { gain, halfWidth, minGain });
  if (needed === null) return open(rule, null, `${what}; no number of rows would promote it at this gain`);
  const more = Math.max(1, needed - rows);
  return open(rule, more, `${what}; about ${counted(more)} more rows like these would prove it`);
}

/** A bound that is no number proves nothing, whatever the other one says. */
function boundsFault(rule: string, measured: MeasuredGain): Reason | undefined {
  const { gain, lower, upper } = measured.interval;
  if ([gain, lower, upper].every(Number.isFinite)) return undefined;
  return fails(rule, `the gain cannot be computed: ${gainText(measured)}`);
}

/** Differences of figures that are a few roundings apart are the same. */
const ROUNDING = 1e-12;

/**
 * A gain that is nothing but rounding is none: two models that say the same by other sums would else be told apart on every resample
 * alike, and so surely.
 */
export function withoutRounding(interval: GainInterval): GainInterval {
  const { candidate, other, gain, lower, upper } = interval;
  const size = ROUNDING * Math.max(Math.abs(candidate), Math.abs(other));
  const isNone = [gain, lower, upper].every((value) => Math.abs(value) <= size);
  return isNone ? { ...interval, gain: 0, lower: 0, upper: 0 } : interval;
}

/** Passes: a rule about the current model where it is certain that there is none. */
export function withoutCurrent(rule: string): Reason {
  return passes(rule, 'there is no current model to compare with');
}

/** Open: a current model that cannot be scored is never "no current model", and no number of rows changes that. */
export function againstUnscored(rule: string, { version, why }: { version: number; why: string }): Reason {
  return open(rule, null, `the current v${version} cannot be compared with: ${why}`);
}

/** By the figures as they are: at least the minimum gain, and some gain at all. */
function judgeCurrentAsSeen(measured: MeasuredGain, { minGain }: Policy): Reason {
  const { candidate, other, gain } = measured.interval;
  const text = `${measured.metric} ${shown(candidate)} against ${shown(other)} of ${measured.against}, gain ${signed(gain)}`;
  if (gain >= minGain - ROUNDING && gain > ROUNDING) return passes('current', `better as seen: ${text}`);
  return fails('current', `not better by ${shown(minGain)} as seen: ${text}`);
}

export function judgeCurrent(measured: MeasuredGain, policy: Policy): Reason {
  const rule = 'current';
  const fault = boundsFault(rule, measured);
  if (fault) return fault;
  if (policy.proof === 'point') return judgeCurrentAsSeen(measured, policy);
  const { lower, upper } = measured.interval;
  const text = gainText(measured);
  const bar = shown(policy.minGain);
  if (lower > policy.minGain) return passes(rule, `better: ${text}; the lower bound is above ${bar}`);
  if (upper < 0) return fails(rule, `worse: ${text}; even the upper bound is below 0`);
  if (upper < policy.minGain) {
    return fails(
      rule,
      `not better by enough: ${text}; even the upper bound is below the minimum gain ${bar}`,
    );
  }
  const doubt = `not proven better: ${text}; the lower bound is not above ${bar}`;
  return openReason(rule, doubt, measured, policy.minGain);
}

/** The names that the policy wants beaten; with `all`, every baseline there is. */
export function baselinesToBeat(policy: Policy, evidence: Evidence): string[] {
  return policy.baselines === 'all' ? evidence.baselines.map(({ name }) => name) : policy.baselines;
}

export function judgeBaseline(name: string, measured: MeasuredGain | undefined): Reason {
  const rule = `baseline ${name}`;
  if (!measured) return fails(rule, `the policy wants "${name}" beaten, and this holdout does not have it`);
  const fault = boundsFault(rule, measured);
  if (fault) return fault;
  const { lower, upper } = measured.interval;
  const text = gainText(measured);
  if (lower > 0) return passes(rule, `beaten: ${text}`);
  if (upper <= 0) return fails(rule, `not beaten: ${text}; even the upper bound is not above 0`);
  return openReason(rule, `not proven beaten: ${text}; the lower bound is not above 0`, measured, 0);
}

/** An absolute guard: the candidate's own value, whatever the current model's. */
export function judgeBound(guard: BoundGuard, value: number): Reason {
  const least = 'min' in guard;
  const bound = least ? `at least ${shown(guard.min)}` : `at most ${shown(guard.max)}`;
  const passed = least ? value >= guard.min : value <= guard.max;
  return { rule: guardRule(guard), passed, text: `${guard.metric} is ${shown(value)} and must be ${bound}` };
}

/** A non-inferiority guard: `measured` is the gain over the current model in the guard's metric. */
export function judgeMargin(guard: MarginGuard, measured: MeasuredGain, { proof }: Policy): Reason {
  const rule = guardRule(guard);
  const fault = boundsFault(rule, measured);
  if (fault) return fault;
  const { gain, lower, upper } = measured.interval;
  const text = gainText(measured);
  const limit = `worse by more than ${shown(guard.margin)}`;
  if (proof === 'point') {
    const isKept = gain >= -guard.margin - ROUNDING;
    return isKept ? passes(rule, `not ${limit} as seen: ${text}`) : fails(rule, `${limit} as seen: ${text}`);
  }
  if (lower >= -guard.margin) return passes(rule, `not ${limit}: ${text}`);
  if (upper < -guard.margin) return fails(rule, `${limit}: ${text}`);
  return openReason(rule, `perhaps ${limit}: ${text}`, measured, -guard.margin);
}

export function guardRule(guard: Guard): string {
  return `guard ${guard.metric}`;
}

export function judgeSchema(policy: Policy, { schema, current, unscored }: Evidence): Reason {
  const rule = 'schema';
  const incumbent = unscored ?? current;
  if (incumbent === null) return withoutCurrent(rule);
  if (unscored && schema.compatible) return againstUnscored(rule, unscored);
  if (schema.compatible) return passes(rule, `it takes what v${incumbent.version} takes`);
  const differences = schema.differences.join('; ');
  if (policy.schema === 'any') return passes(rule, `the policy allows that ${differences}`);
  return fails(rule, `callers of v${incumbent.version} would break: ${differences || 'not compatible'}`);
}

/** On rows that the candidate has learned by heart, a gain measures memory; no number of such rows would prove anything. */
export function judgeTwins(policy: Policy, rows: number, twins: number): Reason {
  const rule = 'twins';
  const text = `${counted(twins)} of ${counted(rows)} holdout rows stand, target and all, among the training rows too`;
  if (twins <= policy.maxTwins * rows) return passes(rule, text);
  return open(rule, null, `${text}, and ${shown(100 * policy.maxTwins)} % are allowed`);
}

/** Fewer different times than this cannot show how much one time differs from the next. */
const FEWEST_TIMES = 10;

/** What happened at a few times alone says little of the times to come, however many rows each has. */
export function judgeTimes(count: number, rows: number, what: RowWords): Reason {
  const rule = 'times';
  const text = `${counted(rows)} ${what} of ${counted(count)} different times`;
  if (count >= FEWEST_TIMES) return passes(rule, text);
  return open(
    rule,
    null,
    `${text}, at least ${FEWEST_TIMES} are needed; ${what === 'live rows' ? 'wait for' : 'hold out'} a longer time, or set blockRows to "off" where rows of one time have nothing in common`,
  );
}

/** Whether a holdout has judged so many candidates that the best of them looks better than it is. */
export function isWorn({ maxHoldoutUses }: Policy, ledger: HoldoutLedger | undefined): boolean {
  return ledger !== undefined && ledger.candidates >= maxHoldoutUses;
}

export function wornText({ candidates, first }: HoldoutLedger): string {
  return `these holdout rows have judged ${counted(candidates)} distinct candidates since ${first}: the best of many looks better than it is; hold out fresh rows`;
}

/** Where the policy wants a worn holdout to decide nothing. */
export function judgeWear(policy: Policy, ledger: HoldoutLedger): Reason {
  if (!isWorn(policy, ledger))
    return passes('holdout', `it has judged ${counted(ledger.candidates)} distinct candidates`);
  return open('holdout', null, wornText(ledger));
}

/** Enough rows, and enough positive ones, to decide anything at all. */
export function judgeCounts(
  policy: Policy,
  rows: number,
  positives: number | undefined,
  what: RowWords,
): Reason[] {
  const reasons = [countReason('min_rows', what, rows, policy.minRows, policy.minRows - rows)];
  if (positives === undefined) return reasons;
  // Without a row nobody knows how many of them are positive.
  const more = Math.ceil((Math.max(1, rows) * policy.minPositives) / Math.max(1, positives)) - rows;
  return [...reasons, countReason('min_positives', `positive ${what}`, positives, policy.minPositives, more)];
}

/**
 * Of live rows alone: the rules that say there are too few, all of one class, or known by heart; null when they can be measured. Those
 * of a holdout are measured all the same.
 */
export function judgeShortage(
  policy: Policy,
  { live, task, target, learned }: Evidence,
  positives: number | undefined,
): Reason[] | null {
  if (live !== true) return null;
  const counts = judgeCounts(policy, target.length, positives, 'live rows');
  if (target.length === 0 || counts.some(({ passed }) => passed === null)) return counts;
  const isOneClass = task !== 'regression' && target.every((value) => value === target[0]);
  if (isOneClass) return [...counts, open('outcomes', null, 'all outcomes are of one class')];
  const known = learned && judgeLearned(policy, learned);
  return known?.passed === null ? [...counts, known] : null;
}

function countReason(rule: string, what: string, count: number, least: number, more: number): Reason {
  if (count >= least)
    return passes(rule, `${counted(count)} ${what}, at least ${counted(least)} are asked for`);
  const text = `only ${counted(count)} ${what} of the ${counted(least)} asked for; about ${counted(more)} more rows like these would do`;
  return open(rule, more, text);
}
