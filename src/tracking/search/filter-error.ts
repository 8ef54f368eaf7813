import { RiskopsError } from '../../errors.js';

/** What is read: it names the text in errors. */
export type SearchText = 'filter' | 'order' | 'list of columns';

/** The longest filter, order or list of columns, in characters. */
const LENGTH_LIMIT = 10_000;
/** So many characters are shown on each side of the one that an error points at. */
const SHOWN = 36;

/** Where an error points at, for programs and for people. */
export interface FilterErrorDetails {
  /** The character, from 1. */
  position: number;
  /** The text around it, and below it a caret. */
  pointed: [text: string, caret: string];
}

/** @param at the character's index in `text`, from 0 */
export function filterError(
  kind: SearchText,
  text: string,
  at: number,
  why: string,
  fix?: string,
): RiskopsError {
  const details: FilterErrorDetails = { position: at + 1, pointed: pointAt(text, at) };
  return new RiskopsError('RUN_FILTER_INVALID', {
    what: `The ${kind} cannot be read.`,
    why: `at character ${at + 1}, ${why}`,
    fix,
    details,
  });
}

/** @throws RUN_FILTER_INVALID when `text` is longer than the limit, before anything looks at it */
export function checkLength(kind: SearchText, text: string): void {
  if (text.length <= LENGTH_LIMIT) return;
  throw filterError(kind, text, LENGTH_LIMIT, `it is too long: the limit is ${LENGTH_LIMIT} characters`);
}

function pointAt(text: string, at: number): [string, string] {
  const from = Math.max(0, at - SHOWN);
  const before = [...text.slice(from, at)].map(shownAs).join('');
  const after = [...text.slice(at, at + SHOWN)].map(shownAs).join('');
  const left = from > 0 ? '...' : '';
  const right = at + SHOWN < text.length ? '...' : '';
  return [`${left}${before}${after}${right}`, `${' '.repeat(left.length + widthOf(before))}^`];
}

/** One character for one, so that the caret stays below what it means. */
function shownAs(character: string): string {
  return /[\p{C}\u2028\u2029]/u.test(character) ? '?' : character;
}

/** Columns on a terminal: Chinese, Japanese and Korean characters take two. */
function widthOf(text: string): number {
  const wide =
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g;
  return [...text].length + (text.match(wide)?.length ?? 0);
}
