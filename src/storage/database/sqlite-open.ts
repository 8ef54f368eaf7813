import { dirname } from 'node:path';
import { Kysely } from 'kysely';
import { RiskopsError } from '../../errors.js';
import { makeFolder } from '../../util/files.js';
import { printable } from '../../util/text.js';
import { explainFileError } from '../io-errors.js';
import type { OpenOptions, Store } from '../store.js';
import { latestVersion } from './migrations.js';
import type { Database } from './schema.js';
import { connectReader, connectWriter } from './sqlite-connect.js';
import { type SqliteHandle, sqliteDialect } from './sqlite-dialect.js';
import { fileIdentity, inspectDatabaseFile, makePrivateFile, refuseNewer } from './sqlite-file.js';
import { prepareInsertMetrics } from './sqlite-insert-metrics.js';
import { migrateDatabase, schemaVersion } from './sqlite-migrate.js';
import { settleWithoutTurning } from './sqlite-transaction.js';
import { prepareWriteNow } from './sqlite-write-now.js';

/** The part of a store that is its database. */
export type OpenDatabase = Pick<Store, 'db' | 'write' | 'insertMetrics' | 'writeNow' | 'migrated' | 'close'>;

/** Opens the SQLite file at `path`; see `openStore` for the errors. */
export async function openSqlite(path: string, options: Required<OpenOptions>): Promise<OpenDatabase> {
  refuseMemory(path);
  return options.mode === 'read' ? openToRead(path, options.busyTimeoutMs) : openToWrite(path, options);
}

async function openToRead(path: string, busyTimeoutMs: number): Promise<OpenDatabase> {
  const state = await inspectDatabaseFile(path);
  if (state !== 'database') throw notFound(path, absence(state));
  const reader = await connectReader(path, busyTimeoutMs);
  try {
    const version = await reader.run(() => schemaVersion(reader.raw));
    refuseNewer(path, version);
    if (version === 0) throw notFound(path, 'the file has no tables yet');
    if (version < latestVersion()) throw outOfDate(path, version);
  } catch (error) {
    reader.raw.close();
    throw error;
  }
  const db = new Kysely<Database>({ dialect: sqliteDialect(reader, 'BEGIN') });
  return {
    db,
    write: () => Promise.reject(readOnlyStore()),
    insertMetrics: () => Promise.reject(readOnlyStore()),
    writeNow: () => false,
    migrated: null,
    close: () => closeBoth(db, reader),
  };
}

/** A restore may put another file in the place of the one that is being opened: what is written must not go to the old one. */
async function openToWrite(path: string, options: Required<OpenOptions>): Promise<OpenDatabase> {
  for (;;) {
    const before = fileIdentity(path);
    const opened = await openOnceToWrite(path, options);
    if (before === null || before === fileIdentity(path)) return opened;
    await opened.close();
  }
}

async function openOnceToWrite(
  path: string,
  { create, busyTimeoutMs }: Required<OpenOptions>,
): Promise<OpenDatabase> {
  const state = await inspectDatabaseFile(path);
  if (state !== 'database' && !create) throw notFound(path, absence(state));
  if (state === 'missing') {
    makeFolderOf(path);
    makePrivateFile(path);
  }
  const opened: SqliteHandle[] = [];
  try {
    // A newer version may stand in the log alone; a connection that only reads leaves file and log as they are.
    if (state === 'database') opened.push(await readerOfKnownVersion(path, busyTimeoutMs));
    const writer = await connectWriter(path, busyTimeoutMs, create);
    opened.push(writer);
    const migrated = await migrateDatabase(writer);
    if (state !== 'database') opened.unshift(await connectReader(path, busyTimeoutMs));
    return { ...databaseOf(opened[0], writer), migrated };
  } catch (error) {
    for (const handle of opened) handle.raw.close();
    throw error;
  }
}

async function readerOfKnownVersion(path: string, busyTimeoutMs: number): Promise<SqliteHandle> {
  const reader = await connectReader(path, busyTimeoutMs);
  try {
    refuseNewer(path, await reader.run(() => schemaVersion(reader.raw)));
    return reader;
  } catch (error) {
    reader.raw.close();
    throw error;
  }
}

/** Reads have a connection of their own, so they never see a transaction of this process that is half done. */
function databaseOf(reader: SqliteHandle, writer: SqliteHandle): Omit<OpenDatabase, 'migrated'> {
  const db = new Kysely<Database>({ dialect: sqliteDialect(reader, 'BEGIN') });
  const writing = new Kysely<Database>({ dialect: sqliteDialect(writer, 'BEGIN IMMEDIATE') });
  return {
    db,
    write: (work) =>
      writing
        .transaction()
        .execute((transaction) => settleWithoutTurning(work(transaction), () => writer.queries)),
    insertMetrics: prepareInsertMetrics(writer),
    writeNow: prepareWriteNow(writer),
    // The reader first: the last connection to close moves the log into the file, and a reader could not.
    close: async () => {
      await closeBoth(db, reader);
      await closeBoth(writing, writer);
    },
  };
}

/** Kysely does not close a driver that it never used. */
async function closeBoth(db: Kysely<Database>, handle: SqliteHandle): Promise<void> {
  await db.destroy();
  if (handle.raw.open) handle.raw.close();
}

function makeFolderOf(path: string): void {
  try {
    makeFolder(dirname(path));
  } catch (error) {
    throw explainFileError(error, path);
  }
}

function refuseMemory(path: string): void {
  if (!/(^|[\\/]):memory:$|^\s*$|^file:/.test(path)) return;
  throw new RiskopsError('CONFIG_INVALID', {
    what: `the database cannot be ${path.trim() === '' ? 'nameless' : printable(path)}`,
    why: 'a store in memory ends with its process and no second process could read it, so nothing would be proved',
    fix: 'name a file, for example: RISKOPS_DB=data/riskops.db',
  });
}

const absence = (state: 'missing' | 'empty') =>
  state === 'empty' ? 'the file is empty' : 'there is no such file';

function notFound(path: string, why: string): RiskopsError {
  return new RiskopsError('STORE_NOT_FOUND', { what: `no riskops store at ${printable(path)}`, why });
}

function outOfDate(path: string, version: number): RiskopsError {
  return new RiskopsError('STORE_VERSION', {
    what: `${printable(path)} was written by an older riskops`,
    why: `it has schema version ${version}, and a command that only reads may not bring it to ${latestVersion()}`,
    fix: 'riskops migrate, which keeps what is there and makes a backup first',
    details: { version, latest: latestVersion() },
  });
}

function readOnlyStore(): RiskopsError {
  return new RiskopsError('INTERNAL_ERROR', {
    what: 'a write was sent to a store that was opened to read',
    why: 'readers never write',
  });
}
