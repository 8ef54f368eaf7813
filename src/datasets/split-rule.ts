import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';

/** A rule that says which rows test the model. */
export type Split =
  | { kind: 'random'; fraction: number }
  | { kind: 'every'; every: number; remainder: number }
  /** From 1 on, `fraction` is a number of rows. */
  | { kind: 'time'; column: string; fraction: number }
  | { kind: 'group'; column: string; fraction: number }
  | { kind: 'file'; path: string };

/** Row numbers of the two parts. No row is in both, and no row without a target is in either. */
export interface Parts {
  train: Int32Array;
  test: Int32Array;
}

const SPLIT_RULES = 'random:0.2, every:5:4, time:COLUMN:0.2, group:COLUMN:0.2, file:PATH';

export function splitInvalid(what: string, why: string, fix?: string): RiskopsError {
  return new RiskopsError('SPLIT_INVALID', { what, why, fix });
}

function parseFraction(text: string, rule: string, mayCount = false): number {
  if (mayCount && /^[1-9]\d{0,8}$/.test(text)) return Number(text);
  const fraction = /^(0?\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (fraction > 0 && fraction < 1) return fraction;
  const why = `The share of test rows is "${printable(text, 40)}", and should be between 0 and 1, such as 0.2.`;
  throw splitInvalid(`The split "${rule}" cannot be used.`, why, 'riskops train --split random:0.2');
}

function parseEvery(rest: string, rule: string): Split {
  const [every, remainder] = /^\d{1,9}:\d{1,9}$/.test(rest) ? rest.split(':').map(Number) : [0, 0];
  if (every >= 2 && remainder < every) return { kind: 'every', every, remainder };
  const why =
    'every:K:R makes row i (the first is 0) a test row when i mod K is R; K is at least 2 and R below K.';
  throw splitInvalid(`The split "${rule}" cannot be used.`, why, 'riskops train --split every:5:4');
}

function parseByColumn(kind: 'time' | 'group', rest: string, rule: string): Split {
  const colon = rest.lastIndexOf(':');
  const column = rest.slice(0, Math.max(0, colon));
  if (column !== '')
    return { kind, column, fraction: parseFraction(rest.slice(colon + 1), rule, kind === 'time') };
  const why = `It should name a column and a share: ${kind}:COLUMN:0.2.`;
  throw splitInvalid(`The split "${rule}" cannot be used.`, why, `riskops train --split ${kind}:COLUMN:0.2`);
}

/**
 * The rule that a text such as `random:0.2` names. `random`: a share of the rows by seed; `every:K:R`: row i when
 * i mod K is R; `time`: the last share of the rows by time, or the last N rows; `group`: whole groups; `file`: the rows of another file.
 * SPLIT_INVALID says what is wrong with any other text.
 */
export function parseSplit(text: string): Split {
  const rule = printable(text, 80);
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon));
  const rest = text.slice(colon + 1);
  if (kind === 'random') return { kind, fraction: parseFraction(rest, rule) };
  if (kind === 'every') return parseEvery(rest, rule);
  if (kind === 'time' || kind === 'group') return parseByColumn(kind, rest, rule);
  if (kind === 'file' && rest !== '') return { kind, path: rest };
  throw splitInvalid(
    `The split "${rule}" is not known.`,
    `Rules are ${SPLIT_RULES}.`,
    'riskops train --split random:0.2',
  );
}
