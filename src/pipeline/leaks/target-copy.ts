import { type Column, columnOf } from '../../datasets/table.js';
import { printable } from '../../util/text.js';
import type { PreparedData } from '../prepare-data.js';
import type { LeakGuard } from './leak.js';
import { sampleRows } from './sample-rows.js';

/** Fewer rows may agree by chance. */
const LEAST_ROWS = 30;

/** Rows where both are known, as pairs of the feature's number and the target's. */
function pairsOf(column: Column, y: Float64Array, rows: Int32Array) {
  const values = column.type === 'category' ? column.codes : column.values;
  const isKnown = (row: number) =>
    column.type === 'category' ? values[row] >= 0 : !Number.isNaN(values[row]);
  const known = rows.filter(isKnown);
  return {
    values: Float64Array.from(known, (row) => values[row]),
    y: Float64Array.from(known, (row) => y[row]),
  };
}

/** Whether each value of one goes with one value of the other, both ways; where values seldom come back that says nothing. */
function isOneToOne(values: Float64Array, y: Float64Array): boolean {
  const forth = new Map<number, number>();
  const back = new Map<number, number>();
  for (let i = 0; i < y.length; i++) {
    if ((forth.get(values[i]) ?? y[i]) !== y[i] || (back.get(y[i]) ?? values[i]) !== values[i]) return false;
    forth.set(values[i], y[i]);
    back.set(y[i], values[i]);
  }
  return forth.size > 1 && 10 * forth.size <= y.length;
}

/** Whether one threshold on the feature parts two classes without a fault. */
function isParted(values: Float64Array, y: Float64Array): boolean {
  const range = [0, 1].map((label) => {
    const own = values.filter((_, i) => y[i] === label);
    return {
      count: own.length,
      low: own.reduce((a, b) => Math.min(a, b), Infinity),
      high: own.reduce((a, b) => Math.max(a, b), -Infinity),
    };
  });
  if (range.some(({ count }) => count < 10)) return false;
  return range[0].high < range[1].low || range[1].high < range[0].low;
}

/** Whether the feature puts all rows in the order of the target, or in the reverse: a copy, whatever was done to its scale. */
function isOrdered(values: Float64Array, y: Float64Array): boolean {
  const order = Int32Array.from(y.keys()).sort((a, b) => values[a] - values[b] || y[a] - y[b]);
  let [up, down] = [0, 0];
  for (let i = 1; i < order.length; i++) {
    const [a, b] = [order[i - 1], order[i]];
    if ((values[a] === values[b]) !== (y[a] === y[b])) return false;
    if (y[b] > y[a]) up++;
    else if (y[b] < y[a]) down++;
  }
  return Math.max(up, down) > y.length / 2 && Math.min(up, down) === 0;
}

function reasonFor(column: Column, { target }: PreparedData, rows: Int32Array): string | undefined {
  const { values, y } = pairsOf(column, target.y, rows);
  // What is missing more often than not may be known only where the target is; what there is of it counts.
  if (y.length < LEAST_ROWS) return undefined;
  if (isOneToOne(values, y)) return 'each of its values goes with one value of the target';
  if (column.type === 'category') return undefined;
  if (target.task === 'binary' && isParted(values, y))
    return 'one threshold on it tells the classes apart without a fault';
  if (target.task === 'regression' && isOrdered(values, y))
    return 'it puts the rows in the order of the target';
  return undefined;
}

/** A feature that is the target under another name: its values, its class, or its order. */
export const findTargetCopies: LeakGuard = (data) => {
  const { table, features, parts, target } = data;
  const rows = sampleRows(parts.train);
  return features.flatMap((name) => {
    const reason = reasonFor(columnOf(table, name), data, rows);
    if (reason === undefined) return [];
    const shown = printable(name, 60);
    return [
      {
        columns: [name],
        what: `The column "${shown}" is a copy of the target "${printable(target.name, 60)}": ${reason}.`,
        why: 'It will not be known when a prediction is asked for.',
        fix: `riskops train --drop "${shown}"`,
      },
    ];
  });
};
