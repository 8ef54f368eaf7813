import { orderByTime } from '../../datasets/split-times.js';
import { type Column, columnOf, type NumericColumn } from '../../datasets/table.js';
import { printable } from '../../util/text.js';
import type { PreparedData } from '../prepare-data.js';
import type { LeakGuard } from './leak.js';

const LEAST_ROWS = 50;
/** Neighbours in time that agree this much give a shuffled holdout away; independent rows stay near 0. */
const MOST_AGREEMENT = 0.3;

/** The columns that could order the rows: what the plan says, and dates. */
function timesOf({ table, roles }: PreparedData): NumericColumn[] {
  const isTime = (column: Column): column is NumericColumn =>
    column.type !== 'category' && (column.type === 'date' || column.name === roles.time);
  return table.columns.filter(isTime);
}

/** Correlation of the target with that of the next row in time, inside each series. */
function agreementOfNeighbours(
  y: Float64Array,
  ordered: Int32Array,
  series: ArrayLike<number> | null,
): number {
  let [n, mean] = [0, 0];
  for (const row of ordered) mean += (y[row] - mean) / ++n;
  let [both, squares, pairs] = [0, 0, 0];
  for (let i = 1; i < ordered.length; i++) {
    const [a, b] = [ordered[i - 1], ordered[i]];
    squares += (y[b] - mean) ** 2;
    if (series !== null && series[a] !== series[b]) continue;
    both += (y[a] - mean) * (y[b] - mean);
    pairs++;
  }
  return pairs < LEAST_ROWS || squares === 0 ? 0 : both / pairs / (squares / (ordered.length - 1));
}

/** The rows of each series together, in time. */
function orderRows({ table, roles, parts }: PreparedData, times: Float64Array) {
  const known = (rows: Int32Array) => rows.filter((row) => !Number.isNaN(times[row]));
  const rows = known(Int32Array.from([...parts.train, ...parts.test]));
  const ordered = orderByTime(times, rows);
  if (roles.group === undefined) return { ordered, series: null };
  const column = columnOf(table, roles.group);
  const series = column.type === 'category' ? column.codes : column.values;
  return { ordered: ordered.sort((a, b) => series[a] - series[b] || times[a] - times[b] || a - b), series };
}

/**
 * A time series whose held-out rows lie among the training rows: their neighbours in time give them away. A split by `random` or `every` is
 * refused where rows next to each other in time have much the same target.
 */
export const findTimeDisorder: LeakGuard = (data) => {
  const { split, target } = data;
  if (split.kind !== 'random' && split.kind !== 'every') return [];
  for (const { name, values } of timesOf(data)) {
    const { ordered, series } = orderRows(data, values);
    const agreement = agreementOfNeighbours(target.y, ordered, series);
    if (agreement < MOST_AGREEMENT) continue;
    const shown = printable(name, 60);
    return [
      {
        columns: [name],
        what: `The rows are a time series ("${shown}"), and the split ${split.kind} shuffles it.`,
        why: `Rows next to each other in time have much the same ${printable(target.name, 60)} (correlation ${agreement.toFixed(2)}), so the held-out ones are known from their neighbours.`,
        fix: `riskops train --split "time:${shown}:0.2"`,
      },
    ];
  }
  return [];
};
