import { foldRows } from '../datasets/folds.js';
import type { Parts, Split } from '../datasets/split-rule.js';
import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import type { PreparedData } from './prepare-data.js';

/** How rows are divided into those that are learned from and those that are measured on. */
export type Method =
  | { kind: 'kfold'; folds: number }
  /** Whole groups. */
  | { kind: 'group'; column: string; folds: number }
  /** Rolling origin: each part is predicted from all rows before it in time. */
  | { kind: 'rolling'; column: string; folds: number }
  /** The rows that the split holds out. */
  | { kind: 'holdout' };

export type FoldMethod = Exclude<Method, { kind: 'holdout' }>;

const MOST_FOLDS = 100;
const KINDS = ['kfold', 'group', 'rolling', 'holdout'] as const;
const METHODS = 'kfold:5, group:COLUMN:5, rolling:COLUMN:5, holdout';

function methodInvalid(text: string, why: string): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: `The method "${printable(text, 80)}" cannot be used.`,
    why,
    fix: `one of ${METHODS}`,
  });
}

function parseFolds(text: string, method: string): number {
  const folds = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (folds >= 2 && folds <= MOST_FOLDS) return folds;
  throw methodInvalid(
    method,
    `The number of folds is "${printable(text, 40)}", and is from 2 to ${MOST_FOLDS}.`,
  );
}

/** @throws OPTION_INVALID for a text that is none of `kfold:5`, `group:COLUMN:5`, `rolling:COLUMN:5`, `holdout` */
export function parseMethod(text: string): Method {
  if (text === 'holdout') return { kind: 'holdout' };
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon));
  const rest = text.slice(colon + 1);
  if (kind === 'kfold') return { kind, folds: parseFolds(rest, text) };
  if (kind === 'group' || kind === 'rolling') {
    const at = rest.lastIndexOf(':');
    const column = rest.slice(0, Math.max(0, at));
    if (column === '') throw methodInvalid(text, `It should name a column and the folds: ${kind}:COLUMN:5.`);
    return { kind, column, folds: parseFolds(rest.slice(at + 1), text) };
  }
  const name = colon < 0 ? text : kind;
  const isKnown = KINDS.some((one) => one === name);
  if (isKnown)
    throw methodInvalid(
      text,
      name === 'holdout' ? 'It takes nothing more.' : 'It lacks the number of folds.',
    );
  throw methodInvalid(text, `There is no method "${printable(name, 40)}": ${suggestWord(name, KINDS)}`);
}

export function methodText(method: Method): string {
  if (method.kind === 'holdout') return 'holdout';
  return method.kind === 'kfold'
    ? `kfold:${method.folds}`
    : `${method.kind}:${method.column}:${method.folds}`;
}

/** Folds that keep what a split promises: forward in time, whole groups, or rows by chance. */
export function methodOf(split: Split, folds: number): FoldMethod {
  if (split.kind === 'time') return { kind: 'rolling', column: split.column, folds };
  if (split.kind === 'group') return { kind: 'group', column: split.column, folds };
  return { kind: 'kfold', folds };
}

/** The split that promises what a method's folds keep. */
export function splitOf(method: FoldMethod): Split {
  if (method.kind === 'rolling') return { kind: 'time', column: method.column, fraction: 0.2 };
  if (method.kind === 'group') return { kind: 'group', column: method.column, fraction: 0.2 };
  return { kind: 'random', fraction: 0.2 };
}

/** Refuses folds that break what the data's own split promises: time that is shuffled, groups that are torn apart. */
export function checkPromise(method: Method, split: Split): void {
  if (method.kind === 'holdout') return;
  const promised = methodOf(split, method.folds);
  if (promised.kind === 'kfold') return;
  const [given, wanted] = [methodText(method), methodText(promised)];
  if (given === wanted) return;
  const column = printable(promised.column);
  const why =
    promised.kind === 'rolling'
      ? `The split is by time ("${column}"), and these folds would learn from what came later.`
      : `The split keeps the groups of "${column}" whole, and these folds would tear them apart.`;
  throw new RiskopsError('SPLIT_INVALID', {
    what: `The method ${printable(given, 80)} breaks the promise of the split.`,
    why,
    fix: `--method ${printable(wanted, 80)}`,
  });
}

/**
 * The folds of some rows by a method; those that could not be learned from, or measured (one class alone), are left out.
 * @throws SPLIT_INVALID when not one fold is left
 */
export function foldsBy(
  method: FoldMethod,
  { table, target }: Pick<PreparedData, 'table' | 'target'>,
  rows: Int32Array,
  seed: number,
): Parts[] {
  const folds = foldRows(splitOf(method), table, rows, { seed, target, folds: method.folds });
  const isMeasured = ({ test }: Parts) =>
    target.classes === null || test.some((row) => target.y[row] !== target.y[test[0]]);
  const found = folds.filter(isMeasured);
  if (found.length > 0) return found;
  throw new RiskopsError('SPLIT_INVALID', {
    what: `The method ${printable(methodText(method), 80)} gives no fold that can be learned from and measured.`,
    why: `${rows.length} rows have too few ${method.kind === 'group' ? 'groups' : method.kind === 'rolling' ? 'times' : 'rows of each class'}.`,
    fix: 'fewer folds, or more rows',
  });
}
