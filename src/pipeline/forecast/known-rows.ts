import { encodeTable } from '../../datasets/encode-table.js';
import type { Signature } from '../../datasets/signature.js';
import { columnOf, type Table } from '../../datasets/table.js';
import { RiskopsError } from '../../errors.js';
import type { ModelHeader } from '../../models/model-header.js';
import { readModelRows } from '../model-rows.js';
import { usableSource } from '../source-paths.js';
import { type ForecastColumns, seriesRows } from './series-cells.js';

/** What names a series: null where there is one. */
export type SeriesName = string | number | null;

/** A series up to the newest row whose target has a value. */
export interface KnownSeries {
  name: SeriesName;
  /** Of all its rows, ascending. */
  times: number[];
  /** The newest rows, in time, among the cells: those that an answer builds on. */
  rows: number[];
}

/** All that a forecast goes on from. */
export interface KnownRows {
  /** Row-major, the width of the signature. */
  cells: Float64Array;
  /** In the order of their first rows. */
  series: KnownSeries[];
}

/** The known rows among cells: of each series the newest `lookBack` + 1. */
export function knownRows(
  cells: Float64Array,
  columns: ForecastColumns,
  { nameOf, lookBack }: { nameOf: (row: number) => SeriesName; lookBack: number },
): KnownRows {
  const { width, target, time } = columns;
  const isKnown = (row: number) => !Number.isNaN(cells[row * width + target]);
  // A row whose target nobody knows stands for its time; one behind the last known target is still to come.
  const all = seriesRows(cells, columns)
    .map((rows) => rows.slice(0, rows.findLastIndex(isKnown) + 1))
    .filter(({ length }) => length > 0);
  const kept = all.map((rows) => rows.slice(-lookBack - 1));
  const compact = new Float64Array(kept.reduce((sum, { length }) => sum + length, 0) * width);
  let end = 0;
  const series = all.map((rows, i): KnownSeries => {
    const from = end;
    for (const row of kept[i]) compact.set(cells.subarray(row * width, (row + 1) * width), end++ * width);
    return {
      name: nameOf(rows[0]),
      times: rows.map((row) => cells[row * width + time]),
      rows: Array.from({ length: end - from }, (_, k) => from + k),
    };
  });
  return { cells: compact, series };
}

/** The name of each row's series as the file has it. */
function seriesNames(table: Table, signature: Signature): (row: number) => SeriesName {
  const group = signature.features.find(({ role }) => role === 'group');
  if (group === undefined) return () => null;
  const column = columnOf(table, group.name);
  if (column.type === 'category') return (row) => column.categories[column.codes[row]];
  return (row) => column.values[row];
}

/** What to read, and what of it. */
export interface KnownRowsRequest {
  /** The rows that are known; those that the version was trained and judged on when left out. */
  data?: string;
  /** The project's folder. */
  root: string;
  columns: ForecastColumns;
  lookBack: number;
}

/**
 * Reads the rows that a model goes on from.
 * @throws DATA_CHANGED when the recorded file has other bytes by now, OPTION_INVALID when none is recorded, and what reading throws
 */
export async function readKnownRows(
  header: ModelHeader,
  { data, root, columns, lookBack }: KnownRowsRequest,
): Promise<KnownRows> {
  const table = await readHistory(header, data, root);
  const cells = encodeTable(table, header.signature);
  return knownRows(cells, columns, { nameOf: seriesNames(table, header.signature), lookBack });
}

async function readHistory(header: ModelHeader, data: string | undefined, root: string): Promise<Table> {
  const recorded = header.provenance['holdout'] as { data: string } | undefined;
  const source = data ?? (recorded && usableSource(root, recorded.data));
  if (source !== undefined) {
    const read = await readModelRows(header, source);
    if (data !== undefined || read.source.sha256 === header.provenance.data_sha256) return read.table;
    throw new RiskopsError('DATA_CHANGED', {
      what: `${recorded?.data} was changed since the model was trained on it.`,
      why: 'Its SHA-256 is another, so nobody can say what the forecast would go on from.',
      fix: `riskops forecast --data ${recorded?.data}, if its rows are the newest that are known`,
    });
  }
  throw new RiskopsError('OPTION_INVALID', {
    what: 'There are no rows to go on from.',
    why: 'The model does not say what it was trained on.',
    fix: 'riskops forecast --data FILE, with the rows that are known',
  });
}
