/**
 * What the text of one cell is. Numbers are decimal or scientific and nothing else: `0x10`, `1,5`, `1_000`,
 * `Infinity` and what a double cannot hold (`1e309`) are text.
 */

/** Text that stands for a missing value, besides the empty cell, when the caller names no other marks. */
export const DEFAULT_MISSING_MARKS: readonly string[] = [
  'NA',
  'N/A',
  'n/a',
  'NaN',
  'nan',
  'null',
  'NULL',
  'None',
  '?',
  '-',
];

export type NumberKind = 'none' | 'integer' | 'decimal' | 'padded' | 'unsafe';

/**
 * The kind of number that `text` is. `integer`: whole, be it written 100000 or 1.0e5, but not 100000.0.
 * `padded`: digits behind a leading zero (007), which a number would lose.
 * `unsafe`: a whole number beyond 2^53, which a double would round.
 */
export function numberKind(text: string): NumberKind {
  const length = text.length;
  if (length === 0 || length > 400) return 'none';
  let digits = 0;
  let plain = true;
  let point = false;
  let firstDigit = 0;
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 48 && c <= 57) {
      if (digits++ === 0) firstDigit = c;
    } else if (c === 46) point = true;
    else if (c === 69 || c === 101) plain = false;
    else if (c !== 43 && c !== 45) return 'none';
  }
  if (digits === 0) return 'none';
  if (point && plain) return Number.isFinite(Number(text)) ? 'decimal' : 'none';
  if (!plain) return scientificKind(text);
  // a sign is only good in front
  if (length > digits && (length !== digits + 1 || text.charCodeAt(0) > 45)) return 'none';
  if (digits > 1 && firstDigit === 48) return 'padded';
  if (digits < 16) return 'integer';
  if (Number.isSafeInteger(Number(text))) return 'integer';
  return Number.isFinite(Number(text)) ? 'unsafe' : 'none';
}

function scientificKind(text: string): NumberKind {
  const value = Number(text);
  if (!Number.isFinite(value)) return 'none';
  return Number.isSafeInteger(value) ? 'integer' : 'decimal';
}

/** The number that `text` is; undefined when it is none. Every way a double is printed is read back exactly. */
export function parseNumber(text: string): number | undefined {
  return numberKind(text) === 'none' ? undefined : Number(text);
}

/** Whether the number can stand in a column typed `type` as it is written. */
export function fitsNumeric(text: string, type: 'number' | 'integer'): boolean {
  const kind = numberKind(text);
  if (type === 'number') return kind !== 'none';
  return (
    kind === 'integer' || kind === 'padded' || (kind === 'decimal' && Number.isSafeInteger(Number(text)))
  );
}

/** The marks of a missing value: as text, and those that are numbers (-999) by their value, for -999.0 too. */
export interface Marks {
  words: ReadonlySet<string>;
  numbers: ReadonlySet<number>;
}

/** The given marks and the empty cell. */
export function marksOf(missing: readonly string[]): Marks {
  const words = new Set(['', ...missing.map((mark) => mark.trim())]);
  return { words, numbers: new Set([...words].map(parseNumber).filter((value) => value !== undefined)) };
}

const WORDS = new Map<string, 0 | 1>([
  ['true', 1],
  ['false', 0],
  ['yes', 1],
  ['no', 0],
  ['y', 1],
  ['n', 0],
  ['t', 1],
  ['f', 0],
  ['1', 1],
  ['0', 0],
]);

/** Whether a column of such words becomes boolean by itself: true and false only; yes and no stay as they are written. */
export function isTrueOrFalse(text: string): boolean {
  const length = text.length;
  if (length !== 4 && length !== 5) return false;
  const word = text.toLowerCase();
  return word === 'true' || word === 'false';
}

/** 1 or 0 for true/false, yes/no, y/n, t/f and 1/0 in any case (what a column typed `boolean` may hold); else undefined. */
export function parseBoolean(text: string): 0 | 1 | undefined {
  return text.length > 5 ? undefined : WORDS.get(text.toLowerCase());
}

/** The text without blanks around it. Most cells have none, so they are looked at before anything is made. */
export function trimCell(text: string): string {
  const length = text.length;
  if (length === 0) return text;
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(length - 1);
  return first <= 32 || last <= 32 || first >= 160 || last >= 160 ? text.trim() : text;
}
