import type { LearningRows } from '../models/learner.js';
import { seededRandom, shuffledIndices } from '../util/random.js';

/** Rows of each class before and after they were evened out. */
export interface RowBalance {
  before: number[];
  after: number[];
}

/** The stream of random numbers that evening out draws from, apart from those of splits. */
const STREAM = 1_000;

/**
 * Weights with which each class counts the same in all, as scikit-learn's class_weight="balanced": rows / (classes x rows of the class),
 * times the rows' own weights.
 */
export function classWeightsOf(
  y: Float64Array,
  classCount: number,
  mode: 'balanced' | null,
  own: Float64Array | null,
): Float64Array | null {
  if (mode === null || classCount === 0) return own;
  const totals = new Float64Array(classCount);
  for (let row = 0; row < y.length; row++) totals[y[row]] += own?.[row] ?? 1;
  const total = totals.reduce((sum, value) => sum + value, 0);
  return y.map((label, row) => ((own?.[row] ?? 1) * total) / (classCount * totals[label]));
}

/** Of each class the numbers of its rows. */
function rowsByClass(y: Float64Array, classCount: number): Int32Array[] {
  const counts = new Int32Array(classCount);
  for (const label of y) counts[label]++;
  const rows = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let row = 0; row < y.length; row++) rows[y[row]][counts[y[row]]++] = row;
  return rows;
}

/** Of a class as many rows as wanted: some of them at random, or all of them, over and over. */
function drawRows(rows: Int32Array, wanted: number, seed: number, stream: number): Int32Array {
  const order = shuffledIndices(rows.length, seededRandom(seed, stream));
  return Int32Array.from({ length: wanted }, (_, i) => rows[order[i % rows.length]]);
}

/**
 * Rows with as many of each class as of the largest (`oversample`: rows stand in it more than once) or the smallest (`undersample`: rows
 * are left out). It works on the rows of one fit, after every split, so that no row and its copy come into different folds.
 */
export function evenRows(
  rows: LearningRows,
  plan: { classCount: number; balance: 'oversample' | 'undersample' | null; seed: number },
): { rows: LearningRows; balance: RowBalance | null } {
  const { classCount, balance, seed } = plan;
  if (balance === null || classCount === 0) return { rows, balance: null };
  const classes = rowsByClass(rows.y, classCount);
  const sizes = classes.map(({ length }) => length);
  const wanted =
    balance === 'oversample' ? Math.max(...sizes) : Math.min(...sizes.filter((size) => size > 0));
  const drawn = classes.flatMap((list, i) =>
    list.length === 0 ? [] : Array.from(drawRows(list, wanted, seed, STREAM + i)),
  );
  const order = Int32Array.from(drawn).sort();
  return {
    rows: gatherRows(rows, order),
    balance: { before: sizes, after: sizes.map((size) => (size === 0 ? 0 : wanted)) },
  };
}

function gatherRows({ x, y, rowCount, weights }: LearningRows, order: Int32Array): LearningRows {
  const width = x.length / rowCount;
  const gathered = new Float64Array(order.length * width);
  for (const [at, row] of order.entries())
    gathered.set(x.subarray(row * width, (row + 1) * width), at * width);
  return {
    x: gathered,
    y: Float64Array.from(order, (row) => y[row]),
    rowCount: order.length,
    weights: weights && Float64Array.from(order, (row) => weights[row]),
    previous: null,
  };
}
