import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { numberKind, trimCell } from './cells.js';
import type { Dialect } from './csv-dialect.js';
import { forEachRecord } from './csv-records.js';

/** More columns than any model here can take. */
const MAX_COLUMNS = 10_000;

function unusable(path: string, what: string, why: string, fix: string): RiskopsError {
  return new RiskopsError('DATA_UNREADABLE', { what: `${printable(path)}: ${what}`, why, fix });
}

/** The names in the first record; undefined when there is none, or when its quoting is broken. */
function firstRecord(text: string, dialect: Dialect): string[] | undefined {
  let header: string[] | undefined;
  forEachRecord(text, dialect, (fields) => {
    header = fields.map(trimCell);
    return 'stop';
  });
  return header;
}

/** A first line of numbers only, or mostly of numbers with points in them: nobody names columns so. */
function looksLikeRow(names: readonly string[]): boolean {
  const kinds = names.map(numberKind).filter((kind) => kind !== 'none');
  return kinds.length === names.length || (kinds.length > names.length / 2 && kinds.includes('decimal'));
}

function checkNames(path: string, names: readonly string[]): void {
  if (names.length > MAX_COLUMNS) {
    const why = `The limit is ${MAX_COLUMNS}; perhaps the delimiter or the line ends are not what they seem.`;
    throw unusable(
      path,
      `its header names ${names.length} columns.`,
      why,
      'leave out columns that no model needs',
    );
  }
  if (looksLikeRow(names)) {
    const why = `Its first line holds numbers (${printable(names.slice(0, 4).join(', '), 60)}), so it is a row and no header.`;
    throw unusable(path, 'the columns have no names.', why, 'put a line with the column names in front');
  }
  const seen = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const before = seen.get(name);
    if (before !== undefined) {
      const why = `Columns ${before + 1} and ${i + 1} have the same name, and a model tells columns by name.`;
      const fix = 'rename one of them; if the first line is a row, put a line with the column names in front';
      throw unusable(path, `the header names "${printable(name)}" twice.`, why, fix);
    }
    seen.set(name, i);
  }
}

/**
 * The columns' names from the first line. A column without a name, such as the row numbers that pandas writes, gets
 * `column_N`, which its note says. DATA_UNREADABLE for names that stand twice and for a first line of numbers.
 */
export function readHeader(
  path: string,
  text: string,
  dialect: Dialect,
): { names: string[]; notes: Map<string, string> } {
  const header = firstRecord(text, dialect);
  if (header === undefined) {
    const why =
      text.trim() === '' ? 'It holds nothing but blanks.' : 'A quote in its first line is not closed.';
    throw unusable(path, 'there is no header.', why, 'put a line with the column names in front');
  }
  const notes = new Map<string, string>();
  const names = header.map((name, i) => {
    if (name !== '') return name;
    notes.set(`column_${i + 1}`, 'the header has no name for it');
    return `column_${i + 1}`;
  });
  checkNames(path, names);
  return { names, notes };
}
