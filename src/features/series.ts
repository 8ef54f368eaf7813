import { formatDate } from '../datasets/dates.js';
import type { Feature, Signature } from '../datasets/signature.js';
import { type ErrorCode, RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';

/** Rows as series: one group after the other, each in the order of time. */
export interface Series {
  /** Row numbers. */
  order: Int32Array;
  /** Where in `order` each series begins, and at last the number of rows. */
  starts: Int32Array;
}

/** Which cells of a row say where it stands among the others. */
export interface SeriesKeys {
  width: number;
  time: number;
  /** -1 when all rows are one series. */
  group: number;
  feature: Feature;
}

/** Where a signature has its time and group; null when it has no time. */
export function seriesKeysOf({ features }: Signature): SeriesKeys | null {
  const time = features.findIndex(({ role }) => role === 'time');
  if (time < 0) return null;
  const group = features.findIndex(({ role }) => role === 'group');
  return { width: features.length, time, group, feature: features[time] };
}

/** Rows of a file mostly come in order, and to see that is much quicker than to sort. */
function sortRows(times: Float64Array, groups: Float64Array | null): Int32Array {
  const order = Int32Array.from(times, (_, row) => row);
  const compare = (a: number, b: number) =>
    (groups === null ? 0 : groups[a] - groups[b]) || times[a] - times[b] || a - b;
  const isSorted = order.every((row) => row === 0 || compare(row - 1, row) < 0);
  return isSorted ? order : order.sort(compare);
}

function columnOf(cells: Float64Array, rowCount: number, width: number, column: number): Float64Array {
  const values = new Float64Array(rowCount);
  for (let row = 0, at = column; row < rowCount; row++, at += width) values[row] = cells[at];
  return values;
}

function refused(code: ErrorCode, { name, type }: Feature, what: string, time?: number): RiskopsError {
  const shown = time === undefined ? '' : `: ${type === 'date' ? formatDate(time) : time}`;
  return new RiskopsError(code, {
    what: `${what} ${printable(name)}${shown}.`,
    why: 'This model looks at the rows before each row, so they must have one order.',
    fix: 'give each row of a series its own time, and tell series apart by a group (riskops train --series COLUMN)',
    details: { column: name },
  });
}

/**
 * Orders rows by group and time. `code` is that of the error for a row without a time or group, or for two rows of a group with the same
 * time.
 */
export function orderSeries(
  cells: Float64Array,
  rowCount: number,
  keys: SeriesKeys,
  code: ErrorCode,
): Series {
  const times = columnOf(cells, rowCount, keys.width, keys.time);
  const groups = keys.group < 0 ? null : columnOf(cells, rowCount, keys.width, keys.group);
  if (times.some(Number.isNaN) || groups?.some(Number.isNaN))
    throw refused(code, keys.feature, 'A row lacks its group or its');
  const order = sortRows(times, groups);
  const starts: number[] = [];
  for (let at = 0; at < rowCount; at++) {
    const isFirst = at === 0 || (groups !== null && groups[order[at]] !== groups[order[at - 1]]);
    if (isFirst) starts.push(at);
    else if (times[order[at]] === times[order[at - 1]])
      throw refused(code, keys.feature, 'Two rows of one series have the same', times[order[at]]);
  }
  return { order, starts: Int32Array.from([...starts, rowCount]) };
}

/** Of each row the row before it in its series, -1 for the first. */
export function previousRows({ order, starts }: Series): Int32Array {
  const previous = new Int32Array(order.length).fill(-1);
  for (let s = 0; s + 1 < starts.length; s++) {
    for (let at = starts[s] + 1; at < starts[s + 1]; at++) previous[order[at]] = order[at - 1];
  }
  return previous;
}
