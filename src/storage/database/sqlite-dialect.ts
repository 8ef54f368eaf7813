import type BetterSqlite3 from 'better-sqlite3';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { RiskopsError } from '../../errors.js';
import { textsPrepared } from './sqlite-connection.js';
import { explainSqliteError } from './sqlite-errors.js';
import { retryWhileBusy } from './sqlite-retry.js';
import { Turns } from './turns.js';

/** So many texts of SQL a connection may keep prepared; each takes some kilobytes. */
const TEXTS_LIMIT = 1000;

/** One connection to the database file and what its users share. */
export class SqliteHandle {
  /** Held for a query or a transaction, so that no two of this process mix on one connection. */
  readonly turns = new Turns();
  /** Queries run so far. */
  queries = 0;

  constructor(
    public raw: BetterSqlite3.Database,
    readonly path: string,
    readonly busyTimeoutMs: number,
    /** Opens the same again, where this connection may be changed for another. */
    private readonly reopen?: () => BetterSqlite3.Database,
  ) {}

  /**
   * Filters that people write are texts without end, and a statement's memory comes back with its connection alone: so a
   * server's connection that has prepared very many is changed for a new one. Called by who holds the turn.
   */
  renewWhenFull(): void {
    if (this.reopen === undefined || textsPrepared(this.raw) < TEXTS_LIMIT || this.raw.inTransaction) return;
    const full = this.raw;
    this.raw = this.reopen();
    full.close();
  }

  /** Runs `action` when no other process is in its way, with errors in the catalogue's words. */
  async run<T>(action: () => T): Promise<T> {
    try {
      return await retryWhileBusy(action, this.path, this.busyTimeoutMs);
    } catch (error) {
      throw this.explain(error);
    }
  }

  private explain(error: unknown): unknown {
    // A query that writes on the reading connection is a slip in riskops, not a fault of the disk.
    if (this.raw.readonly && error instanceof Error && 'code' in error && error.code === 'SQLITE_READONLY') {
      return new RiskopsError('INTERNAL_ERROR', {
        what: 'a query that writes was sent to store.db',
        why: 'store.db only reads; writes go through store.write of a store opened with mode "write"',
        cause: error,
      });
    }
    return explainSqliteError(error, this.path);
  }
}

/** What Kysely holds for the length of a query or a transaction. */
class HeldConnection implements DatabaseConnection {
  /** Set when its transaction is over: a query that comes later must not run outside of it. */
  over = false;

  constructor(readonly handle: SqliteHandle) {}

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.over) throw new Error('riskops: a query came after the end of its transaction');
    this.handle.queries++;
    return this.handle.run(() => {
      this.handle.renewWhenFull();
      const statement = this.handle.raw.prepare(sql);
      if (statement.reader) return { rows: statement.all(...parameters) as R[] };
      const { changes, lastInsertRowid } = statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    });
  }

  // An open cursor would pin the write-ahead log for as long as its reader is slow.
  // biome-ignore lint/correctness/useYield: the interface asks for a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('riskops: read in pages by key instead of streaming');
  }
}

class SqliteDriver implements Driver {
  constructor(
    private readonly handle: SqliteHandle,
    private readonly begin: 'BEGIN' | 'BEGIN IMMEDIATE',
  ) {}

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.handle.turns.take();
    return new HeldConnection(this.handle);
  }

  async beginTransaction(): Promise<void> {
    await this.handle.run(() => this.handle.raw.exec(this.begin));
  }

  async commitTransaction(connection: HeldConnection): Promise<void> {
    connection.over = true;
    await this.handle.run(() => this.handle.raw.exec('COMMIT'));
  }

  async rollbackTransaction(connection: HeldConnection): Promise<void> {
    connection.over = true;
    // After a fault of the disk SQLite may have rolled back by itself.
    if (this.handle.raw.inTransaction) this.handle.raw.exec('ROLLBACK');
  }

  async releaseConnection(): Promise<void> {
    this.handle.turns.giveBack();
  }

  async destroy(): Promise<void> {
    await this.handle.turns.take();
    this.handle.raw.close();
  }
}

/** Kysely over one better-sqlite3 connection; `begin` is how its transactions start. */
export function sqliteDialect(handle: SqliteHandle, begin: 'BEGIN' | 'BEGIN IMMEDIATE'): Dialect {
  return {
    createDriver: () => new SqliteDriver(handle, begin),
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}
