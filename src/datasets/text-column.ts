import { fitsNumeric, parseBoolean, parseNumber } from './cells.js';
import { parseDate } from './dates.js';
import { foreignNote } from './foreign-texts.js';
import { countText, emptyTally, inferType } from './infer-schema.js';
import type { Column, ColumnType } from './table.js';

/** A cell that does not fit its column's type: the first row that holds it, and in how many rows it stands. */
export interface BadCell {
  row: number;
  text: string;
  count: number;
}

export interface FinishedColumn {
  column: Column;
  note?: string;
  bad: BadCell[];
}

/** A column by its distinct texts, blanks around them cut off and missing marks left out. */
export interface DistinctTexts {
  name: string;
  texts: readonly string[];
  /** In how many rows each text stands, and the first of them. */
  counts: ArrayLike<number>;
  firstRows: ArrayLike<number>;
  /** One index into `texts` a row; -1 is a missing value. Taken over by the column. */
  codes: Int32Array;
  /** The texts are no pieces of a longer one. */
  areWhole?: boolean;
}

function infer({ texts, counts }: DistinctTexts) {
  const tally = emptyTally();
  for (const [code, text] of texts.entries()) countText(tally, text, counts[code]);
  return inferType(tally);
}

/** Categories are in sorted order, so that they do not depend on the order of the rows. */
function toCategories({ name, texts, codes, areWhole }: DistinctTexts): Column {
  const sorted = [...texts].sort();
  const rankOf = new Map(sorted.map((text, rank) => [text, rank]));
  const rank = Int32Array.from(texts, (text) => rankOf.get(text)!);
  for (let row = 0; row < codes.length; row++) if (codes[row] >= 0) codes[row] = rank[codes[row]];
  // A short piece of a string can hold the whole file in memory; a copy by way of bytes cannot.
  const categories = areWhole ? sorted : sorted.map((text) => Buffer.from(text, 'utf8').toString('utf8'));
  return { name, type: 'category', codes, categories };
}

/** The value of a cell in a column of this type; undefined when it does not fit. */
function parseCell(text: string, type: Exclude<ColumnType, 'category'>): number | undefined {
  if (type === 'boolean') return parseBoolean(text);
  if (type === 'date') return parseDate(text);
  return fitsNumeric(text, type) ? parseNumber(text) : undefined;
}

function toNumbers(
  { name, texts, counts, firstRows, codes }: DistinctTexts,
  type: Exclude<ColumnType, 'category'>,
): { column: Column; bad: BadCell[] } {
  const bad: BadCell[] = [];
  const valueOfCode = new Float64Array(texts.length);
  for (const [code, text] of texts.entries()) {
    const value = parseCell(text, type);
    if (value === undefined) bad.push({ row: firstRows[code], text, count: counts[code] });
    valueOfCode[code] = value ?? Number.NaN;
  }
  const values = new Float64Array(codes.length);
  for (let row = 0; row < codes.length; row++)
    values[row] = codes[row] < 0 ? Number.NaN : valueOfCode[codes[row]];
  return { column: { name, type, values }, bad };
}

/** The column of the given type, or of the type that its texts say. Each distinct text is judged once. */
export function finishTexts(distinct: DistinctTexts, known: ColumnType | undefined): FinishedColumn {
  const { type, note } = known === undefined ? infer(distinct) : { type: known, note: undefined };
  if (type === 'category')
    return { column: toCategories(distinct), note: foreignNote(distinct.texts) ?? note, bad: [] };
  return { ...toNumbers(distinct, type), note };
}
