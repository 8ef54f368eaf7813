import { columnOf, type Table } from '../datasets/table.js';
import type { ClassValue } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import type { ImportedModel } from '../models/imported/imported-model.js';
import { printable } from '../util/text.js';

/** How near an imported model comes to the program that made it. */
export interface Parity {
  rows: number;
  tolerance: number;
  /** The greatest difference of an answer, relative to it or to the mean size of all answers, whichever is larger. */
  greatest_difference: number;
}

const NAMES = { lightgbm: 'LightGBM', xgboost: 'XGBoost' };

/** The columns with the other program's answers, in the order of the outputs. */
function answerColumns(sample: Table, classes: readonly ClassValue[] | null): Float64Array[] {
  const many = classes !== null && classes.length > 2;
  const names = many ? classes.map((name) => `probability_${name}`) : ['prediction'];
  return names.map((name) => {
    const column = columnOf(sample, name);
    const isNumber = column.type === 'number' || column.type === 'integer';
    const at = isNumber ? column.values.findIndex(Number.isNaN) : 0;
    if (isNumber && at < 0) return column.values;
    throw new RiskopsError('INPUT_INVALID', {
      what: `The column "${printable(name)}" of the parity sample has no number in row ${at + 1}.`,
      why: 'It is compared with the answers of the imported model.',
      fix: 'write the answers of the other program in full precision',
    });
  });
}

/**
 * Compares answers with the other program's: the column `prediction` of the sample, or of three or more classes
 * `probability_CLASS` for each. A difference counts relative to the answer, or to the mean size of all answers when that is larger, so that
 * answers near zero are not asked for more than the program computed.
 * @param answers rowCount x outputs
 * @throws PARITY_FAILED with the worst row; COLUMN_NOT_FOUND, INPUT_INVALID
 */
export function proveParity(
  sample: Table,
  answers: Float64Array,
  classes: readonly ClassValue[] | null,
  tolerance: number,
  { program }: Pick<ImportedModel, 'program'>,
): Parity {
  const columns = answerColumns(sample, classes);
  const wantedAt = (i: number) => columns[i % columns.length][Math.floor(i / columns.length)];
  let size = 0;
  for (let i = 0; i < answers.length; i++) size += Math.abs(wantedAt(i)) / answers.length;
  const worst = { difference: 0, at: 0 };
  const failed = new Set<number>();
  for (let i = 0; i < answers.length; i++) {
    const [found, wanted] = [answers[i], wantedAt(i)];
    const gap = found === wanted ? 0 : Math.abs(found - wanted) / Math.max(Math.abs(wanted), size);
    const difference = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap;
    if (difference > tolerance) failed.add(Math.floor(i / columns.length));
    if (difference > worst.difference) Object.assign(worst, { difference, at: i });
  }
  const rows = sample.rowCount;
  if (failed.size === 0) return { rows, tolerance, greatest_difference: worst.difference };
  const row = Math.floor(worst.at / columns.length);
  throw new RiskopsError('PARITY_FAILED', {
    what: `Row ${row + 1} of the parity sample is answered with ${answers[worst.at]}, where ${NAMES[program]} answered ${wantedAt(worst.at)}.`,
    why: `It is the worst of ${failed.size} of ${rows} rows that differ by more than ${tolerance}. The sample has other features, rounded answers, or those of another model or number of trees.`,
    fix: 'write the sample anew with the very model that is imported, its answers in full precision',
    details: { row, found: answers[worst.at], wanted: wantedAt(worst.at), differing: failed.size, rows },
  });
}
