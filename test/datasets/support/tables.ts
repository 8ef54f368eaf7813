import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ReadOptions, readTable } from '../../../src/datasets/read-table.js';
import type { CategoryColumn, Column, NumericColumn, Table } from '../../../src/datasets/table.js';
import type { RiskopsError } from '../../../src/errors.js';
import { temporaryFolder } from '../../support/temporary.js';

export const UCI_FILE = join(import.meta.dirname, '..', '..', '..', 'data', 'uci_credit_default.csv.gz');

export const uciText = () => gunzipSync(readFileSync(UCI_FILE)).toString('utf8');

/** Writes the content to a new file. */
export function fileOf(content: string | Uint8Array, name = '자료 1.csv'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** Reads the content as a file. */
export function readText(content: string | Uint8Array, options?: ReadOptions) {
  return readTable(fileOf(content), options);
}

/** The error that the work ends in. */
export async function errorOf(work: () => unknown): Promise<RiskopsError> {
  try {
    await work();
  } catch (error) {
    return error as RiskopsError;
  }
  throw new Error('no error was thrown');
}

export function numbers(name: string, values: number[], type: NumericColumn['type'] = 'number'): Column {
  return { name, type, values: Float64Array.from(values) };
}

export function texts(name: string, values: (string | null)[]): CategoryColumn {
  const categories = [...new Set(values.filter((value) => value !== null))].sort();
  const codes = Int32Array.from(values, (value) => (value === null ? -1 : categories.indexOf(value)));
  return { name, type: 'category', codes, categories };
}

export function tableOf(...columns: Column[]): Table {
  const [first] = columns;
  return { rowCount: first.type === 'category' ? first.codes.length : first.values.length, columns };
}

/** A column's values as JSON would have them: null for a missing one. */
export function valuesOf(table: Table, name: string): (string | number | null)[] {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new Error(`no column ${name}`);
  if (column.type === 'category') return Array.from(column.codes, (code) => column.categories[code] ?? null);
  return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));
}
