import { seededRandom, shuffledIndices } from '../util/random.js';
import { printable } from '../util/text.js';
import { splitByGroup } from './split-groups.js';
import { type Parts, type Split, splitInvalid } from './split-rule.js';
import { splitByTime } from './split-times.js';
import type { Table } from './table.js';
import type { EncodedTarget } from './target.js';

export { type Parts, parseSplit, type Split } from './split-rule.js';

export interface SplitOptions {
  seed: number;
  /** The rows to divide; all when left out. */
  rows?: Int32Array;
  /** Leaves out rows without a target; one of classes makes a random split keep their shares. */
  target?: Pick<EncodedTarget, 'task' | 'y' | 'classes'>;
  /** For `file:`: how many rows of the table are from the first file; those after them (see `appendRows`) are the test rows. */
  firstFileRows?: number;
}

/** The rows that have a target, in ascending order. */
function rowsWithTarget(table: Table, { rows: given, target }: SplitOptions): Int32Array {
  const rows = given ?? new Int32Array(table.rowCount).map((_, row) => row);
  return target === undefined ? rows : rows.filter((row) => !Number.isNaN(target.y[row]));
}

/** The rows of each class, or all of them together when there are no classes. */
export function strata(rows: Int32Array, target: SplitOptions['target']): Int32Array[] {
  if (target === undefined || target.classes === null || target.classes === undefined) return [rows];
  return target.classes.map((_, label) => rows.filter((row) => target.y[row] === label));
}

function splitAtRandom(rows: Int32Array, fraction: number, options: SplitOptions): Parts {
  const parts = { train: [] as number[], test: [] as number[] };
  for (const [stream, stratum] of strata(rows, options.target).entries()) {
    const order = shuffledIndices(stratum.length, seededRandom(options.seed, stream));
    const most = Math.max(stratum.length - 1, 0);
    const count = Math.min(most, Math.max(1, Math.round(stratum.length * fraction)));
    for (let i = 0; i < order.length; i++) (i < count ? parts.test : parts.train).push(stratum[order[i]]);
  }
  return { train: Int32Array.from(parts.train).sort(), test: Int32Array.from(parts.test).sort() };
}

/** The two parts of `rows` by a condition, in the order of the rows. */
export function partition(rows: Int32Array, isTest: (row: number) => boolean): Parts {
  return { train: rows.filter((row) => !isTest(row)), test: rows.filter(isTest) };
}

function checkParts(parts: Parts, target: SplitOptions['target']): Parts {
  for (const [part, rows] of [
    ['training', parts.train],
    ['test', parts.test],
  ] as const) {
    if (rows.length === 0) {
      const why = 'Every row went into the other part.';
      throw splitInvalid(`The split leaves the ${part} part without rows.`, why);
    }
    const [first] = rows;
    if ((target?.classes ?? null) !== null && rows.every((row) => target!.y[row] === target!.y[first])) {
      const only = JSON.stringify(target!.classes?.[target!.y[first]]);
      const why = `All of its ${rows.length} rows are of class ${only}, so nothing can be ${part === 'test' ? 'measured' : 'learned'}.`;
      throw splitInvalid(`The split leaves the ${part} part with one class.`, why);
    }
  }
  checkClasses(parts.train, target);
  return parts;
}

/** A class that no training row has can never be predicted, and every held-out row of it would be wrong. */
function checkClasses(train: Int32Array, target: SplitOptions['target']): void {
  if (target === undefined || target.classes === null) return;
  const { classes, y } = target;
  const seen = new Uint8Array(classes.length);
  for (const row of train) seen[y[row]] = 1;
  const missing = classes.filter((_, place) => seen[place] === 0);
  if (missing.length === 0) return;
  const names = missing.map((name) => printable(JSON.stringify(name), 60)).join(', ');
  throw splitInvalid(
    `The split leaves the training part without rows of class ${names}.`,
    'What it never saw it cannot predict.',
    'take a split that keeps rows of every class, such as --split random:0.2, or leave such rows out of the data',
  );
}

/**
 * The training and test rows of a table by a rule. Rows come in ascending order, by `time:` in the order of time.
 * Equal times and equal groups are never in both parts; the same seed gives the same rows.
 *
 * Errors: COLUMN_NOT_FOUND; SPLIT_INVALID when a part would be empty or have one class, or the column has missing
 * values or is no time.
 */
export function splitRows(split: Split, table: Table, options: SplitOptions): Parts {
  const rows = rowsWithTarget(table, options);
  const { firstFileRows = table.rowCount } = options;
  const divide = (): Parts => {
    switch (split.kind) {
      case 'random':
        return splitAtRandom(rows, split.fraction, options);
      case 'every':
        return partition(rows, (row) => row % split.every === split.remainder);
      case 'file':
        return partition(rows, (row) => row >= firstFileRows);
      case 'time':
        return splitByTime(table, split.column, split.fraction, rows);
      case 'group':
        return splitByGroup(table, split.column, split.fraction, rows, options.seed);
    }
  };
  return checkParts(divide(), options.target);
}
