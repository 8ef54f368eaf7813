import { RiskopsError } from '../errors.js';
import { seededRandom, shuffledIndices } from '../util/random.js';
import { type Parts, partition, type Split, type SplitOptions, strata } from './split.js';
import { splitKeys } from './split-column.js';
import { groupRows, shuffleGroups } from './split-groups.js';
import { nearestTimeBorder, orderByTime } from './split-times.js';
import type { Table } from './table.js';

export interface FoldOptions extends Pick<SplitOptions, 'seed' | 'target'> {
  /** How many folds; fewer come back where the groups or times are too few. */
  folds: number;
}

/** Folds from the fold number of each row. */
function foldsOf(rows: Int32Array, foldOf: Map<number, number>, folds: number): Parts[] {
  return Array.from({ length: folds }, (_, fold) => partition(rows, (row) => foldOf.get(row) === fold));
}

/** Each class is dealt out over the folds, one going on where the other ended, so that sizes differ by one at most. */
function dealRows(rows: Int32Array, { folds, seed, target }: FoldOptions): Parts[] {
  const foldOf = new Map<number, number>();
  for (const [stream, stratum] of strata(rows, target).entries()) {
    for (const at of shuffledIndices(stratum.length, seededRandom(seed, stream)))
      foldOf.set(stratum[at], foldOf.size % folds);
  }
  return foldsOf(rows, foldOf, folds);
}

/** The largest groups first, each into the fold that is smallest then. */
function dealGroups(groups: number[][], rows: Int32Array, { folds, seed }: FoldOptions): Parts[] {
  const sizes = new Array<number>(Math.min(folds, groups.length)).fill(0);
  const foldOf = new Map<number, number>();
  for (const group of shuffleGroups(groups, seed).sort((a, b) => b.length - a.length)) {
    const smallest = sizes.indexOf(Math.min(...sizes));
    sizes[smallest] += group.length;
    for (const row of group) foldOf.set(row, smallest);
  }
  return foldsOf(rows, foldOf, sizes.length);
}

/** Forward in time: the rows are cut into blocks; each but the first is predicted from all rows before it. */
function forwardFolds(times: Float64Array, rows: Int32Array, folds: number): Parts[] {
  const ordered = orderByTime(times, rows);
  const borders: number[] = [];
  for (let i = 1; i <= folds; i++) {
    const wanted = Math.round((ordered.length * i) / (folds + 1));
    const border = nearestTimeBorder(times, ordered, wanted, borders.at(-1) ?? 0);
    if (border > 0) borders.push(border);
  }
  return borders.map((border, i) => ({
    train: ordered.slice(0, border),
    test: ordered.slice(border, borders[i + 1]),
  }));
}

/**
 * Folds inside the training rows that keep the split's promise: whole groups by `group:`, forward in time by
 * `time:`, otherwise by seed with the share of the classes kept. A fold that could not be learned from (no rows, or
 * one class) is left out, so the list may be shorter than asked for, or empty.
 */
export function foldRows(split: Split, table: Table, rows: Int32Array, options: FoldOptions): Parts[] {
  const { folds, target } = options;
  if (!Number.isInteger(folds) || folds < 2) {
    throw new RiskopsError('OPTION_INVALID', {
      what: `${folds} folds cannot be made.`,
      why: 'There are at least two.',
    });
  }
  const divide = (): Parts[] => {
    if (split.kind === 'group') return dealGroups(groupRows(table, split.column, rows), rows, options);
    if (split.kind === 'time') return forwardFolds(splitKeys(table, split.column, rows, 'time'), rows, folds);
    return dealRows(rows, options);
  };
  return divide().filter(({ train, test }) => {
    if (train.length === 0 || test.length === 0) return false;
    return (target?.classes ?? null) === null || train.some((row) => target!.y[row] !== target!.y[train[0]]);
  });
}
