import { isTrueOrFalse, numberKind } from './cells.js';
import { looksLikeDate, parseDate } from './dates.js';
import type { ColumnType } from './table.js';

/** How many cells of a column, missing ones left out, are of each kind. */
export interface Tally {
  cells: number;
  integer: number;
  decimal: number;
  /** Digits behind a leading zero, as in 007. */
  padded: number;
  /** Whole numbers that a double would round. */
  unsafe: number;
  boolean: number;
  date: number;
  /** Written like a date, but no such day or hour. */
  badDate: number;
}

export interface Inference {
  type: ColumnType;
  /** Why the type is not the one that a reader may expect. */
  note?: string;
}

/** From this share of numbers (or dates) on, a cell that is none is a mistake in its row, and no sign of a category. */
const NEARLY_ALL = 0.95;

/** Counts one distinct text of a column, that stands in `count` cells. */
export function countText(tally: Tally, text: string, count: number): void {
  tally.cells += count;
  const kind = numberKind(text);
  if (kind !== 'none') tally[kind] += count;
  else if (isTrueOrFalse(text)) tally.boolean += count;
  else if (parseDate(text) !== undefined) tally.date += count;
  else if (looksLikeDate(text)) tally.badDate += count;
}

export function emptyTally(): Tally {
  return { cells: 0, integer: 0, decimal: 0, padded: 0, unsafe: 0, boolean: 0, date: 0, badDate: 0 };
}

function inferNumeric(tally: Tally): Inference {
  if (tally.padded > 0) {
    const note =
      'numbers with leading zeros are kept as text; type "integer" or "number" reads them as numbers';
    return { type: 'category', note };
  }
  if (tally.decimal > 0) return { type: 'number' };
  if (tally.unsafe > 0) {
    return {
      type: 'category',
      note: 'whole numbers beyond 2^53 are kept as text: as numbers they would be rounded',
    };
  }
  return { type: 'integer' };
}

/** Whether the cells that do not fit are few enough to be mistakes: 5 %, or the only one beside four or more. */
function isMistake(odd: number, fitting: number): boolean {
  return fitting >= NEARLY_ALL * (odd + fitting) || (odd === 1 && fitting >= 4);
}

/**
 * The type of a column from the kinds of all its cells: numbers when nearly all are numbers, dates likewise, boolean
 * when all are true or false, category otherwise. The few cells that do not fit are then refused with their line.
 */
export function inferType(tally: Tally): Inference {
  if (tally.cells === 0) return { type: 'category', note: 'no value at all' };
  if (tally.boolean === tally.cells) return { type: 'boolean' };
  const numbers = tally.integer + tally.decimal + tally.padded + tally.unsafe;
  if (numbers > 0 && isMistake(tally.cells - numbers, numbers)) return inferNumeric(tally);
  const written = tally.date + tally.badDate;
  if (tally.date > written / 2 && isMistake(tally.cells - written, written)) return { type: 'date' };
  if (numbers === 0) return { type: 'category' };
  return { type: 'category', note: `${numbers} of ${tally.cells} values are numbers, the others are not` };
}
