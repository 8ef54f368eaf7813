import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { foreignNote } from './foreign-texts.js';
import { type Column, type ColumnType, columnOf, type Table } from './table.js';

/** A class as it stands in JSON: numbers stay numbers, true and false stay themselves, anything else is text. */
export type ClassValue = string | number | boolean;

export type TargetTask = 'binary' | 'multiclass' | 'regression';

/** A target with more classes than this is a name or an identifier far more often than a class. */
export const MOST_CLASSES = 50;

export interface EncodedTarget {
  name: string;
  type: ColumnType;
  task: TargetTask;
  /**
   * One value a row of the table; NaN where the target is missing. Binary: 0 for the negative class, 1 for the positive; multiclass:
   * the place of the class in `classes`.
   */
  y: Float64Array;
  /** Binary: [negative, positive]; multiclass: 3 to 50 in sorted order; null for a regression. */
  classes: ClassValue[] | null;
  /** How many rows have no target, and so take part in neither training nor testing. */
  missingRows: number;
}

export interface TargetWishes {
  task?: TargetTask;
  /** Binary: the positive class, as a JSON value or as its text. */
  positive?: ClassValue;
}

/** The task that the classes of a target tell: none a regression, two binary, more multiclass. */
export function taskOfClasses(classes: readonly ClassValue[] | null): TargetTask {
  if (classes === null) return 'regression';
  return classes.length === 2 ? 'binary' : 'multiclass';
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

function orderClasses(name: string, pair: ClassValue[], positive: ClassValue | undefined): ClassValue[] {
  if (positive === undefined || String(pair[1]) === String(positive)) return pair;
  if (String(pair[0]) === String(positive)) return [pair[1], pair[0]];
  const [first, second] = pair.map((value) => JSON.stringify(value));
  const why = `The positive class ${JSON.stringify(positive)} is not one of its two values, ${first} and ${second}.`;
  throw invalid(name, why, `name one of ${first} and ${second} as the positive class`, { classes: pair });
}

/** What speaks against a target whatever the task. */
function checkValues({ name, type }: Column, distinct: number[], shown: string): void {
  if (distinct.length === 0)
    throw invalid(name, 'Every row misses it.', 'choose another target, or check the missing marks');
  if (distinct.length === 1)
    throw invalid(name, `Every row has the same value, ${shown}.`, 'choose another target');
  if (type === 'date') throw invalid(name, 'It is a date.', 'choose a number or a column with classes');
}

/** The task that the values allow and the caller wants. */
function taskOf(
  { name, type }: Column,
  distinct: number[],
  wanted: TargetWishes['task'],
  shown: string,
): TargetTask {
  const isText = type === 'category';
  const few = distinct.length <= MOST_CLASSES;
  const task = wanted ?? (distinct.length === 2 ? 'binary' : isText ? 'multiclass' : 'regression');
  if (task === 'regression' && isText) {
    const why = `A regression needs numbers, and its values are text such as ${shown}.`;
    throw invalid(name, why, 'choose a number as the target');
  }
  if (task === 'binary' && distinct.length > 2) {
    const why = `It has more than two classes: ${shown}, ...`;
    throw invalid(name, why, few ? 'riskops train --task multiclass' : 'choose a target with two classes');
  }
  if (task !== 'multiclass') return task;
  if (distinct.length === 2)
    throw invalid(name, `It has two classes, ${shown}: that is a binary task.`, 'leave out the task');
  if (!few) {
    const why = `It has more than ${MOST_CLASSES} classes: ${shown}, ...`;
    throw invalid(
      name,
      why,
      isText ? 'choose a target with fewer classes' : 'riskops train --task regression',
    );
  }
  const odd = isText ? undefined : distinct.find((value) => !Number.isInteger(value));
  if (odd === undefined) return task;
  throw invalid(name, `Classes are text or whole numbers, and it holds ${odd}.`, 'leave out the task');
}

/** Of each value the place of its class; NaN where it is missing. */
function placesOf(values: Float64Array, classValues: readonly number[]): Float64Array {
  const places = new Map(classValues.map((value, place) => [value, place]));
  return values.map((value) => places.get(value) ?? Number.NaN);
}

/**
 * The target as numbers. Two values are the classes of a binary task: the positive one is the larger number, `true`,
 * or the second in sorted order, unless `positive` says otherwise. Text of 3 to 50 values is a multiclass task, which `task` can ask
 * for with whole numbers too. More numbers are a regression, which `task` can also ask for with two. Rows without a target get NaN and are
 * counted.
 *
 * Errors: COLUMN_NOT_FOUND; TARGET_INVALID for one value, none, too many classes, a date, an unknown class.
 */
export function encodeTarget(table: Table, name: string, wishes: TargetWishes = {}): EncodedTarget {
  const column = columnOf(table, name);
  const { values, classOf } = valuesOf(column);
  const distinct = distinctValues(column, values, MOST_CLASSES + 1);
  const shown = distinct
    .slice(0, 5)
    .map((value) => printable(JSON.stringify(classOf(value)), 60))
    .join(', ');
  checkValues(column, distinct, shown);
  const note = column.type === 'category' ? foreignNote(column.categories) : undefined;
  const task = taskOf(column, distinct, wishes.task, note === undefined ? shown : `${shown} (${note})`);
  const missingRows = values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  const facts = { name, type: column.type, task, missingRows };
  if (task !== 'binary' && wishes.positive !== undefined) {
    const what = task === 'regression' ? 'the target is a number to predict' : 'the target has many classes';
    throw invalid(name, `A positive class was named, but ${what}.`, 'leave out the positive class');
  }
  if (task === 'regression') return { ...facts, y: values.slice(), classes: null };
  if (task === 'multiclass')
    return { ...facts, y: placesOf(values, distinct), classes: distinct.map(classOf) };
  const classes = orderClasses(name, distinct.map(classOf), wishes.positive);
  const pair = classOf(distinct[1]) === classes[1] ? distinct : [distinct[1], distinct[0]];
  return { ...facts, y: placesOf(values, pair), classes };
}
