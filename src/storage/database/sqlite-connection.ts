import BetterSqlite3 from 'better-sqlite3';

/**
 * From 24.19 on, Node ends the process when a connection or a statement of better-sqlite3 12 is garbage-collected: the destructor that
 * it inherits from Node's headers asks for an environment that a collection does not have. So none is ever let go in the life
 * of a thread, and each connection prepares a text of SQL once, which keeps them few.
 */
const kept: object[] = [];

function keep<T extends object>(object: T): T {
  kept.push(object);
  return object;
}

const texts = new WeakMap<BetterSqlite3.Database, ReadonlyMap<string, unknown>>();

/** How many texts of SQL the connection has prepared, and keeps until it is closed. */
export function textsPrepared(raw: BetterSqlite3.Database): number {
  return texts.get(raw)?.size ?? 0;
}

/** Opens a connection; every one of riskops is opened here. */
export function openConnection(
  file: string | Buffer,
  options: BetterSqlite3.Options = {},
): BetterSqlite3.Database {
  const raw = keep(new BetterSqlite3(file, options));
  const prepare = raw.prepare.bind(raw);
  const prepared = new Map<string, BetterSqlite3.Statement>();
  texts.set(raw, prepared);
  const prepareOnce = (sql: string) => {
    const statement = prepared.get(sql) ?? keep(prepare(sql));
    prepared.set(sql, statement);
    return statement;
  };
  raw.prepare = prepareOnce as typeof raw.prepare;
  raw.pragma = (source, { simple = false } = {}) => {
    const statement = prepareOnce(`PRAGMA ${source}`);
    if (!statement.reader) return statement.run();
    return simple ? statement.pluck().get() : statement.all();
  };
  return raw;
}
