import { splitKeys } from './split-column.js';
import type { Parts } from './split-rule.js';
import type { Table } from './table.js';

/** The rows by time, rows of the same time in the order of the table. */
export function orderByTime(times: Float64Array, rows: Int32Array): Int32Array {
  return rows.slice().sort((a, b) => times[a] - times[b] || a - b);
}

/**
 * The place in `ordered` nearest to `wanted` at which a new time begins, strictly between `from` and the end;
 * -1 when all times after `from` are the same.
 */
export function nearestTimeBorder(
  times: Float64Array,
  ordered: Int32Array,
  wanted: number,
  from = 0,
): number {
  const isBorder = (at: number) =>
    at > from && at < ordered.length && times[ordered[at]] !== times[ordered[at - 1]];
  for (let off = 0; off <= ordered.length; off++) {
    if (isBorder(wanted + off)) return wanted + off;
    if (isBorder(wanted - off)) return wanted - off;
  }
  return -1;
}

/** The last share of the rows by time, or from 1 on the last so many rows, is the test part; rows of the same time stay together. */
export function splitByTime(table: Table, column: string, fraction: number, rows: Int32Array): Parts {
  const times = splitKeys(table, column, rows, 'time');
  const ordered = orderByTime(times, rows);
  const count = fraction < 1 ? Math.round(ordered.length * fraction) : fraction;
  const border = nearestTimeBorder(times, ordered, ordered.length - count);
  if (border < 0) return { train: ordered, test: new Int32Array(0) };
  return { train: ordered.slice(0, border), test: ordered.slice(border) };
}
