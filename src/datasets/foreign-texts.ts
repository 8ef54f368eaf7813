import { printable } from '../util/text.js';
import { numberKind } from './cells.js';
import type { TableSchema } from './schema.js';

/**
 * Numbers and dates as other countries and programs write them. They are read as text, because `1,234` and `05/01/2026` mean one thing
 * here and another there; but a column of them is hardly ever meant as text, so it is told.
 */
interface Way {
  pattern: RegExp;
  /** What a column's schema says of it. */
  note: string;
  /** How to write it so that it is read. `delimiter` is that of the CSV. */
  fix(delimiter: string | undefined): string;
}

const BY_SED = "sed -E 's/([0-9]),([0-9])/\\1.\\2/g' FILE > NEW_FILE";

/** Behind each other: what fits the first way is not looked at by the second. */
const WAYS: readonly Way[] = [
  {
    pattern: /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/,
    note: 'numbers with commas in them are read as text',
    fix: () => 'write 1234 or 1.234, not 1,234',
  },
  {
    pattern: /^[+-]?(?:\d+|\d{1,3}(?:[. ]\d{3})+),\d+(?:[eE][+-]?\d+)?$/,
    note: 'numbers with a decimal comma are read as text',
    fix: (delimiter) =>
      delimiter === undefined || delimiter === ','
        ? 'write 33.12, not 33,12'
        : `write 33.12, not 33,12: ${BY_SED}`,
  },
  {
    pattern:
      /^(?:\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{1,2}\/\d{1,2}\/\d{2}|\d{4}([/.])\d{1,2}\2\d{1,2})(?:[T ,]+\d{1,2}:\d{2}.*)?$/,
    note: 'dates that are not ISO dates are read as text',
    fix: () => 'write 2026-01-31, not 31/01/2026',
  },
];

/** So many texts of a column say how it is written. */
const MOST_LOOKED_AT = 1_000;

/** What to know of a column of texts most of which are numbers or dates written another way; undefined of any other. */
export function foreignNote(texts: readonly string[]): string | undefined {
  const looked = texts.slice(0, MOST_LOOKED_AT);
  const counts = WAYS.map(() => 0);
  let plain = 0;
  for (const text of looked) {
    const way = WAYS.findIndex(({ pattern }) => pattern.test(text));
    if (way >= 0) counts[way]++;
    else if (numberKind(text) !== 'none') plain++;
  }
  const [grouped, decimal, dates] = counts;
  const commas = grouped + decimal;
  if (dates > looked.length / 2) return WAYS[2].note;
  if (commas <= (looked.length - plain) / 2 || commas + plain <= looked.length / 2) return undefined;
  // 1,234 is both; 33,12 beside it says which.
  return decimal > 0 ? WAYS[1].note : WAYS[0].note;
}

/** How to write a text that is a number or a date written another way; undefined of any other. */
export function foreignFix(text: string): string | undefined {
  return WAYS.find(({ pattern }) => pattern.test(text))?.fix(undefined);
}

/** A line for each way in which columns are written that are read as text though they hardly are: which columns, and what helps. */
export function foreignHints({ columns, delimiter }: TableSchema, without: readonly string[] = []): string[] {
  return WAYS.flatMap(({ note, fix }) => {
    const names = columns.filter((column) => column.note === note && !without.includes(column.name));
    if (names.length === 0) return [];
    return [
      `Warning: ${names.map(({ name }) => printable(name, 60)).join(', ')}: ${note}; ${fix(delimiter)}.`,
    ];
  });
}
