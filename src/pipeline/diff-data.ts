import { type ColumnSchema, parseSchema, type TableSchema } from '../datasets/schema.js';
import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { readArtifact } from '../tracking/read-artifact.js';
import type { RunDetail } from '../tracking/read-runs.js';
import { SCHEMA_RECORD } from './holdout.js';
import { TRAINING_RECORD, type TrainingRecord } from './training-record.js';

type Pair<T> = [T | null, T | null];

export interface ColumnDifference {
  name: string;
  /** `type`, `missing`, `distinct`, `min`, `max` and so on, as text. */
  facts: { fact: string; values: Pair<string> }[];
}

export interface DataComparison {
  path: Pair<string>;
  sha256: Pair<string>;
  /** The same bytes; null where a run recorded none. */
  same: boolean | null;
  /** Of the file; null for a run from before they were recorded. */
  rows: Pair<number>;
  split: Pair<string>;
  seed: Pair<string>;
  target: Pair<string>;
  /** null where a run kept no schema; `why` says it. */
  columns: { added: string[]; removed: string[]; changed: ColumnDifference[] } | null;
  why: string | null;
}

/** How the data of two runs differs: the file, the split, and the columns by the schemas that were kept. */
export async function compareData(store: Store, [a, b]: [RunDetail, RunDetail]): Promise<DataComparison> {
  const param = (name: string): Pair<string> => [a.params[name] ?? null, b.params[name] ?? null];
  const hashes = param('data_sha256');
  const [was, is] = [await schemaOf(store, a), await schemaOf(store, b)];
  const both = was.schema !== null && is.schema !== null;
  return {
    path: param('data'),
    sha256: hashes,
    same: hashes.includes(null) ? null : hashes[0] === hashes[1],
    rows: [await rowsOf(store, a), await rowsOf(store, b)],
    split: param('split'),
    seed: param('seed'),
    target: param('target'),
    columns: both ? compareColumns(was.schema as TableSchema, is.schema as TableSchema) : null,
    why: was.why ?? is.why,
  };
}

async function schemaOf(store: Store, { run_id }: RunDetail) {
  const { bytes, why } = await readArtifact(store, run_id, SCHEMA_RECORD);
  const named = (text: string) => `of run ${run_id.slice(0, 8)}, ${text}`;
  if (bytes === null) return { schema: null, why: named(why) };
  try {
    return { schema: parseSchema(bytes.toString('utf8')), why: null };
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    return { schema: null, why: named(`the schema cannot be read: ${error.why ?? error.message}`) };
  }
}

async function rowsOf(store: Store, { run_id }: RunDetail): Promise<number | null> {
  const { bytes } = await readArtifact(store, run_id, TRAINING_RECORD);
  try {
    const { data } = (JSON.parse(String(bytes)) ?? {}) as Partial<TrainingRecord>;
    return typeof data?.rows === 'number' ? data.rows : null;
  } catch {
    return null;
  }
}

function compareColumns(was: TableSchema, is: TableSchema) {
  const before = new Map(was.columns.map((column) => [column.name, column]));
  const after = new Map(is.columns.map((column) => [column.name, column]));
  const changed = [...before].flatMap(([name, column]): ColumnDifference[] => {
    const other = after.get(name);
    const facts = other === undefined ? [] : factsThatDiffer(column, other);
    return facts.length === 0 ? [] : [{ name, facts }];
  });
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed,
  };
}

const FACTS = ['type', 'nullable', 'missing', 'distinct', 'min', 'max', 'categories'] as const;

function factsThatDiffer(was: ColumnSchema, is: ColumnSchema): ColumnDifference['facts'] {
  const text = (column: ColumnSchema, fact: (typeof FACTS)[number]) => {
    const value = column[fact];
    if (value === undefined) return null;
    return Array.isArray(value) ? JSON.stringify(value) : String(value);
  };
  return FACTS.flatMap((fact) => {
    const values: Pair<string> = [text(was, fact), text(is, fact)];
    return values[0] === values[1] ? [] : [{ fact, values }];
  });
}
