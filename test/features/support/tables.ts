import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeTable } from '../../../src/datasets/encode-table.js';
import { type ColumnRoles, type Signature, signatureOf } from '../../../src/datasets/signature.js';
import type { Column, Table } from '../../../src/datasets/table.js';
import { fitRecipe, type Recipe, type StepConfig } from '../../../src/features/recipe.js';

export type Plain = number | null;

export function vectorsOf<T>(name: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', name), 'utf8')) as T;
}

export const numbersOf = (values: readonly Plain[]) =>
  Float64Array.from(values, (value) => value ?? Number.NaN);

/** A table of number columns out of row-major rows. */
export function tableOfRows(names: readonly string[], rows: readonly (readonly Plain[])[]): Table {
  const columns = names.map(
    (name, i): Column => ({ name, type: 'number', values: numbersOf(rows.map((row) => row[i])) }),
  );
  return { rowCount: rows.length, columns };
}

export interface Fitted {
  signature: Signature;
  cells: Float64Array;
  recipe: Recipe;
}

/** A recipe that was fitted on some rows of a table (all when left out); the cells are those of all rows. */
export function fitOn(
  table: Table,
  features: readonly string[],
  steps: readonly StepConfig[],
  options: { roles?: ColumnRoles; y?: Float64Array; classCount?: number; rows?: Int32Array } = {},
): Fitted {
  const {
    roles,
    classCount = 0,
    rows = Int32Array.from({ length: table.rowCount }, (_, row) => row),
  } = options;
  const target = { name: '(target)', type: 'number' as const, classes: null };
  const signature = signatureOf(table, features, rows, target, undefined, roles);
  const y = options.y === undefined ? null : Float64Array.from(rows, (row) => options.y![row]);
  const recipe = fitRecipe(steps, encodeTable(table, signature, rows), rows.length, signature, {
    y,
    classCount,
  });
  return { signature, cells: encodeTable(table, signature), recipe };
}

/** One output of a recipe, of all rows. */
export function outputOf({ recipe, cells, signature }: Fitted, name: string): Float64Array {
  const at = recipe.outputs.indexOf(name);
  if (at < 0) throw new Error(`no output ${name}`);
  const rowCount = cells.length / signature.features.length;
  const x = recipe.transform(cells, rowCount);
  return Float64Array.from({ length: rowCount }, (_, row) => x[row * recipe.outputs.length + at]);
}

/** The greatest distance, relative to values above 1; infinite where one is missing and the other is not. */
export function distanceOf(found: ArrayLike<number>, wanted: readonly Plain[]): number {
  let most = found.length === wanted.length ? 0 : Number.POSITIVE_INFINITY;
  for (const [i, value] of wanted.entries()) {
    if (value === null ? !Number.isNaN(found[i]) : Number.isNaN(found[i])) return Number.POSITIVE_INFINITY;
    if (value !== null) most = Math.max(most, Math.abs(found[i] - value) / Math.max(1, Math.abs(value)));
  }
  return most;
}
