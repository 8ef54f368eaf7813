import type BetterSqlite3 from 'better-sqlite3';
import { codeOf } from '../io-errors.js';
import { latestVersion, type Migration, migrations } from './migrations.js';
import { connectReader, finishRollback } from './sqlite-connect.js';
import { openConnection } from './sqlite-connection.js';
import { explainSqliteError, storeDamaged } from './sqlite-errors.js';
import { APPLICATION_ID, refuseNewer } from './sqlite-file.js';

interface SchemaObject {
  type: string;
  name: string;
  sql: string;
}

/**
 * Proves a database file that nobody writes to: SQLite's integrity check, the mark of riskops, a version that this
 * riskops knows, and its tables and triggers.
 * @returns its schema version
 * @throws STORE_DAMAGED, STORE_VERSION, STORE_IO
 */
export function checkDatabase(path: string, list: readonly Migration[] = migrations): number {
  let raw: BetterSqlite3.Database | undefined;
  try {
    raw = openConnection(path, { readonly: true, fileMustExist: true, timeout: 0 });
    const version = raw.pragma('user_version', { simple: true }) as number;
    if (raw.pragma('application_id', { simple: true }) !== APPLICATION_ID || version < 1)
      throw storeDamaged(path, 'it is the database of another program');
    refuseNewer(path, version, Math.max(latestVersion(list), latestVersion()));
    const [{ integrity_check: integrity }] = raw.pragma('integrity_check(1)') as {
      integrity_check: string;
    }[];
    if (integrity !== 'ok') throw storeDamaged(path, integrity.split('\n')[0]);
    const fault = schemaFault(raw, version, list);
    if (fault !== undefined) throw storeDamaged(path, fault);
    return version;
  } catch (error) {
    if (codeOf(error) !== 'SQLITE_READONLY_ROLLBACK') throw explainSqliteError(error, path);
    raw?.close();
    finishRollback(path);
    return checkDatabase(path, list);
  } finally {
    raw?.close();
  }
}

/**
 * What is wrong with the tables and triggers of a store in use; undefined when nothing is.
 * @throws STORE_BUSY, STORE_IO
 */
export async function databaseSchemaFault(path: string): Promise<string | undefined> {
  const reader = await connectReader(path, 5_000);
  try {
    return await reader.run(() =>
      schemaFault(reader.raw, reader.raw.pragma('user_version', { simple: true }) as number),
    );
  } finally {
    reader.raw.close();
  }
}

/**
 * What is wrong with the tables and triggers, against those that the migrations make. Columns, tables and indexes that somebody
 * added are no fault; a trigger or a view would run with our writes, and a trigger that is gone guarded the history.
 */
function schemaFault(
  raw: BetterSqlite3.Database,
  version: number,
  list: readonly Migration[] = migrations,
): string | undefined {
  const model = openConnection(':memory:');
  try {
    for (const { version: step, sqlite } of list) if (step <= version) model.exec(sqlite);
    const [expected, found] = [objectsOf(model), objectsOf(raw)];
    for (const { type, name, sql } of expected.values()) {
      if (!found.has(name)) return `its ${type} ${name} is missing`;
      if (type === 'trigger' && spelling(found.get(name)?.sql) !== spelling(sql))
        return `its trigger ${name} was changed`;
      if (type !== 'table') continue;
      const columns = columnsOf(raw, name);
      const missing = columnsOf(model, name).find((column) => !columns.includes(column));
      if (missing !== undefined) return `its table ${name} has no column ${missing}`;
    }
    const foreign = [...found.values()].find(({ type, name }) => type !== 'table' && !expected.has(name));
    return foreign && `it has a ${foreign.type} that is not of riskops`;
  } finally {
    model.close();
  }
}

function objectsOf(raw: BetterSqlite3.Database): Map<string, SchemaObject> {
  const rows = raw.prepare("SELECT type, name, sql FROM sqlite_master WHERE type <> 'index'").all();
  return new Map((rows as SchemaObject[]).map((row) => [row.name, row]));
}

function columnsOf(raw: BetterSqlite3.Database, table: string): string[] {
  return raw.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
}

/** Renaming a table makes SQLite quote names anew, each of its versions in its own way. */
const spelling = (sql = '') => sql.replace(/[\s"`[\]]/g, '').toLowerCase();
