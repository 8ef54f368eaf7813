import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../storage/database/schema.js';
import { codeOf } from '../storage/io-errors.js';
import type { Store } from '../storage/store.js';
import { syncFolder } from '../util/files.js';
import { addArtifact } from './artifacts.js';
import { isAway } from './away.js';
import { readStatus } from './liveness.js';
import { writeManifest, writePointers } from './manifest.js';
import { readHeader, readLines, type SpoolLine } from './read-spool.js';
import { writeRecord } from './run-writes.js';
import { SPOOL_NAME, type SpooledArtifact, type SpoolHeader, spooledFiles, spoolFolders } from './spool.js';

/** Points of a transaction. */
const BATCH = 5_000;

/** What came in from one spool file. */
export interface ReplayedSpool {
  run_id: string;
  path: string;
  /** Lines that came in now. */
  records: number;
  /** Lines that the store cannot take, because they are damaged or their run was deleted; the file is kept beside. */
  refused: number;
  /** Whether all is in and the file is gone. It stays while its run goes on writing to it. */
  finished: boolean;
}

/** Brings in the runs that wait for this store, wherever they wait; see `replaySpool`. */
export async function replaySpools(store: Store): Promise<ReplayedSpool[]> {
  const replayed: ReplayedSpool[] = [];
  for (const folder of spoolFolders(store.places)) replayed.push(...(await replaySpool(store, folder)));
  return replayed;
}

/**
 * Brings the spool files of a folder into the store, each line once: how far it came stands in the database, in the same
 * transaction as what came in. So it may be killed at any moment, and any number of processes may do it at once. A file
 * whose run has ended is removed.
 * @throws STORE_BUSY, STORE_IO
 */
export async function replaySpool(store: Store, folder: string): Promise<ReplayedSpool[]> {
  const replayed: ReplayedSpool[] = [];
  for (const path of spoolFiles(folder)) {
    const result = await replayFile(store, path);
    if (result !== undefined) replayed.push(result);
  }
  return replayed;
}

/** Those that began first come first: a parent is there before its children. */
function spoolFiles(folder: string): string[] {
  return (unlessGone(() => readdirSync(folder)) ?? [])
    .filter((name) => SPOOL_NAME.test(name))
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ path, at: unlessGone(() => readHeader(path))?.header.at ?? '' }))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map(({ path }) => path);
}

/** Undefined for what another process removed meanwhile, and for what belongs to another user. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

/**
 * One file; undefined when it is not one of ours, or gone. With `keep` it is left where it is: its writer is the caller,
 * and knows when it is done.
 */
export async function replayFile(
  store: Store,
  path: string,
  { keep = false } = {},
): Promise<ReplayedSpool | undefined> {
  const first = unlessGone(() => readHeader(path));
  if (first === undefined) return undefined;
  const replay = new Replay(store, path, first.header);
  // Asked before the last line is read: a process that was gone by then has written no more.
  let gone = false;
  do {
    gone = !keep && (await isGone(store, first.header.run_id, path));
    if (!(await replay.all(first.end))) return undefined;
  } while (!gone && !keep && (await isGone(store, first.header.run_id, path)));
  const { run_id, records, refused } = replay;
  if (records > 0 && (await rowOf(store, run_id)) !== undefined) await writeFiles(store, run_id);
  if (gone) removeSpool(path, refused > 0);
  return { run_id, path, records, refused, finished: gone };
}

class Replay {
  readonly run_id: string;
  readonly #spool: string;
  #hasRun = false;
  records = 0;
  refused = 0;

  constructor(
    readonly store: Store,
    readonly path: string,
    { run_id, spool }: SpoolHeader,
  ) {
    this.run_id = run_id;
    this.#spool = spool;
  }

  /** @returns false when the file is gone */
  async all(from: number): Promise<boolean> {
    let at = Math.max(from, await this.#mark(this.store.db));
    for (;;) {
      const lines = unlessGone(() => readLines(this.path, at));
      if (lines === undefined) return false;
      if (lines.length === 0) return true;
      for (const batch of batchesOf(lines)) await this.#take(batch);
      at = lines.at(-1)!.end;
    }
  }

  async #take(batch: SpoolLine[]): Promise<void> {
    try {
      const [{ record }] = batch;
      if (record !== undefined && 'artifact' in record) await this.#keep(record.artifact, batch[0].end);
      this.records += await this.store.write((transaction) => this.#write(transaction, batch));
    } catch (error) {
      if (isAway(error)) throw error;
      // One line that cannot be taken must not hold up those around it.
      if (batch.length > 1) for (const line of batch) await this.#take([line]);
      else await this.#refuse(batch[0]);
    }
  }

  async #write(transaction: Transaction<Database>, batch: SpoolLine[]): Promise<number> {
    const done = await this.#mark(transaction);
    const lines = batch.filter(({ end }) => end > done);
    for (const { record } of lines) {
      if (record === undefined) throw new Error('the line is damaged');
      if (!('start' in record)) await this.#checkRun(transaction);
      if (!('artifact' in record)) await writeRecord(this.store, transaction, this.run_id, record);
    }
    if (lines.length > 0) await this.#setMark(transaction, lines.at(-1)!.end);
    return lines.length;
  }

  /** The same file again under the same path changes nothing, so this may be repeated. */
  async #keep({ path, kind, file }: SpooledArtifact['artifact'], end: number): Promise<void> {
    if ((await this.#mark(this.store.db)) >= end) return;
    await addArtifact(this.store, this.run_id, path, { file: join(spooledFiles(this.path), file) }, kind);
  }

  async #refuse({ end }: SpoolLine): Promise<void> {
    this.refused++;
    await this.store.write((transaction) => this.#setMark(transaction, end));
  }

  async #checkRun(transaction: Transaction<Database>): Promise<void> {
    const find = transaction.selectFrom('runs').select('run_id').where('run_id', '=', this.run_id);
    this.#hasRun ||= (await find.executeTakeFirst()) !== undefined;
    if (!this.#hasRun) throw new Error('the run is not there');
  }

  async #mark(db: Kysely<Database>): Promise<number> {
    const row = await db
      .selectFrom('spools')
      .select('bytes')
      .where('spool_id', '=', this.#spool)
      .executeTakeFirst();
    return row?.bytes ?? 0;
  }

  async #setMark(transaction: Transaction<Database>, bytes: number): Promise<void> {
    await transaction
      .insertInto('spools')
      .values({ spool_id: this.#spool, run_id: this.run_id, bytes })
      .onConflict((conflict) =>
        conflict.column('spool_id').doUpdateSet({ bytes }).where('spools.bytes', '<', bytes),
      )
      .execute();
  }
}

/** Lines that go into one transaction: some thousand points, or an artifact alone. */
function batchesOf(lines: SpoolLine[]): SpoolLine[][] {
  const batches: SpoolLine[][] = [];
  let room = 0;
  for (const line of lines) {
    const { record } = line;
    const isAlone = record === undefined || 'artifact' in record;
    const size = record !== undefined && 'metrics' in record ? record.metrics.length : 10;
    if (room <= 0 || isAlone) batches.push([]);
    if (room <= 0) room = BATCH;
    batches.at(-1)!.push(line);
    room = isAlone ? 0 : room - size;
  }
  return batches;
}

const rowOf = (store: Store, runId: string) =>
  store.db.selectFrom('runs').selectAll().where('run_id', '=', runId).executeTakeFirst();

/** Whether nobody writes to the file any more. Its time counts as a heartbeat. */
async function isGone(store: Store, runId: string, path: string): Promise<boolean> {
  const row = await rowOf(store, runId);
  const touched = lstatSync(path, { throwIfNoEntry: false })?.mtime.toISOString();
  if (row === undefined || touched === undefined) return false;
  const heartbeat_at = touched > row.heartbeat_at ? touched : row.heartbeat_at;
  return readStatus({ ...row, heartbeat_at }) !== 'RUNNING';
}

async function writeFiles(store: Store, runId: string): Promise<void> {
  await writeManifest(store, runId);
  await writePointers(store, (await rowOf(store, runId))!);
}

/** Removes a spool file that is in. What could not be taken is kept for people to look at. */
export function removeSpool(path: string, hasRefused: boolean): void {
  try {
    if (hasRefused) renameSync(path, `${path}.refused`);
    else {
      rmSync(path, { force: true });
      rmSync(spooledFiles(path), { recursive: true, force: true });
    }
    syncFolder(dirname(path));
  } catch (error) {
    // Where it cannot be removed it stays: its lines are marked as taken.
    if (codeOf(error) === '') throw error;
  }
}
