import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { DEFAULT_MISSING_MARKS, type Marks, marksOf } from './cells.js';
import { type OnProgress, throttled } from './progress.js';
import { COLUMN_TYPES, type ColumnRule, type ColumnSchema, type TableSchema } from './schema.js';
import { columnNotFound, type Table } from './table.js';

export interface ReadOptions {
  /** What is known of columns, by name; the type of the others is inferred. */
  schema?: ReadonlyMap<string, ColumnRule> | Readonly<Record<string, ColumnRule>>;
  /** The types are those that a model learned, which no schema file can change. */
  isSettled?: boolean;
  /** Text that stands for a missing value, besides the empty cell; `DEFAULT_MISSING_MARKS` when left out. */
  missing?: readonly string[];
  /** CSV: one character; found by itself when left out. */
  delimiter?: string;
  /** Limit on the size of a file, unpacked. */
  maxBytes?: number;
  /** Told at most ten times a second how far the reading is. */
  onProgress?: OnProgress;
}

/** One file of a folder that was read. */
export interface SourceFile {
  /** Relative to the folder, with `/`. */
  path: string;
  sha256: string;
}

/** Which bytes a table came from. */
export interface DataSource {
  path: string;
  /**
   * SHA-256 of the file's own bytes, compressed or not; of a folder, of the list of its files with their hashes; of a query, of
   * the rows that came back in their canonical order.
   */
  sha256: string;
  bytes: number;
  rowCount: number;
  /** A folder's files, in the order they were read. */
  files?: SourceFile[];
}

export interface ReadTable {
  table: Table;
  schema: TableSchema;
  source: DataSource;
}

/** What every reader is told. */
export interface ReadContext {
  rules: ReadonlyMap<string, ColumnRule>;
  isSettled: boolean;
  marks: Marks;
  delimiter: string | undefined;
  maxBytes: number | undefined;
  onProgress: OnProgress;
  /** One file of several: a column that has a rule may be in another one. */
  isPart?: boolean;
}

/** What every reader gives. */
export interface ReadResult {
  table: Table;
  columns: ColumnSchema[];
  delimiter?: string;
  sha256: string;
  bytes: number;
  files?: SourceFile[];
}

/** The options as the readers take them; `missing` is as it goes into the schema. */
export function contextOf(options: ReadOptions): ReadContext & { missing: string[] } {
  const {
    schema,
    isSettled = false,
    missing = DEFAULT_MISSING_MARKS,
    delimiter,
    maxBytes,
    onProgress,
  } = options;
  const rules =
    schema instanceof Map ? (schema as Map<string, ColumnRule>) : new Map(Object.entries(schema ?? {}));
  for (const [name, { type }] of rules) {
    if (type === undefined || COLUMN_TYPES.includes(type)) continue;
    throw new RiskopsError('SCHEMA_INVALID', {
      what: `The column "${printable(name)}" has the type ${JSON.stringify(type)}, which there is not.`,
      why: `Types are ${COLUMN_TYPES.join(', ')}.`,
    });
  }
  return {
    ...{ rules, isSettled },
    missing: [...missing],
    marks: marksOf(missing),
    delimiter,
    maxBytes,
    onProgress: throttled(onProgress),
  };
}

/** COLUMN_NOT_FOUND when a rule names a column that is not among these. */
export function checkRules({ rules, isPart }: ReadContext, names: readonly string[]): void {
  if (isPart) return;
  const known = new Set(names);
  for (const name of rules.keys()) if (!known.has(name)) throw columnNotFound(name, names);
}
