import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { groupKey } from './group-key.js';
import type { Feature, Signature } from './signature.js';
import { type CategoryColumn, type Column, columnOf, type Table } from './table.js';

/** Whether a column's values may stand for the feature: whole numbers are numbers, otherwise the types are the same. */
function fits(column: Column, feature: Feature): boolean {
  return column.type === feature.type || (column.type === 'integer' && feature.type === 'number');
}

function wrongType(column: Column, feature: Feature): RiskopsError {
  return new RiskopsError('INPUT_INVALID', {
    what: `The column "${printable(feature.name)}" is of type ${column.type}, but the model learned it as ${feature.type}.`,
    why: 'A column must be read with the type that the model was trained with.',
    fix: `give the column "${printable(feature.name)}" the type "${feature.type}" in the schema`,
    details: { column: feature.name, got: column.type, expected: feature.type },
  });
}

/** The cell of each of the column's categories: a group's own number, else the feature's index; -1 for one that training never saw. */
function translateCategories(column: CategoryColumn, feature: Feature): Float64Array {
  if (feature.role === 'group') return Float64Array.from(column.categories, groupKey);
  const known = new Map((feature.categories ?? []).map((category, index) => [category, index]));
  return Float64Array.from(column.categories, (category) => known.get(category) ?? -1);
}

/** A row without its time or group has no place in any series. */
function unplaced({ name, role }: Feature, row: number): RiskopsError {
  return new RiskopsError('INPUT_INVALID', {
    what: `Row ${row + 1} has no ${printable(name)}.`,
    why: role === 'time' ? 'It orders the rows.' : 'It tells the series apart.',
    fix: `give every row its ${printable(name)}`,
    details: { column: name, row },
  });
}

/** A column as it becomes a feature's cells. */
interface Source {
  feature: Feature;
  /** Indices into `values`, -1 for a missing one; null where `values` has one a row. */
  codes: Int32Array | null;
  values: Float64Array;
}

function sourceOf(table: Table, feature: Feature): Source {
  const column = columnOf(table, feature.name);
  if (!fits(column, feature)) throw wrongType(column, feature);
  return column.type === 'category'
    ? { feature, codes: column.codes, values: translateCategories(column, feature) }
    : { feature, codes: null, values: column.values };
}

/** Writes the `i`th feature's cells of the rows `from` to `to`: of each the value at `rows[row]`, or at the row itself. */
function fillCells(
  cells: Float64Array,
  { i, width, from, to }: { i: number; width: number; from: number; to: number },
  { feature, codes, values }: Source,
  rows: Int32Array | undefined,
): void {
  const placed = feature.role === 'time' || feature.role === 'group';
  for (let row = from, at = from * width + i; row < to; row++, at += width) {
    const source = rows === undefined ? row : rows[row];
    const value = codes === null ? values[source] : codes[source] < 0 ? Number.NaN : values[codes[source]];
    if (placed && Number.isNaN(value)) throw unplaced(feature, source);
    cells[at] = value;
  }
}

/** Rows that are written at once: their cells stay in the processor's cache while one column comes after the other. */
const BLOCK_ROWS = 1024;

/**
 * The cells of the rows of a table, or of the given rows in the given order: row-major rowCount x features in signature order,
 * NaN = missing, categories as their index in the signature, -1 for one that training never saw, a group as its number or
 * `groupKey` of its text. Columns that are no feature are left out. The cells are the only memory it takes.
 *
 * Errors: COLUMN_NOT_FOUND for a feature that the table lacks, INPUT_INVALID for one of another type and for a row without time or group.
 */
export function encodeTable(table: Table, signature: Signature, rows?: Int32Array): Float64Array {
  const width = signature.features.length;
  const rowCount = rows?.length ?? table.rowCount;
  const sources = signature.features.map((feature) => sourceOf(table, feature));
  const cells = new Float64Array(rowCount * width);
  for (let from = 0; from < rowCount; from += BLOCK_ROWS) {
    const to = Math.min(rowCount, from + BLOCK_ROWS);
    for (const [i, source] of sources.entries()) fillCells(cells, { i, width, from, to }, source, rows);
  }
  return cells;
}
