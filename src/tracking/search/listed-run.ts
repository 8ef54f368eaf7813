import type { Store } from '../../storage/store.js';
import type { RunStatus } from '../liveness.js';
import { itemOf, lastMetrics, type RunItem, type RunRow } from '../run-records.js';
import type { SearchFacts } from './field-sql.js';
import type { Column } from './filter.js';
import { readColumns } from './search-runs.js';

/** What a run has in a column: a duration in seconds, a time in UTC; null where it has nothing. */
export type ColumnValue = string | number | boolean | null;

/** A run on a page. */
export interface ListedRun extends RunItem {
  /** What was asked for, by the names it was asked by. */
  columns?: Record<string, ColumnValue>;
}

interface ListedParts {
  columns: Column[];
  facts: SearchFacts;
  includeMetrics: boolean;
}

/** So many runs are read by one statement. */
const READ_AT_ONCE = 1000;

/** The runs with these `sequence`s, in this order. */
export async function readListedRuns(
  store: Store,
  sequences: number[],
  { columns, facts, includeMetrics }: ListedParts,
): Promise<ListedRun[]> {
  const items: ListedRun[] = [];
  for (let first = 0; first < sequences.length; first += READ_AT_ONCE) {
    const some = sequences.slice(first, first + READ_AT_ONCE);
    const rows = await store.db.selectFrom('runs').selectAll().where('sequence', 'in', some).execute();
    const bySequence = new Map(rows.map((row) => [row.sequence, row]));
    const values = await readColumns(store, some, columns, facts);
    const ids = rows.map((row) => row.run_id);
    const metrics = includeMetrics ? await lastMetrics(store, ids) : undefined;
    // One that was deleted for good in this moment is left out.
    for (const row of some.flatMap((sequence) => bySequence.get(sequence) ?? []))
      items.push({
        ...itemOf(row, statusOf(row, facts)),
        ...(metrics && { metrics: metrics.get(row.run_id) }),
        ...(columns.length > 0 && { columns: columnsOf(columns, values.get(row.sequence)) }),
      });
  }
  return items;
}

/** As the search saw it, so that a filter by status and what it finds agree. */
function statusOf({ status, sequence }: RunRow, { lost }: SearchFacts): RunStatus | undefined {
  if (status !== 'RUNNING' || lost === undefined) return undefined;
  return lost.has(sequence) ? 'LOST' : 'RUNNING';
}

function columnsOf(columns: Column[], values: unknown[] = []): Record<string, ColumnValue> {
  return Object.fromEntries(columns.map((column, i) => [column.name, columnValue(column, values[i])]));
}

function columnValue({ field }: Column, given: unknown): ColumnValue {
  if (given === null || given === undefined) return null;
  if (field.type === 'flag') return given === 1;
  if (field.type === 'duration') return (given as number) / 1000;
  return field.type === 'metric' ? Number(given) : (given as string);
}
