import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type BetterSqlite3 from 'better-sqlite3';
import { RiskopsError } from '../errors.js';
import { StoreWitness } from '../registry/store-witness.js';
import { connectWriter } from '../storage/database/sqlite-connect.js';
import type { SqliteHandle } from '../storage/database/sqlite-dialect.js';
import { fileIdentity } from '../storage/database/sqlite-file.js';
import type { FromWorker, Segment, ToWorker } from './log-messages.js';
import { cutoffBefore, RETENTION_STATEMENTS } from './retention-statements.js';

/**
 * The thread of the prediction log: one connection, one durable transaction a batch. It never gives up on a batch;
 * while the database takes nothing it says why, and tries again.
 */

interface Connection {
  handle: SqliteHandle;
  insert: BetterSqlite3.Statement<[Record<string, unknown>]>;
  /** The file that was opened: one that was put in its place since is another database. */
  file: string;
  /** Whether it is known that the database is the log's own. */
  isOwn: boolean;
}

/** How long a lock may last before it is told as trouble. */
const PATIENCE_MS = 1_000;

/** Old entries are looked for when the thread has begun, and then by the hour. */
const FIRST_LOOK_MS = 1_000;
const LOOK_MS = 3_600_000;
/** Between two bites others may write, the log itself among them. */
const BITE_PAUSE_MS = 50;

const path: string = workerData.database;
const keepDays: number | null = workerData.keepDays;
const port = parentPort!;
// A log without a pointer still knows again what it opened first.
const witness = new StoreWitness({ database: path, currentModel: workerData.currentModel ?? '' });
let connection: Connection | undefined;

const tell = (message: FromWorker) => port.postMessage(message);

function fileOpened(): string {
  const file = fileIdentity(path);
  if (file === null) throw new Error(`there is no such file: ${path}`);
  return file;
}

async function connect(): Promise<Connection> {
  const file = fileOpened();
  const handle = await connectWriter(path, PATIENCE_MS, false);
  try {
    const insert = await handle.run(() =>
      handle.raw.prepare<[Record<string, unknown>]>(
        `INSERT INTO prediction_segments (first_id, last_id, rows, written_at, content)
         SELECT @firstId, @lastId, @rows, @writtenAt, @content
         WHERE NOT EXISTS (SELECT 1 FROM prediction_segments WHERE first_id = @firstId)`,
      ),
    );
    return { handle, insert, file, isOwn: false };
  } catch (error) {
    handle.raw.close();
    throw error;
  }
}

function disconnect(): void {
  connection?.handle.raw.close();
  connection = undefined;
}

async function openConnected(): Promise<Connection> {
  if (connection && connection.file !== fileOpened()) disconnect();
  connection ??= await connect();
  if (!connection.isOwn) await refuseOther(connection);
  return connection;
}

/** A database that others put in the place of the one before gets none of the entries. It stays open, to be asked again. */
async function refuseOther(opened: Connection): Promise<void> {
  const { raw } = opened.handle;
  const { sql, parameters, judge } = witness.question();
  judge(await opened.handle.run(() => raw.prepare(sql).get(...parameters)));
  opened.isOwn = true;
}

/** One try. A segment that is there already came with a batch whose acknowledgement was lost. */
async function writeSegments(segments: readonly Segment[]): Promise<void> {
  const { handle, insert } = await openConnected();
  const writtenAt = new Date().toISOString();
  const insertAll = handle.raw.transaction(() => {
    for (const segment of segments)
      insert.run({ ...segment, writtenAt, content: Buffer.from(segment.content, 'utf8') });
  });
  await handle.run(() => insertAll.immediate());
}

/** The connection is as good as it was. */
const isOfOthers = (error: unknown) =>
  error instanceof RiskopsError && (error.code === 'STORE_BUSY' || error.code === 'STORE_FOREIGN');

function reasonOf(error: unknown): string {
  if (error instanceof RiskopsError)
    return error.why === undefined ? error.message : `${error.message.replace(/\.$/, '')}: ${error.why}`;
  return error instanceof Error ? error.message : String(error);
}

/** Tries until it is written. Waiting for a lock is done inside; between tries a little time passes. */
async function writeBatch(batch: number, segments: readonly Segment[]): Promise<void> {
  for (;;) {
    try {
      await writeSegments(segments);
      tell({ kind: 'written', batch });
      return;
    } catch (error) {
      if (!isOfOthers(error)) disconnect();
      tell({ kind: 'trouble', reason: reasonOf(error) });
      await sleep(50 + 100 * Math.random());
    }
  }
}

/** Deletes one bite of what is too old; true when there may be more. A database that takes nothing is asked again in an hour. */
async function deleteBite(days: number): Promise<boolean> {
  try {
    const { handle } = await openConnected();
    const cutoff = cutoffBefore(days, Date.now());
    const deleteAll = handle.raw.transaction(() =>
      RETENTION_STATEMENTS.map(
        ({ sql, parameters }) => handle.raw.prepare(sql).run(...parameters(cutoff)).changes,
      ),
    );
    const deleted = await handle.run(() => deleteAll.immediate());
    return deleted.some((changes) => changes > 0);
  } catch (error) {
    if (!isOfOthers(error)) disconnect();
    return false;
  }
}

let work = Promise.resolve();

/** Each bite waits behind what was sent before it, and what is sent meanwhile goes before the next one. */
function deleteOld(days: number): void {
  work = work.then(async () => {
    if (await deleteBite(days)) setTimeout(deleteOld, BITE_PAUSE_MS, days).unref();
  });
}

if (keepDays !== null) {
  setTimeout(deleteOld, FIRST_LOOK_MS, keepDays).unref();
  setInterval(deleteOld, LOOK_MS, keepDays).unref();
}

port.on('message', (message: ToWorker) => {
  work = work.then(async () => {
    if (message.kind === 'write') return writeBatch(message.batch, message.segments);
    disconnect();
    port.close();
  });
});
