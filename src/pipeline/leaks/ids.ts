import { isNamedLikeThing } from '../../datasets/features-choice.js';
import { type Column, columnOf } from '../../datasets/table.js';
import { printable } from '../../util/text.js';
import type { PreparedData } from '../prepare-data.js';
import type { Leak, LeakGuard } from './leak.js';
import { sampleRows } from './sample-rows.js';

/** An id says who a row is about when people have few rows each; fewer different ids than this are a kind, not a name. */
const LEAST_IDS = 20;
/** From this share of the target's variance between ids on, knowing the id is knowing much of the target. */
const MOST_EXPLAINED = 0.2;

const keysOf = (column: Column): Float64Array | Int32Array =>
  column.type === 'category' ? column.codes : column.values;

/**
 * How much of the target's variance lies between ids: the intraclass correlation of a one-way analysis of variance, unequal sizes
 * allowed (Shrout and Fleiss 1979, ICC(1)). 0 where it cannot be told.
 */
function intraclassCorrelation(keys: Float64Array | Int32Array, y: Float64Array, rows: Int32Array): number {
  const groups = new Map<number, { n: number; sum: number }>();
  let total = 0;
  for (const row of rows) {
    const group = groups.get(keys[row]) ?? { n: 0, sum: 0 };
    group.n++;
    group.sum += y[row];
    total += y[row];
    groups.set(keys[row], group);
  }
  const n = rows.length;
  const k = groups.size;
  if (k < LEAST_IDS || n <= k) return 0;
  const mean = total / n;
  let [between, squares] = [0, 0];
  for (const group of groups.values()) {
    between += group.n * (group.sum / group.n - mean) ** 2;
    squares += group.n * group.n;
  }
  let within = 0;
  for (const row of rows) {
    const group = groups.get(keys[row])!;
    within += (y[row] - group.sum / group.n) ** 2;
  }
  const [meanBetween, meanWithin] = [between / (k - 1), within / (n - k)];
  const size = (n - squares / n) / (k - 1);
  const correlation = (meanBetween - meanWithin) / (meanBetween + (size - 1) * meanWithin);
  return Number.isFinite(correlation) ? correlation : 0;
}

/** The share of held-out rows whose id is among the training rows. */
function sharedShare(keys: Float64Array | Int32Array, train: Int32Array, test: Int32Array): number {
  const known = new Set<number>();
  for (const row of train) known.add(keys[row]);
  let shared = 0;
  for (const row of test) if (known.has(keys[row])) shared++;
  return shared / test.length;
}

function leakOf(data: PreparedData, column: Column): Omit<Leak, 'guard'>[] {
  const { parts, target } = data;
  const keys = keysOf(column);
  const rows = sampleRows(parts.train);
  const share = sharedShare(keys, parts.train, parts.test);
  if (share < 0.5 || intraclassCorrelation(keys, target.y, rows) < MOST_EXPLAINED) return [];
  const name = printable(column.name, 60);
  return [
    {
      columns: [column.name],
      what: `The ids of ${Math.round(100 * share)} % of the held-out rows (column "${name}") stand among the training rows too.`,
      why: 'Rows of one id have much the same target, so a model can recognise who it has seen instead of learning why.',
      fix: `riskops train --split "group:${name}:0.2", which holds out whole ids`,
    },
  ];
}

/**
 * Rows of the same person or machine on both sides of a split that does not hold them together. Looks at the columns that are named like
 * an id, and at the one that the plan calls the group.
 */
export const findSharedIds: LeakGuard = (data) => {
  const { split, table, target, roles } = data;
  if (split.kind === 'group' || split.kind === 'time') return [];
  return table.columns
    .filter(({ name }) => name !== target.name && (name === roles.group || isNamedLikeThing(name)))
    .flatMap(({ name }) => leakOf(data, columnOf(table, name)));
};
