import { splitRows } from '../datasets/split.js';
import type { Split } from '../datasets/split-rule.js';
import { RiskopsError } from '../errors.js';
import type { PreparedData } from './prepare-data.js';

/**
 * Divides training rows into those that are learned from and those that early stopping watches, with the promise of the data's own split:
 * the latest by time, whole groups by group, otherwise at random.
 * @throws SPLIT_INVALID when there are too few rows
 */
export function validationRows(
  { split, table, target, roles }: Pick<PreparedData, 'split' | 'table' | 'target' | 'roles'>,
  rows: Int32Array,
  share: number,
  seed: number,
): { fit: Int32Array; validation: Int32Array } {
  try {
    const { train, test } = splitRows(insideOf(split, roles.group, share), table, { seed, target, rows });
    return { fit: train, validation: test };
  } catch (error) {
    if (!(error instanceof RiskopsError) || error.code !== 'SPLIT_INVALID') throw error;
    throw new RiskopsError('SPLIT_INVALID', {
      what: `The ${rows.length} training rows cannot be divided for early stopping.`,
      why: error.message,
      fix: 'riskops train --set early_stopping=none',
      cause: error,
    });
  }
}

function insideOf(split: Split, group: string | undefined, share: number): Split {
  if (split.kind === 'time' || split.kind === 'group') return { ...split, fraction: share };
  return group === undefined
    ? { kind: 'random', fraction: share }
    : { kind: 'group', column: group, fraction: share };
}
