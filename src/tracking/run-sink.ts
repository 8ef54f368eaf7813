import type { BlobContent, BlobInfo } from '../storage/blobs/blob-store.js';
import type { MetricPoint, Store, StorePlaces } from '../storage/store.js';
import { addArtifact, checkArtifactPath } from './artifacts.js';
import { isAway } from './away.js';
import { writeManifest, writePointers } from './manifest.js';
import { removeSpool, replayFile } from './replay-spool.js';
import { endedRun } from './run-errors.js';
import { checkName, errorText } from './run-values.js';
import { endQuery, type RunEnd, type RunRecord, writeRecord } from './run-writes.js';
import { openSpool, type SpoolFile } from './spool.js';

/** How a run goes on while its store is away. */
export interface SpoolKeeping {
  places: StorePlaces;
  /** Opens the store anew. */
  open(busyTimeoutMs?: number): Promise<Store>;
  /** Told once, in one line. */
  onWarning(text: string): void;
}

/** How long the store may take to answer when a run asks whether it is back, milliseconds. */
const PROBE_MS = 1_000;
/** How long until it is asked again: twice as long each time, milliseconds. */
const PAUSE_MS = { first: 5_000, most: 300_000 };

/**
 * Where the records of one run go: to the store, and with `keeping` to a spool file while the store is away. Records
 * keep their order.
 */
export class RunSink {
  readonly keeping: SpoolKeeping | undefined;
  #store: Store | undefined;
  /** The store, when it was opened here and is to be closed here. */
  #own: Store | undefined;
  #spool: SpoolFile | undefined;
  #warned = false;
  #turn: Promise<unknown> = Promise.resolve();
  #askAt = 0;
  #pauseMs = PAUSE_MS.first;

  constructor(
    readonly runId: string,
    store: Store | undefined,
    { keeping, ownsStore = false }: { keeping?: SpoolKeeping; ownsStore?: boolean } = {},
  ) {
    this.#store = store;
    this.keeping = keeping;
    if (ownsStore) this.#own = store;
  }

  /** For a store that could not be opened: the run begins in the spool. @throws `error` when there is none */
  leaveStore(error: unknown): void {
    if (this.keeping === undefined || !isAway(error)) throw error;
    try {
      this.#spool ??= openSpool(this.keeping.places, this.runId);
    } catch {
      throw error;
    }
    if (this.#warned) return;
    this.#warned = true;
    this.keeping.onWarning(
      `the store is away (${errorText(error)}); run ${this.runId} goes on in ${this.#spool.path}, and the next riskops command that logs brings it in`,
    );
  }

  /** On disk when it resolves. */
  write(record: RunRecord): Promise<void> {
    const toStore = (store: Store) =>
      store.write((transaction) => writeRecord(store, transaction, this.runId, record));
    return this.#inTurn(() =>
      this.#either(toStore, (spool) => {
        spool.append(record);
        return undefined;
      }),
    );
  }

  /** The first attempt is made before this returns, so that a loop that never awaits is written as well. */
  insertMetrics(points: MetricPoint[]): Promise<void> {
    return this.#either(
      (store) => store.insertMetrics(points),
      (spool) =>
        spool.append({
          metrics: points.map(({ key, step, value, logged_ms }) => [key, step, value, logged_ms]),
        } satisfies RunRecord),
    );
  }

  putArtifact(path: string, content: BlobContent, kind: string): Promise<BlobInfo> {
    return this.#inTurn(() =>
      this.#either(
        (store) => addArtifact(store, this.runId, path, content, kind),
        (spool) => {
          checkName('kind', kind);
          checkArtifactPath(path);
          return spool.keep(path, content, kind);
        },
      ),
    );
  }

  /** The manifest, and with `pointers` the pointer files; a spool writes them when it is brought in. */
  writeFiles(pointers?: { dir_name: string; created_at: string }): Promise<void> {
    const toStore = async (store: Store) => {
      await writeManifest(store, this.runId);
      if (pointers) await writePointers(store, { run_id: this.runId, ...pointers });
    };
    return this.#inTurn(() => this.#either(toStore, () => undefined));
  }

  /** Says that the run lives; while it is in the spool, asks now and then whether the store is back. */
  beat(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#spool === undefined) {
        const heartbeat_at = new Date().toISOString();
        await this.#store?.write((transaction) =>
          transaction
            .updateTable('runs')
            .set({ heartbeat_at })
            .where('run_id', '=', this.runId)
            .where('status', '=', 'RUNNING')
            .execute(),
        );
        return;
      }
      this.#spool.touch();
      if (performance.now() >= this.#askAt) await this.#returnToStore(true);
    });
  }

  /** Brings the spool in when the store is back, and closes what was opened here. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#spool !== undefined) await this.#returnToStore(false);
      this.#spool?.close();
      if (this.#own !== undefined) this.#store = undefined;
      await this.#own?.close();
      this.#own = this.#spool = undefined;
    });
  }

  /** Ends the run at once, for a process that is ending. The manifest follows when somebody brings the spool in. */
  endNow(end: RunEnd): void {
    const store = this.#spool === undefined ? this.#store : undefined;
    const isWritten = store?.writeNow([endQuery(store.db, this.runId, end)]) ?? false;
    if (this.keeping === undefined) return;
    try {
      this.#spool ??= openSpool(this.keeping.places, this.runId);
      this.#openSpool().append({ end } satisfies RunRecord);
    } catch (error) {
      if (!isWritten)
        this.keeping.onWarning(`the end of run ${this.runId} could not be kept: ${errorText(error)}`);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #either<T>(
    toStore: (store: Store) => Promise<T>,
    toSpool: (spool: SpoolFile) => T | Promise<T>,
  ): Promise<T> {
    if (this.#spool === undefined && this.#store !== undefined) {
      try {
        return await toStore(this.#store);
      } catch (error) {
        this.leaveStore(error);
      }
    }
    if (this.#spool === undefined) throw endedRun(this.runId);
    return toSpool(this.#openSpool());
  }

  /** Another process may have taken the file for that of a dead run, brought it in and removed it. */
  #openSpool(): SpoolFile {
    if (this.#spool?.removed) {
      this.#spool.close();
      this.#spool = openSpool(this.keeping!.places, this.runId);
    }
    return this.#spool!;
  }

  async #returnToStore(goesOn: boolean): Promise<void> {
    try {
      await this.#bringIn(this.#openSpool(), goesOn);
      this.#pauseMs = PAUSE_MS.first;
    } catch (error) {
      if (!isAway(error)) throw error;
      this.#askAt = performance.now() + this.#pauseMs;
      this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS.most);
    }
  }

  async #bringIn(spool: SpoolFile, goesOn: boolean): Promise<void> {
    const { open } = this.keeping!;
    const probe = await open(PROBE_MS);
    const first = await replayFile(probe, spool.path, { keep: true }).finally(() => probe.close());
    const store = goesOn ? await open() : undefined;
    let refused = first?.refused ?? 0;
    // Metrics may be appended while this waits; after the last look at the size nothing is awaited.
    for (let taken = goesOn ? -1 : spool.bytes; taken < spool.bytes; ) {
      taken = spool.bytes;
      refused += (await replayFile(store!, spool.path, { keep: true }))?.refused ?? 0;
    }
    spool.close();
    removeSpool(spool.path, refused > 0);
    const before = this.#own;
    this.#spool = undefined;
    this.#store = store;
    this.#own = store;
    await before?.close();
  }
}
