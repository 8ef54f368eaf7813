import { describeColumns } from '../datasets/describe-column.js';
import { type LabelReport, labelTable } from '../datasets/label/label-table.js';
import { parseLabel } from '../datasets/label/parse-label.js';
import { parseReshape } from '../datasets/reshape/parse-reshape.js';
import { reshapeTable } from '../datasets/reshape/reshape-table.js';
import type { TableSchema } from '../datasets/schema.js';
import type { Table } from '../datasets/table.js';
import { printable } from '../util/text.js';
import type { DataPlan } from './train-plan.js';

export interface ShapedData {
  table: Table;
  /** What a person should know of it. */
  notes: string[];
}

/**
 * The rows and the target as the plan makes them of what was read: first the rows (a pivot, a coarser time), then the label.
 * @throws RESHAPE_INVALID, LABEL_INVALID, COLUMN_NOT_FOUND, DATA_ROW_INVALID, TARGET_INVALID
 */
export function shapeData(read: Table, { reshape, label }: Pick<DataPlan, 'reshape' | 'label'>): ShapedData {
  const rows = reshape === null ? read : reshapeTable(read, parseReshape(reshape));
  const notes =
    reshape === null ? [] : [`${read.rowCount} rows of the data were made into ${rows.rowCount}.`];
  if (label === null) return { table: rows, notes };
  const { table, report } = labelTable(rows, parseLabel(label));
  return { table, notes: [...notes, describeLabel(report)] };
}

function describeLabel({
  name,
  unit,
  rows,
  groups,
  events,
  censored,
  censoredWere,
  capped,
  definedBy,
}: LabelReport) {
  const parts = [
    `${printable(name, 60)} is the time to an event in ${unit}: ${rows} rows, ${groups} series, ${events} events`,
    censored === 0 ? '' : `${censored} rows behind the last event were ${censoredWere}`,
    capped === 0 ? '' : `${capped} were cut at the cap`,
    definedBy.length === 0
      ? ''
      : `it is made of ${definedBy.map((column) => printable(column, 40)).join(', ')}`,
  ];
  return `${parts.filter((part) => part !== '').join('; ')}.`;
}

/** What there is to know of the columns of a table that was made. */
export function describeTable(table: Table, missing: string[]): TableSchema {
  return {
    columns: describeColumns(
      table.columns.map((column) => ({ column })),
      table.rowCount,
    ),
    missing,
  };
}
