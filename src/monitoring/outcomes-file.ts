import { readTable } from '../datasets/read-table.js';
import { type Column, columnOf } from '../datasets/table.js';
import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { addOutcomes, type OutcomesAdded } from './outcomes.js';

export interface OutcomesFile {
  path: string;
  /** The column with the ids of predictions, or that with the keys of things; `prediction_id` or `entity` when neither is named. */
  idColumn?: string;
  /** Several columns where several fields name a thing, in their order. */
  entityColumns?: readonly string[];
  /** `value` when left out. */
  valueColumn?: string;
  /** `observed_at` where the file has it. */
  timeColumn?: string;
  /** The model of every row; else the column `model`, where the file has it. */
  model?: string;
}

export interface FileAdded extends OutcomesAdded {
  /** Rows without a value: nothing is known yet. They are not among those received. */
  blank: number;
}

/** The text of each row; null where it is missing. */
function textsOf(column: Column): (string | null)[] {
  if (column.type !== 'category') throw new Error('every column was read as text');
  return Array.from(column.codes, (code) => (code < 0 ? null : column.categories[code]));
}

/** The columns that name what an outcome is about. */
function subjectColumns(file: OutcomesFile, names: readonly string[]) {
  const { idColumn, entityColumns = [] } = file;
  if (idColumn !== undefined && entityColumns.length > 0) {
    throw new RiskopsError('OPTION_INVALID', {
      what: 'Both a column of ids and one of entities are named.',
      why: 'An outcome is one of a prediction, or one of a thing.',
      fix: 'leave out --id-column or --entity-column',
    });
  }
  if (idColumn !== undefined || entityColumns.length > 0) return { idColumn, entityColumns };
  return names.includes('prediction_id') || !names.includes('entity')
    ? { idColumn: 'prediction_id', entityColumns }
    : { idColumn, entityColumns: ['entity'] };
}

/**
 * Adds the outcomes of a table: CSV, NDJSON, JSON or Parquet. Text means what it says: `1` is the number or the class.
 * @throws RiskopsError as `readTable`, COLUMN_NOT_FOUND, OPTION_INVALID, and VALIDATION_ERROR which counts the file's rows from 1
 */
export async function addOutcomesOfFile(
  store: Store,
  file: OutcomesFile,
  { actor }: { actor: string },
): Promise<FileAdded> {
  const { table: first } = await readTable(file.path);
  const names = first.columns.map(({ name }) => name);
  const { idColumn, entityColumns } = subjectColumns(file, names);
  const valueColumn = file.valueColumn ?? 'value';
  const optional = (given: string | undefined, usual: string) =>
    given ?? (names.includes(usual) ? usual : undefined);
  const timeColumn = optional(file.timeColumn, 'observed_at');
  const modelColumn = file.model === undefined ? optional(undefined, 'model') : undefined;
  const used = [idColumn, ...entityColumns, valueColumn, timeColumn, modelColumn].filter(
    (name) => name !== undefined,
  );
  for (const name of used) columnOf(first, name);
  // Numbers and dates are read again as they are written: an id may begin with a 0.
  const schema = new Map(used.map((name) => [name, { type: 'category' as const }]));
  const { table } = await readTable(file.path, { schema });
  const read = (name: string | undefined) =>
    name === undefined ? undefined : textsOf(columnOf(table, name));
  const [ids, values, times, models] = [idColumn, valueColumn, timeColumn, modelColumn].map(read);
  const keys = entityColumns.map((name) => read(name));
  const given: unknown[] = [];
  const rows: number[] = [];
  for (let row = 0; row < table.rowCount; row++) {
    const value = values?.[row] ?? null;
    if (value === null) continue;
    const entity = keys.map((texts) => texts?.[row] ?? null);
    const model = file.model ?? models?.[row] ?? undefined;
    rows.push(row + 1);
    given.push({
      ...(ids === undefined ? {} : { prediction_id: ids[row] }),
      ...(keys.length === 0 ? {} : { entity: entity.length === 1 ? entity[0] : entity }),
      ...(model === undefined ? {} : { model }),
      ...(times?.[row] == null ? {} : { observed_at: times[row] }),
      value,
    });
  }
  const added = await addOutcomes(store, given, { actor, fromText: true, rowNumbers: rows });
  return { ...added, blank: table.rowCount - rows.length };
}
