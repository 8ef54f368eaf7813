import type { Task } from '../models/learner.js';
import type { HoldoutLedger } from './gate-evidence.js';
import type { Policy } from './policy.js';

export type Verdict = 'promote' | 'reject' | 'undecided';

/** One rule of the gate, with what it found. */
export interface Reason {
  /** `numbers`, `schema`, `min_rows`, `min_positives`, `twins`, `times`, `holdout`, `current`, `baseline NAME` or `guard METRIC`. */
  rule: string;
  /** null: the evidence is not enough to say. */
  passed: boolean | null;
  text: string;
  /** Where `passed` is null: about how many more holdout rows would pass it; null when no number would. */
  rows_needed?: number | null;
}

/** One line of the comparison table. A gain is positive when the candidate is better, whichever way the metric points. */
export interface ComparisonRow {
  /** `current v3` or `baseline prior`. */
  against: string;
  metric: string;
  candidate: number;
  other: number;
  gain: number;
  lower: number;
  upper: number;
  /** How many times the rows have, and how many of them were drawn in one block; null where rows were drawn one by one. */
  blocks: { times: number; length: number } | null;
}

/** What the gate found, and why: plain data that is kept beside the run. */
export interface GateReport {
  model: string;
  task: Task;
  verdict: Verdict;
  candidate: { version: number; learner: string };
  current: { version: number } | null;
  metric: string;
  direction: 'greater' | 'less';
  /** `positives` of a binary target; `classes`: how many of a multiclass model's `model_classes` the rows have. */
  holdout: {
    rows: number;
    positives?: number;
    classes?: number;
    model_classes?: number;
    [fact: string]: unknown;
  };
  comparisons: ComparisonRow[];
  reasons: Reason[];
  /** undecided: about how many more holdout rows would promote it at the gain seen; null when no number would. */
  rows_needed: number | null;
  /** How often this holdout has judged, this time included; null where nobody counted. */
  ledger: HoldoutLedger | null;
  /** What a reader should know of the verdict, and what does not change it. */
  warnings: string[];
  /** One sentence: what follows from the verdict. */
  next: string;
  /** The policy it was judged by. */
  policy: Policy;
  /** What was asked for in place of the policy's own values for this one judgement. */
  overrides?: Partial<Policy>;
}

/** A number for people: four significant digits. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** The same with its sign. */
export function signed(value: number): string {
  return value > 0 ? `+${shown(value)}` : shown(value);
}

/** A count for people: 12,345. */
export function counted(count: number): string {
  return count.toLocaleString('en-US');
}

function alignColumns(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd(),
  );
}

function tableLines(report: GateReport): string[] {
  if (report.comparisons.length === 0) return [];
  const percent = `${shown(100 * report.policy.confidence)} %`;
  const head = ['against', 'metric', 'candidate', 'other', 'gain', `lower ${percent}`, `upper ${percent}`];
  const rows = report.comparisons.map((row) => [
    row.against,
    row.metric,
    shown(row.candidate),
    shown(row.other),
    signed(row.gain),
    signed(row.lower),
    signed(row.upper),
  ]);
  return alignColumns([head, ...rows]);
}

/** Rows may lack classes that the model knows. */
function classesText({ classes, model_classes: known = classes }: GateReport['holdout']): string {
  if (classes === undefined || known === undefined) return '';
  return classes === known
    ? ` of ${counted(known)} classes`
    : ` with ${counted(classes)} of the ${counted(known)} classes`;
}

function headLine({ verdict, model, candidate, current, holdout }: GateReport): string {
  const positives = holdout.positives === undefined ? '' : `, ${counted(holdout.positives)} of them positive`;
  const classes = classesText(holdout);
  const rival = current ? `against current v${current.version}` : 'as the first model';
  const who = `${model} v${candidate.version} (${candidate.learner}) ${rival}`;
  const rows = holdout['evidence'] === undefined ? 'holdout rows' : 'live rows';
  return `${verdict.toUpperCase()}: ${who}, on ${counted(holdout.rows)} ${rows}${classes}${positives}`;
}

/** Of live rows: what they are, as the one who brought them says it. */
function evidenceLines({ holdout: { evidence, evidence_text: text } }: GateReport): string[] {
  return evidence === undefined ? [] : [`  evidence: ${evidence}: ${text}`];
}

function blockLines({ comparisons }: GateReport): string[] {
  const lengths = comparisons.flatMap(({ blocks }) => (blocks ? [blocks.length] : []));
  const [first] = comparisons.flatMap(({ blocks }) => (blocks ? [blocks] : []));
  if (first === undefined) return [];
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const range = least === most ? counted(least) : `${counted(least)} to ${counted(most)}`;
  return [`  drawn in blocks of ${range} of ${counted(first.times)} times, since the rows are in time order`];
}

function overrideLines({ overrides = {} }: GateReport): string[] {
  const items = Object.entries(overrides).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return items.length === 0 ? [] : [`  for this call: ${items.join(', ')}`];
}

/** Rules that passed by name alone; the others in full. */
function ruleLines(reasons: Reason[]): string[] {
  const passed = reasons.filter((reason) => reason.passed).map(({ rule }) => rule);
  const lines = passed.length > 0 ? [`  passed: ${passed.join(', ')}`] : [];
  for (const reason of reasons.filter((one) => !one.passed)) {
    lines.push(`  ${reason.passed === null ? 'open' : 'failed'}: ${reason.rule}: ${reason.text}`);
  }
  return lines;
}

/** The report as plain lines for a terminal: verdict, comparison table, rules, and what follows. */
export function describeGate(report: GateReport): string[] {
  return [
    headLine(report),
    ...evidenceLines(report),
    ...tableLines(report),
    ...blockLines(report),
    ...overrideLines(report),
    ...ruleLines(report.reasons),
    ...report.warnings.map((warning) => `  warning: ${warning}`),
    report.next,
  ];
}
