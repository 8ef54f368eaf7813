/** The thread that asks a SQLite file: a query that takes long, or a file that is slow, holds nobody else. */
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type BetterSqlite3 from 'better-sqlite3';
import { openConnection } from '../../storage/database/sqlite-connection.js';
import { checkColumns, type Found, SourceError } from './source.js';
import type { Asked, SqliteWork, Told } from './sqlite-source.js';

const { file, query, columns } = workerData as SqliteWork;

interface Open {
  database: BetterSqlite3.Database;
  statement: BetterSqlite3.Statement<unknown[], unknown[]>;
  names: string[];
  /** Which file it is: one that takes its place is another. */
  identity: string;
}

const identityOf = () => {
  const { dev, ino } = statSync(file);
  return `${dev}:${ino}`;
};

function prepare(database: BetterSqlite3.Database): Pick<Open, 'statement' | 'names'> {
  let statement: BetterSqlite3.Statement<unknown[], unknown[]>;
  try {
    statement = database.prepare<unknown[], unknown[]>(query);
  } catch (error) {
    throw new SourceError((error as Error).message, (error as { code?: unknown }).code === 'SQLITE_ERROR');
  }
  if (!statement.reader || !statement.readonly) throw new SourceError('the query does more than read', true);
  const names = statement.columns().map(({ name }) => name);
  checkColumns(names, columns);
  return { statement: statement.raw(true).safeIntegers(true), names };
}

function openFile(): Open {
  const identity = identityOf();
  const database = openConnection(file, { readonly: true, fileMustExist: true, timeout: 0 });
  try {
    return { database, ...prepare(database), identity };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whole numbers that a double cannot hold stay texts; bytes are nothing that a model takes. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  return value instanceof Uint8Array ? null : value;
}

let open: Open | undefined;

function answer({ keys }: Asked): (Found | null)[] {
  if (open !== undefined && open.identity !== identityOf()) {
    open.database.close();
    open = undefined;
  }
  open ??= openFile();
  const { statement, names } = open;
  return keys.map((key) => {
    // A number would be bound as 5.0, which is not the text '5'.
    const row = statement.get(Number.isSafeInteger(key) ? BigInt(key) : key);
    return row === undefined ? null : Object.fromEntries(names.map((name, i) => [name, plain(row[i])]));
  });
}

parentPort?.on('message', (asked: Asked) => {
  let told: Told;
  try {
    told = { id: asked.id, rows: answer(asked) };
  } catch (error) {
    told = {
      id: asked.id,
      error: (error as Error).message,
      isQuery: error instanceof SourceError && error.isQuery,
    };
  }
  parentPort?.postMessage(told);
});
