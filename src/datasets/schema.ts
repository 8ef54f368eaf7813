import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { DEFAULT_MISSING_MARKS } from './cells.js';
import { formatDate } from './dates.js';
import { JsonShape } from './json-shape.js';
import type { ColumnType } from './table.js';

export const COLUMN_TYPES: readonly ColumnType[] = ['number', 'integer', 'boolean', 'date', 'category'];

export interface ColumnSchema {
  name: string;
  type: ColumnType;
  /** Whether a value may be missing; inferred: whether one was. */
  nullable: boolean;
  /** How many values are missing. */
  missing: number;
  /** How many different values there are, the missing one not counted. */
  distinct: number;
  /** Numbers and booleans as they are, dates in milliseconds since 1970-01-01 UTC. */
  min?: number;
  max?: number;
  /** The categories in sorted order, when there are at most 100. */
  categories?: string[];
  /** What a reader should know about how the type was found. */
  note?: string;
}

/** What is known of a table's columns, in the order of the file. It is kept with the run, and may be edited by hand. */
export interface TableSchema {
  columns: ColumnSchema[];
  /** Text that stands for a missing value, besides the empty cell. */
  missing: string[];
  /** Found by itself when absent. */
  delimiter?: string;
}

/** What a caller knows of a column before it is read. */
export interface ColumnRule {
  type?: ColumnType;
  /** false: a missing value is an error. */
  nullable?: boolean;
}

/**
 * How to read a file by this schema: the same types, whatever the file's cells look like, and the same missing marks.
 * `strict`, for a schema that a person answers for, also takes its delimiter and refuses missing values where it is
 * not nullable.
 */
export function readOptionsOf(
  schema: TableSchema,
  { strict = false }: { strict?: boolean } = {},
): { schema: Map<string, ColumnRule>; missing: string[]; delimiter?: string } {
  const rules = schema.columns.map(({ name, type, nullable }): [string, ColumnRule] => [
    name,
    strict ? { type, nullable } : { type },
  ]);
  const { missing, delimiter } = schema;
  return { schema: new Map(rules), missing, ...(strict && delimiter !== undefined ? { delimiter } : {}) };
}

function describeValues(column: ColumnSchema): string {
  const { type, min, max, categories, distinct } = column;
  if (type === 'category') {
    const shown = (categories ?? []).slice(0, 5).map((category) => printable(category, 24));
    return distinct > shown.length ? [...shown, '...'].join(', ') : shown.join(', ');
  }
  if (min === undefined || max === undefined) return '';
  if (type === 'boolean') return min === max ? String(min === 1) : 'false, true';
  return type === 'date' ? `${formatDate(min)} .. ${formatDate(max)}` : `${min} .. ${max}`;
}

/** The schema as rows of text for a table, the headings first. */
export function describeSchema(schema: TableSchema): string[][] {
  const rows = schema.columns.map((column) => [
    printable(column.name, 60),
    column.type,
    String(column.missing),
    String(column.distinct),
    describeValues(column),
    column.note ?? '',
  ]);
  return [['column', 'type', 'missing', 'distinct', 'values', 'note'], ...rows];
}

const shape: JsonShape = new JsonShape(
  (why) => new RiskopsError('SCHEMA_INVALID', { what: 'The schema cannot be used.', why }),
);

/** What `describeColumn` knows besides name, type and nullable: true of the file that was read, and read again each time. */
const FACTS = ['missing', 'distinct', 'min', 'max', 'categories', 'note'] as const;

function parseColumn(value: unknown, where: string): ColumnSchema {
  const json = shape.object(value, where, ['name', 'type'], ['nullable', ...FACTS]);
  const column: ColumnSchema = {
    name: shape.text(json['name'], `${where}.name`),
    type: shape.choice(json['type'], `${where}.type`, COLUMN_TYPES),
    nullable: json['nullable'] === undefined ? true : shape.boolean(json['nullable'], `${where}.nullable`),
    missing: shape.number(json['missing'] ?? 0, `${where}.missing`),
    distinct: shape.number(json['distinct'] ?? 0, `${where}.distinct`),
  };
  if (json['min'] !== undefined) column.min = shape.number(json['min'], `${where}.min`);
  if (json['max'] !== undefined) column.max = shape.number(json['max'], `${where}.max`);
  if (json['note'] !== undefined) column.note = shape.text(json['note'], `${where}.note`);
  if (json['categories'] !== undefined) {
    column.categories = shape.texts(json['categories'], `${where}.categories`, 1_000_000);
  }
  return column;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return shape.fail(`It is no JSON: ${printable((error as Error).message)}`);
  }
}

/** The schema as a JSON value, what a person may want to edit first. */
export function schemaToJson({ missing, delimiter, columns }: TableSchema): TableSchema {
  return { missing, delimiter, columns };
}

/**
 * A schema from JSON or its text, as `schemaToJson` gives it or as a person edited it: a column needs its name and
 * type, and columns may be left out. SCHEMA_INVALID names the first fault, a misspelt key with the nearest known one.
 */
export function parseSchema(value: unknown): TableSchema {
  const parsed = typeof value === 'string' ? parseText(value) : value;
  const json = shape.object(parsed, 'The schema', ['columns'], ['missing', 'delimiter']);
  const columns = shape
    .list(json['columns'], 'columns', 10_000)
    .map((column, i) => parseColumn(column, `columns[${i}]`));
  if (new Set(columns.map(({ name }) => name)).size < columns.length) shape.fail('columns has a name twice.');
  const missing =
    json['missing'] === undefined
      ? [...DEFAULT_MISSING_MARKS]
      : shape.texts(json['missing'], 'missing', 1_000);
  if (json['delimiter'] === undefined) return { columns, missing };
  return { columns, missing, delimiter: shape.text(json['delimiter'], 'delimiter') };
}
