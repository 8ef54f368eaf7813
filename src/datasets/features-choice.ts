import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import type { ColumnSchema, TableSchema } from './schema.js';
import { type Column, columnNotFound, columnOf, type Table } from './table.js';

/** Categories beyond this number are names or texts, of which a model learns rows by heart. */
const MOST_CATEGORIES = 1_000;

export interface FeatureWishes {
  target: string;
  /** Columns to leave out. */
  drop?: readonly string[];
  /** Columns to keep although a rule would leave them out. */
  keep?: readonly string[];
  /** Columns that a recipe works on: features whatever the rules say. Names that are no columns are left to the recipe. */
  needed?: readonly string[];
  /** A forecaster may learn from its own past alone. */
  mayBeEmpty?: boolean;
}

export interface FeatureChoice {
  features: string[];
  leftOut: { name: string; reason: string }[];
}

/** id, ID, customer_id, customer-id, customerId, customerID; not paid or valid. */
function isNamedLikeId(name: string): boolean {
  return /^id$/i.test(name) || /[_\-. ]id$/i.test(name) || /[a-z0-9]I[dD]$/.test(name);
}

/** Names of columns that say who or what a row is about, without saying id. */
const WHO =
  /^(unit|machine|engine|device|equipment|sensor|vehicle|patient|subject|person|customer|client|user|account|household|employee|serial)([ _.-]?(no|nr|number|name|key|code))?$/i;

/** Whether a column's name says that it tells people or things apart. */
export const isNamedLikeThing = (name: string): boolean => isNamedLikeId(name) || WHO.test(name);

/**
 * Whether a column tells rows apart and nothing else: whole numbers, all different, that run 0 .. n-1 or 1 .. n or
 * whose name says id; or texts that are all different. Doubles that hold whole numbers count as these: which of both a file says
 * depends on the program that wrote it.
 */
export function isIdentifier(table: Table, column: ColumnSchema): boolean {
  const { rowCount } = table;
  const { type, distinct, missing, min, max } = column;
  if (distinct < 2 || distinct !== rowCount - missing) return false;
  if (type === 'category') return true;
  if (type !== 'integer' && type !== 'number') return false;
  const runs = missing === 0 && (min === 0 || min === 1) && max === min + rowCount - 1;
  return (
    (runs || isNamedLikeId(column.name)) && (type === 'integer' || isWhole(columnOf(table, column.name)))
  );
}

/** Whether every value is a whole number. */
function isWhole(column: Column): boolean {
  return (
    column.type !== 'category' &&
    column.values.every((value) => Number.isNaN(value) || Number.isSafeInteger(value))
  );
}

/** Why a column is no feature by itself; undefined when it is one. What is known of how its texts were read may be the reason behind it. */
function reasonAgainst(table: Table, column: ColumnSchema): string | undefined {
  const reason = plainReason(table, column);
  const isText = column.type === 'category' && column.note !== undefined && column.distinct > 1;
  return reason !== undefined && isText ? `${reason}; ${column.note}` : reason;
}

function plainReason(table: Table, column: ColumnSchema): string | undefined {
  if (column.distinct === 1 && column.missing === 0) return 'constant: every row has the same value';
  if (isIdentifier(table, column)) return 'an identifier: every row has its own value';
  if (column.type === 'date') return 'a date: good for a split by time, not for learning';
  if (column.type === 'category' && column.distinct > MOST_CATEGORIES) {
    return `${column.distinct} categories, more than ${MOST_CATEGORIES}`;
  }
  return undefined;
}

function checkWishes(schema: TableSchema, { target, drop = [], keep = [] }: FeatureWishes): void {
  const names = schema.columns.map((column) => column.name);
  for (const name of [...drop, ...keep]) if (!names.includes(name)) throw columnNotFound(name, names);
  const twice = keep.find((name) => drop.includes(name) || name === target);
  if (twice === undefined) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: `The column "${printable(twice)}" cannot be kept as a feature.`,
    why: twice === target ? 'It is the target.' : 'It is also among the columns to drop.',
    fix: 'name the column once',
  });
}

/**
 * The columns to learn from, in the order of the table, and why the others are not: the target, identifiers, dates,
 * columns with one value or none, texts with more than 1,000 values. `drop` leaves out more, `keep` overrides the
 * rules (but for the target and for columns without any value), and so does `needed`. The schema is the table's own: rows that were
 * appended since would hide its identifiers.
 *
 * Errors: COLUMN_NOT_FOUND with the nearest name, OPTION_INVALID, FEATURES_INVALID when no column is left and one must be.
 */
export function chooseFeatures(table: Table, schema: TableSchema, wishes: FeatureWishes): FeatureChoice {
  const { target, drop = [], keep = [], needed = [] } = wishes;
  columnOf(table, target);
  checkWishes(schema, wishes);
  const choice: FeatureChoice = { features: [], leftOut: [] };
  for (const column of schema.columns) {
    let reason: string | undefined;
    if (column.name === target) reason = 'the target';
    else if (drop.includes(column.name)) reason = 'dropped as asked';
    else if (column.distinct === 0) reason = 'no value at all';
    else if (!keep.includes(column.name) && !needed.includes(column.name))
      reason = reasonAgainst(table, column);
    if (reason === undefined) choice.features.push(column.name);
    else choice.leftOut.push({ name: column.name, reason });
  }
  if (choice.features.length > 0 || wishes.mayBeEmpty === true) return choice;
  throw new RiskopsError('FEATURES_INVALID', {
    what: 'No column is left to learn from.',
    why: choice.leftOut
      .map(({ name, reason }) => `${printable(name, 40)}: ${reason}`)
      .slice(0, 8)
      .join('; '),
    details: choice,
  });
}
