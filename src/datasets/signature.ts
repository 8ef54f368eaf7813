import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import type { ReadOptions } from './read-options.js';
import { type Column, type ColumnType, columnOf, type NumericColumn, type Table } from './table.js';
import type { ClassValue, EncodedTarget } from './target.js';

/**
 * What a column is besides an ordinary input. `time` orders the rows and `group` tells series apart; a `past` column is known only
 * up to the row before. The learner sees none of them, but what the recipe makes of them.
 */
export const FEATURE_ROLES = ['time', 'group', 'past'] as const;
export type FeatureRole = (typeof FEATURE_ROLES)[number];

/** The columns that have a role, by name. */
export interface ColumnRoles {
  time?: string;
  group?: string;
  past?: readonly string[];
  /** How many rows before a row the newest one lies whose past columns it knows; 1 when left out. */
  ahead?: number;
}

/** One input of a model, and what the training rows showed of it. */
export interface Feature {
  name: string;
  type: ColumnType;
  /** Absent for an ordinary input. */
  role?: FeatureRole;
  /** Of a past column: how many rows before a row its newest known value lies; 1 when left out. */
  ahead?: number;
  /** Whether a value was missing in a training row. */
  nullable: boolean;
  /** The least and greatest value seen, dates in milliseconds UTC; absent for categories and when all were missing. */
  min?: number;
  max?: number;
  /**
   * Categories only, and no groups: those seen, in sorted order. A cell holds the index into this list. No name of a group is kept: its
   * cell is its number, or `groupKey` of its text.
   */
  categories?: string[];
}

export interface TargetSpec {
  name: string;
  type: ColumnType;
  /** Binary: [negative, positive]; multiclass: 3 or more; null for a regression. */
  classes: ClassValue[] | null;
}

/** What a model takes and gives: its features in the order of the cells, and its target. It is its own JSON. */
export interface Signature {
  features: Feature[];
  target: TargetSpec;
  /** Text that stood for a missing value in the training file, besides the empty cell; the default marks when absent. */
  missing?: string[];
}

function categoriesSeen(column: Extract<Column, { type: 'category' }>, rows: Int32Array): Feature {
  const seen = new Uint8Array(column.categories.length);
  let nullable = false;
  for (const row of rows) {
    if (column.codes[row] < 0) nullable = true;
    else seen[column.codes[row]] = 1;
  }
  const categories = column.categories.filter((_, code) => seen[code] === 1).sort();
  return { name: column.name, type: 'category', nullable, categories };
}

function rangeSeen(column: Exclude<Column, { type: 'category' }>, rows: Int32Array): Feature {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let nullable = false;
  for (const row of rows) {
    const value = column.values[row];
    if (Number.isNaN(value)) nullable = true;
    else {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const { name, type } = column;
  return min <= max ? { name, type, nullable, min, max } : { name, type, nullable };
}

/** Whether the cell of a row is missing. */
function isMissing(column: Column, row: number): boolean {
  return column.type === 'category' ? column.codes[row] < 0 : Number.isNaN(column.values[row]);
}

function roleRefused(role: FeatureRole, name: string, why: string): RiskopsError {
  const work = { time: 'order the rows', group: 'tell series apart', past: 'be known up to the row before' };
  return new RiskopsError('FEATURES_INVALID', {
    what: `The column "${printable(name)}" cannot ${work[role]}.`,
    why,
    fix:
      role === 'past'
        ? 'name the column once'
        : `name another column with --${role === 'group' ? 'series' : role}`,
  });
}

/** A time is a date or a number, a group anything that names it; a row without one has no place among the others. */
function orderSeen(column: Column, trainRows: Int32Array, role: 'time' | 'group'): Feature {
  if (role === 'time' && (column.type === 'category' || column.type === 'boolean'))
    throw roleRefused(role, column.name, `It is of type ${column.type}, not a date or a number.`);
  const bad = trainRows.find((row) => isMissing(column, row));
  if (bad !== undefined) throw roleRefused(role, column.name, `It is missing in row ${bad + 1}.`);
  if (role === 'group') return { name: column.name, type: column.type, role, nullable: false };
  return { ...rangeSeen(column as NumericColumn, trainRows), role };
}

function checkRoles({ time, group, past = [] }: ColumnRoles, target: string): void {
  if (time !== undefined && time === group) throw roleRefused('group', group, 'It orders the rows.');
  for (const [role, name] of [
    ['time', time],
    ['group', group],
  ] as const) {
    if (name === undefined) continue;
    if (name === target) throw roleRefused(role, name, 'It is the target.');
    if (past.includes(name))
      throw roleRefused('past', name, role === 'time' ? 'It orders the rows.' : 'It tells series apart.');
  }
}

/**
 * The signature of a model that learns the given features from the given rows: ranges, categories and missing
 * values are those of these rows alone. `missing` are the marks that the table was read with. Columns with a role that are none of
 * `features` follow them: time, group, past. A past column may be missing at any row, whatever training saw.
 *
 * Errors: COLUMN_NOT_FOUND; FEATURES_INVALID for a column that cannot have its role, or is missing its time or group in a training row.
 */
export function signatureOf(
  table: Table,
  features: readonly string[],
  trainRows: Int32Array,
  target: Pick<EncodedTarget, 'name' | 'type' | 'classes'>,
  missing?: readonly string[],
  roles: ColumnRoles = {},
): Signature {
  checkRoles(roles, target.name);
  const { time, group, past = [], ahead = 1 } = roles;
  const order = [time, group].filter((name) => name !== undefined);
  const seen = [...new Set([...features, ...order, ...past])].map((name): Feature => {
    const column = columnOf(table, name);
    if (name === time) return orderSeen(column, trainRows, 'time');
    if (name === group) return orderSeen(column, trainRows, 'group');
    const found =
      column.type === 'category' ? categoriesSeen(column, trainRows) : rangeSeen(column, trainRows);
    if (!past.includes(name)) return found;
    return { ...found, role: 'past', ...(ahead === 1 ? {} : { ahead }), nullable: true };
  });
  const { name, type, classes } = target;
  return {
    features: seen,
    target: { name, type, classes },
    ...(missing === undefined ? {} : { missing: [...missing] }),
  };
}

/**
 * How to read a file that this model is to score: its features with the types they were learned with, whatever the
 * file's own cells look like, and the same missing marks.
 */
export function readOptionsFor(signature: Signature): Pick<ReadOptions, 'schema' | 'isSettled' | 'missing'> {
  const schema = new Map(signature.features.map(({ name, type }) => [name, { type }]));
  return {
    schema,
    isSettled: true,
    ...(signature.missing === undefined ? {} : { missing: signature.missing }),
  };
}
