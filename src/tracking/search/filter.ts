import type { Field } from './fields.js';

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/**
 * What a field is compared with: text (a moment in UTC for times, upper case for a status), a number (milliseconds for
 * a duration; a bigint where a double would lose digits), or true and false.
 */
export type Operand = string | number | bigint | boolean;

/** A filter as read. A term about something that a run does not have is neither true nor false, as in SQL. */
export type Filter =
  | { op: 'and' | 'or'; parts: Filter[] }
  | { op: 'not'; part: Filter }
  | { op: 'compare'; field: Field; comparator: Comparator; value: Operand }
  | { op: 'in'; field: Field; values: Operand[] }
  | { op: 'between'; field: Field; from: Operand; to: Operand }
  /** `%` stands for any text, `_` for one character, a backslash takes the meaning of the next. */
  | { op: 'like'; field: Field; pattern: string }
  | { op: 'null'; field: Field };

/** One key of an order. */
export interface SortKey {
  field: Field;
  descending: boolean;
}

/** A column that was asked for: its name as it was written. */
export interface Column {
  name: string;
  field: Field;
}
