import { nearestWord, printable } from '../util/text.js';
import { readerOf, type ValueReader, type Verdict } from './encode-value.js';
import type { Signature } from './signature.js';

export type ProblemCode = 'FEATURE_SIZE_MISMATCH' | 'NOT_A_ROW' | 'ABSENT' | 'WRONG_TYPE';
export type WarningCode =
  | 'UNSEEN_CATEGORY'
  | 'OUT_OF_RANGE'
  | 'IMPUTED'
  | 'UNKNOWN_FIELD'
  | 'HISTORY_MISSING';

/** Why a row cannot be scored. `feature` is null when the row as a whole is wrong. */
export interface Problem {
  /** The row's number, from 0. */
  row: number;
  feature: string | null;
  code: ProblemCode;
  got: string;
  expected: string;
  /** For an absent field: the unknown field that was perhaps meant. */
  hint?: string;
}

/** What was odd about a value that was scored all the same. */
export interface InputWarning {
  row: number;
  feature: string;
  code: WarningCode;
  /** Of missing history: how many rows before it in its series were given, and how many the model looks back on. */
  rows_before?: number;
  looks_back?: number;
}

export interface EncodedRows {
  /** Row-major rowCount x features; only to be used when `problemCount` is 0. */
  cells: Float64Array;
  rowCount: number;
  /** The first 100 of `problemCount`. */
  problems: Problem[];
  problemCount: number;
  /** The first 100 of `warningCount`. */
  warnings: InputWarning[];
  warningCount: number;
}

export interface RowEncoder {
  /** One row into `cells`, from its start; false when anything about it is wrong or odd: `encode` then says what. */
  encodePlain(row: unknown, cells: Float64Array): boolean;
  /** Rows as JSON gives them: arrays in signature order or objects by name, in any mix. */
  encode(rows: readonly unknown[]): EncodedRows;
}

const MOST_LISTED = 100;

/** Comparing names costs time, and a hostile row has many. */
const NAMES_COMPARED = 32;

class Encoding implements EncodedRows {
  readonly cells: Float64Array;
  readonly problems: Problem[] = [];
  readonly warnings: InputWarning[] = [];
  problemCount = 0;
  warningCount = 0;

  constructor(
    readonly rowCount: number,
    private readonly readers: readonly ValueReader[],
    private readonly indexOf: ReadonlyMap<string, number>,
    private readonly beside: ReadonlySet<string>,
  ) {
    this.cells = new Float64Array(rowCount * readers.length);
  }

  private refuse(problem: () => Problem): void {
    if (this.problemCount++ < MOST_LISTED) this.problems.push(problem());
  }

  private warn(row: number, feature: string, code: WarningCode): void {
    if (this.warningCount++ < MOST_LISTED) this.warnings.push({ row, feature, code });
  }

  private readValue(row: number, i: number, value: unknown): void {
    const reader = this.readers[i];
    const at = row * this.readers.length + i;
    const verdict: Verdict = reader.read(value, this.cells, at);
    if (verdict === 'OK') return;
    if (verdict === 'WRONG_TYPE') this.refuseValue(row, reader, value);
    else this.warn(row, reader.name, verdict);
  }

  private refuseValue(row: number, { name, expected }: ValueReader, value: unknown): void {
    this.refuse(() => ({ row, feature: name, code: 'WRONG_TYPE', got: describeValue(value), expected }));
  }

  readArray(row: number, values: readonly unknown[]): void {
    const { length } = this.readers;
    if (values.length === length) {
      for (let i = 0; i < length; i++) this.readValue(row, i, values[i]);
      return;
    }
    const [got, expected] = [`${values.length} values`, `${length} values in the order of the signature`];
    this.refuse(() => ({ row, feature: null, code: 'FEATURE_SIZE_MISMATCH', got, expected }));
  }

  readObject(row: number, fields: Record<string, unknown>): void {
    const absent: string[] = [];
    const { readers } = this;
    for (let i = 0; i < readers.length; i++) {
      const value = fields[readers[i].name];
      if (isGiven(fields, readers[i].name, value)) this.readValue(row, i, value);
      else absent.push(readers[i].name);
    }
    const known = readers.length - absent.length;
    const names = Object.keys(fields);
    const unknown =
      names.length === known ? [] : names.filter((name) => !this.indexOf.has(name) && !this.beside.has(name));
    for (const name of unknown) this.warn(row, printable(name), 'UNKNOWN_FIELD');
    for (const name of absent) this.refuseAbsent(row, name, unknown);
  }

  private refuseAbsent(row: number, feature: string, unknown: string[]): void {
    this.refuse(() => {
      const expected = this.readers[this.indexOf.get(feature)!].expected;
      const near = nearestWord(feature, unknown.slice(0, NAMES_COMPARED));
      const hint =
        near === undefined ? {} : { hint: `"${printable(near)}" is unknown: did you mean "${feature}"?` };
      return {
        row,
        feature,
        code: 'ABSENT',
        got: 'nothing',
        expected: `${expected}, or null when it is missing`,
        ...hint,
      };
    });
  }

  readRow(row: number, value: unknown): void {
    if (Array.isArray(value)) this.readArray(row, value);
    else if (typeof value === 'object' && value !== null)
      this.readObject(row, value as Record<string, unknown>);
    else {
      const expected = 'an object with the features by name, or an array of them';
      this.refuse(() => ({ row, feature: null, code: 'NOT_A_ROW', got: describeValue(value), expected }));
    }
  }
}

/** Whether the value is the object's own. What objects inherit (constructor, __proto__) is an object or a function. */
function isGiven(fields: object, name: string, value: unknown): boolean {
  if (value === undefined) return false;
  return (
    (typeof value !== 'object' && typeof value !== 'function') ||
    value === null ||
    Object.hasOwn(fields, name)
  );
}

/** A value as an error shows it: short, on one line. */
function describeValue(value: unknown): string {
  if (typeof value === 'string') return `text ${JSON.stringify(printable(value, 60))}`;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return value === undefined ? 'nothing' : String(value);
}

/**
 * Prepares the way from JSON rows to cells for one signature; the result is used again for every request.
 *
 * null is a missing value, and allowed for every feature. A problem: an absent field, a number as text, NaN, an
 * infinity, a fraction for an integer, a boolean for a number, a number for a category whose categories are no
 * numbers. A warning: an unseen category, a value out of the range of the training rows, a missing value where
 * training had none, a field that is no feature and none of those that may stand `beside` them.
 */
export function compileEncoder(signature: Signature, beside: readonly string[] = []): RowEncoder {
  const besides = new Set(beside);
  const hasBesides = besides.size > 0;
  const readers = signature.features.map((feature) => readerOf(feature, signature.missing));
  const indexOf = new Map(readers.map((reader, i) => [reader.name, i]));
  const plainArray = (values: readonly unknown[], cells: Float64Array): boolean => {
    if (values.length !== readers.length) return false;
    for (let i = 0; i < readers.length; i++) if (readers[i].read(values[i], cells, i) !== 'OK') return false;
    return true;
  };
  const plainObject = (fields: Record<string, unknown>, cells: Float64Array): boolean => {
    let given = 0;
    for (const name in fields) if (!hasBesides || !besides.has(name)) given++;
    if (given !== readers.length) return false;
    for (let i = 0; i < readers.length; i++) {
      const { name } = readers[i];
      const value = fields[name];
      if (!isGiven(fields, name, value) || readers[i].read(value, cells, i) !== 'OK') return false;
    }
    return true;
  };
  return {
    encodePlain(row, cells) {
      if (Array.isArray(row)) return plainArray(row, cells);
      return typeof row === 'object' && row !== null && plainObject(row as Record<string, unknown>, cells);
    },
    encode(rows) {
      const encoding = new Encoding(rows.length, readers, indexOf, besides);
      for (let row = 0; row < rows.length; row++) encoding.readRow(row, rows[row]);
      return encoding;
    },
  };
}

/** JSON rows to cells, once; `compileEncoder` is for more than one call. */
export function encodeRows(rows: readonly unknown[], signature: Signature): EncodedRows {
  return compileEncoder(signature).encode(rows);
}
