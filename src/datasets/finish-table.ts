import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { describeColumns } from './describe-column.js';
import type { ReadContext } from './read-options.js';
import { badCells, missingCells, type RowPlaces } from './row-errors.js';
import type { ColumnSchema } from './schema.js';
import { firstMissing } from './sort-rows.js';
import type { Table } from './table.js';
import type { FinishedColumn } from './text-column.js';

/** DATA_UNREADABLE for a source in which there is nothing to learn from. */
export function noRows(path: string, why: string): RiskopsError {
  return new RiskopsError('DATA_UNREADABLE', { what: `${printable(path)} has no rows.`, why });
}

/** DATA_ROW_INVALID for a cell that does not fit its column's type, or is missing where the rule says that none is. */
export function checkColumns(
  finished: readonly FinishedColumn[],
  { rules, isSettled }: Pick<ReadContext, 'rules' | 'isSettled'>,
  places: RowPlaces,
): void {
  const bad = finished.flatMap(({ column, bad }) =>
    bad.map((cell) => ({ ...cell, name: column.name, type: column.type })),
  );
  if (bad.length > 0) throw badCells(places, bad, isSettled);
  for (const { column } of finished) {
    if (rules.get(column.name)?.nullable !== false) continue;
    const row = firstMissing(column);
    if (row >= 0) throw missingCells(places, column.name, row);
  }
}

/** The table of columns that are read to the end and checked, with what there is to know of each. */
export function tableOfColumns(
  finished: readonly FinishedColumn[],
  rowCount: number,
  notes: ReadonlyMap<string, string> = new Map(),
): { table: Table; columns: ColumnSchema[] } {
  const noted = finished.map(({ column, note }) => ({ column, note: note ?? notes.get(column.name) }));
  const columns = describeColumns(noted, rowCount);
  return { table: { rowCount, columns: finished.map(({ column }) => column) }, columns };
}
