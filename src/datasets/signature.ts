import type { ReadOptions } from './read-csv.js';
import { type Column, type ColumnType, columnOf, type Table } from './table.js';
import type { ClassValue, EncodedTarget } from './target.js';

/** One input of a model, and what the training rows showed of it. */
export interface Feature {
  name: string;
  type: ColumnType;
  /** Whether a value was missing in a training row. */
  nullable: boolean;
  /** The least and greatest value seen, dates in milliseconds UTC; absent for categories and when all were missing. */
  min?: number;
  max?: number;
  /** Categories only: those seen, in sorted order. A cell holds the index into this list. */
  categories?: string[];
}

export interface TargetSpec {
  name: string;
  type: ColumnType;
  /** [negative, positive]; null for a regression. */
  classes: [ClassValue, ClassValue] | null;
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

/**
 * The signature of a model that learns the given features from the given rows: ranges, categories and missing
 * values are those of these rows alone. `missing` are the marks that the table was read with.
 */
export function signatureOf(
  table: Table,
  features: readonly string[],
  trainRows: Int32Array,
  target: Pick<EncodedTarget, 'name' | 'type' | 'classes'>,
  missing?: readonly string[],
): Signature {
  const seen = features.map((name) => {
    const column = columnOf(table, name);
    return column.type === 'category' ? categoriesSeen(column, trainRows) : rangeSeen(column, trainRows);
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
export function readOptionsFor(signature: Signature): Pick<ReadOptions, 'schema' | 'missing'> {
  const schema = new Map(signature.features.map(({ name, type }) => [name, { type }]));
  return { schema, ...(signature.missing === undefined ? {} : { missing: signature.missing }) };
}
