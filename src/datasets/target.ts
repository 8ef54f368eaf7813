import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { type Column, type ColumnType, columnOf, type Table } from './table.js';

/** A class as it stands in JSON: numbers stay numbers, true and false stay themselves, anything else is text. */
export type ClassValue = string | number | boolean;

export interface EncodedTarget {
  name: string;
  type: ColumnType;
  task: 'binary' | 'regression';
  /** One value a row of the table; NaN where the target is missing. Binary: 0 for the negative class, 1 for the positive. */
  y: Float64Array;
  /** [negative, positive]; null for a regression. */
  classes: [ClassValue, ClassValue] | null;
  /** How many rows have no target, and so take part in neither training nor testing. */
  missingRows: number;
}

export interface TargetWishes {
  task?: 'binary' | 'regression';
  /** The positive class, as a JSON value or as its text. */
  positive?: ClassValue;
}

function invalid(name: string, why: string, fix: string, details?: unknown): RiskopsError {
  const what = `The target "${printable(name)}" cannot be learned.`;
  return new RiskopsError('TARGET_INVALID', { what, why, fix, details });
}

/** One number a row, NaN where missing, and the class that a number stands for. */
function valuesOf(column: Column): { values: Float64Array; classOf: (value: number) => ClassValue } {
  if (column.type === 'category') {
    const values = Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : code));
    return { values, classOf: (code) => column.categories[code] };
  }
  if (column.type === 'boolean') return { values: column.values, classOf: (value) => value === 1 };
  return { values: column.values, classOf: (value) => value };
}

/** Up to `limit` different values in ascending order; categories are sorted, so their codes ascend with them. */
function distinctValues(column: Column, values: Float64Array, limit: number): number[] {
  const found = new Set<number>();
  for (const value of values) {
    if (!Number.isNaN(value)) found.add(value);
    if (found.size === limit) break;
  }
  const sorted = [...found].sort((a, b) => a - b);
  if (column.type !== 'category') return sorted;
  return sorted.sort((a, b) => (column.categories[a] < column.categories[b] ? -1 : 1));
}

function orderClasses(
  name: string,
  pair: [ClassValue, ClassValue],
  positive: ClassValue | undefined,
): [ClassValue, ClassValue] {
  if (positive === undefined || String(pair[1]) === String(positive)) return pair;
  if (String(pair[0]) === String(positive)) return [pair[1], pair[0]];
  const [first, second] = pair.map((value) => JSON.stringify(value));
  const why = `The positive class ${JSON.stringify(positive)} is not one of its two values, ${first} and ${second}.`;
  throw invalid(name, why, `name one of ${first} and ${second} as the positive class`, { classes: pair });
}

/** The task that the values allow and the caller wants. */
function taskOf(
  column: Column,
  distinct: number[],
  wanted: TargetWishes['task'],
  shown: string,
): 'binary' | 'regression' {
  const { name, type } = column;
  if (distinct.length === 0)
    throw invalid(name, 'Every row misses it.', 'choose another target, or check the missing marks');
  if (distinct.length === 1)
    throw invalid(name, `Every row has the same value, ${shown}.`, 'choose another target');
  if (type === 'date') throw invalid(name, 'It is a date.', 'choose a number or a column with two classes');
  if (wanted === 'regression' && type === 'category') {
    throw invalid(
      name,
      `A regression needs numbers, and its values are text such as ${shown}.`,
      'choose a number as the target',
    );
  }
  if (distinct.length === 2) return wanted ?? 'binary';
  if (type !== 'category' && wanted !== 'binary') return 'regression';
  const why = `It has more than two classes: ${shown}, ...`;
  throw invalid(name, why, 'choose a target with two classes, or a number for a regression');
}

/**
 * The target as numbers. Two values are the classes of a binary task: the positive one is the larger number, `true`,
 * or the second in sorted order, unless `positive` says otherwise. More numbers are a regression, which `task` can
 * also ask for with two. Rows without a target get NaN and are counted.
 *
 * Errors: COLUMN_NOT_FOUND; TARGET_INVALID for one value, none, more than two classes, a date, an unknown class.
 */
export function encodeTarget(table: Table, name: string, wishes: TargetWishes = {}): EncodedTarget {
  const column = columnOf(table, name);
  const { values, classOf } = valuesOf(column);
  const distinct = distinctValues(column, values, 6);
  const shown = distinct
    .slice(0, 5)
    .map((value) => printable(JSON.stringify(classOf(value)), 60))
    .join(', ');
  const task = taskOf(column, distinct, wishes.task, shown);
  const missingRows = values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  const facts = { name, type: column.type, task, missingRows };
  if (task === 'regression') {
    if (wishes.positive === undefined) return { ...facts, y: values.slice(), classes: null };
    throw invalid(
      name,
      'A positive class was named, but the target is a number to predict.',
      'leave out the positive class',
    );
  }
  const classes = orderClasses(name, [classOf(distinct[0]), classOf(distinct[1])], wishes.positive);
  const positive = classOf(distinct[1]) === classes[1] ? distinct[1] : distinct[0];
  const y = values.map((value) => (Number.isNaN(value) ? Number.NaN : Number(value === positive)));
  return { ...facts, y, classes };
}
