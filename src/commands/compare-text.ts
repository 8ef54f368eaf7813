import type { CanaryReport } from '../monitoring/canary-report.js';
import type { OutcomeComparison, OutcomeGain } from '../monitoring/compare-outcomes.js';
import type { AnswerComparison } from '../monitoring/paired-answers.js';
import type { ReplayReport } from '../monitoring/replay-traffic.js';
import type { Spread } from '../monitoring/score-shift.js';
import type { TrialReport } from '../monitoring/shadow-report.js';
import { printable } from '../util/text.js';
import { formatTable } from './table.js';

const round = (value: number) => String(Number(value.toPrecision(4)));
const signed = (value: number) => (value > 0 ? `+${round(value)}` : round(value));
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const counted = (count: number) => count.toLocaleString('en-US');
const indent = (lines: string[]) => lines.map((line) => `  ${line}`);

const spreadText = ({ least, q05, q25, median, q75, q95, greatest }: Spread, show: (n: number) => string) =>
  `least ${show(least)}, 5 % ${show(q05)}, 25 % ${show(q25)}, median ${show(median)}, 75 % ${show(q75)}, 95 % ${show(q95)}, greatest ${show(greatest)}`;

function answerLines({ rows, agreement, changes, shift }: AnswerComparison): string[] {
  if (shift === null) return ['No row was answered by both.'];
  const lines = [`${counted(rows)} rows answered by both`];
  if (agreement !== null) {
    lines.push(`same class: ${percent(agreement)}`);
    for (const change of changes) {
      const [from, to] = [change.from, change.to].map((name) => printable(JSON.stringify(name), 60));
      lines.push(`  ${from} became ${to}: ${counted(change.rows)} (${percent(change.share)})`);
    }
  }
  const { score, mean_before: before, mean_after: after, difference, correlation } = shift;
  lines.push(`${score}: mean ${round(before)} became ${round(after)} (${signed(difference.mean)})`);
  lines.push(`  difference: ${spreadText(difference, signed)}`);
  lines.push(`  correlation: ${correlation === null ? 'none, one of them is constant' : round(correlation)}`);
  return lines;
}

/** What a gain says; nothing while a rule of the gate is open. */
function gainVerdict({ lower, upper }: OutcomeGain, open: OutcomeComparison['open']): string {
  if (open.length > 0) return `undecided: ${open.map(({ text }) => text).join('; ')}`;
  return lower > 0 ? 'better' : upper < 0 ? 'WORSE' : 'no difference beyond chance';
}

function outcomeLines({ rows, metrics, gain, open, warnings, too_few }: OutcomeComparison): string[] {
  if (too_few !== null) return [`By outcomes: ${too_few}.`];
  const count = gain?.paired === false ? `${rows.candidate} and ${rows.current}` : counted(rows.current);
  const lines = [`By ${count} outcomes:`];
  lines.push(
    ...indent(
      formatTable(
        ['metric', 'better is', 'candidate', 'current'],
        metrics.map(({ name, direction, candidate, current }) => [
          ...[name, direction, round(candidate), round(current)],
        ]),
      ),
    ),
  );
  if (gain === null) return lines;
  const how = gain.paired ? 'paired bootstrap of the same rows' : 'two-sample bootstrap, of different rows';
  const bounds = `${percent(gain.confidence)} bounds ${signed(gain.lower)} and ${signed(gain.upper)}`;
  lines.push(
    `  gain in ${gain.metric}: ${signed(gain.gain)}, ${bounds} (${how}): ${gainVerdict(gain, open)}`,
    ...warnings.map((warning) => `  warning: ${warning}`),
  );
  return lines;
}

/** A replay for people. */
export function replayLines(report: ReplayReport): string[] {
  const { model, version, against, from, to, predictions, stopped, others, redacted, unread } = report;
  const time = `${from === null ? '' : ` since ${from}`}${to === null ? '' : ` until ${to}`}`;
  const limit = stopped ? ', the oldest first; there are more' : '';
  const lines = [
    `${model} version ${version} on ${counted(predictions)} predictions of version ${against}${time}${limit}`,
  ];
  if (others.length > 0) {
    const named = others.slice(0, 5).map((one) => `${counted(one.predictions)} of version ${one.version}`);
    lines.push(`Passed over: ${named.join(', ')} (see --against).`);
  }
  if (redacted > 0)
    lines.push(`Passed over: ${counted(redacted)} rows with values that the log does not keep.`);
  if (unread.rows > 0) lines.push(`Cannot be answered: ${counted(unread.rows)} rows.`);
  for (const { reason, rows, first } of unread.reasons.slice(0, 5))
    lines.push(`  ${counted(rows)}: ${printable(reason, 160)} (first: ${first})`);
  return [...lines, ...answerLines(report.answers), ...outcomeLines(report.outcomes)];
}

/** Answers outside the time of a trial: with those in it, they are all that were given. */
function outsideLines(against: number, { before, after }: { before: number; after: number }): string[] {
  if (before + after === 0) return [];
  return [
    `  not counted: ${counted(before)} answers of version ${against} before that time and ${counted(after)} after it; the log does not say whether it ran then`,
  ];
}

function canaryLines(report: CanaryReport, against: number): string[] {
  const { first, last, share, score, canary, beside, outcomes } = report;
  const lines = [
    `As a canary, from its first answer at ${first} to its last at ${last}: ${counted(canary.rows)} answers of ${counted(canary.rows + beside.rows)} (${percent(share)})`,
    ...outsideLines(against, report),
  ];
  for (const [who, { classes, scores }] of [['canary', canary] as const, ['beside it', beside] as const]) {
    const shares = classes
      .slice(0, 6)
      .map((one) => `${printable(JSON.stringify(one.class), 40)} ${percent(one.share)}`);
    const named = shares.length === 0 ? '' : `classes ${shares.join(', ')}; `;
    if (scores !== null)
      lines.push(`  ${who}: ${named}${score} mean ${round(scores.mean)}, median ${round(scores.median)}`);
  }
  return [...lines, ...indent(outcomeLines(outcomes))];
}

/** What a version on trial did, for people. */
export function trialLines(report: TrialReport): string[] {
  const { model, version, against, from, shadow, canary } = report;
  const lines = [
    `${model} version ${version} beside version ${against}, since ${from ?? 'the first prediction'}`,
  ];
  if (shadow !== null) {
    const { predictions, without_shadow: without, first, last, answers, outcomes } = shadow;
    lines.push(
      `As a shadow, from its first answer at ${first} to its last at ${last}: ${counted(predictions)} answers given, ${counted(without)} without one of the shadow`,
      ...outsideLines(against, shadow),
      ...indent([...answerLines(answers), ...outcomeLines(outcomes)]),
    );
  }
  if (canary !== null) lines.push(...canaryLines(canary, against));
  if (shadow === null && canary === null)
    lines.push(`It answered nothing in that time. Next: riskops serve --shadow ${version}`);
  return lines;
}
