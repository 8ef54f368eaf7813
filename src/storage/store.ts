import type { Compilable, Kysely, Transaction } from 'kysely';
import type { BlobStore } from './blobs/blob-store.js';
import type { Database } from './database/schema.js';
import type { Migrated } from './database/sqlite-migrate.js';

/** Where a store lies; absolute paths. */
export interface StorePlaces {
  /** The database file. */
  database: string;
  /** The folder of runs and model files. */
  artifacts: string;
  /** The pointer to the current models, `current.json`. */
  currentModel: string;
}

export interface OpenOptions {
  /** `read` opens read-only and never creates; `write` creates and migrates what is missing. */
  mode: 'read' | 'write';
  /** In mode `write`: whether a store is made where there is none; true. A process that runs on a store that was there makes none in its place. */
  create?: boolean;
  /** How long a writer waits for other writers before STORE_BUSY; 30,000 ms. */
  busyTimeoutMs?: number;
}

/** One value of a metric at one step. */
export interface MetricPoint {
  run_id: string;
  key: string;
  step: number;
  /** Any double; NaN, the infinities and -0 are kept. */
  value: number;
  /** Milliseconds since 1970, UTC. */
  logged_ms: number;
}

export interface Store {
  places: StorePlaces;
  mode: OpenOptions['mode'];
  /** Queries that read. In `read` mode the database itself refuses anything else. */
  db: Kysely<Database>;
  /**
   * One durable transaction (BEGIN IMMEDIATE; on disk when the promise resolves). `work` may await nothing but its
   * own queries; synchronous file work is allowed where the write lock must cover it.
   */
  write<T>(work: (transaction: Transaction<Database>) => Promise<T>): Promise<T>;
  /**
   * The hot insert: metric points, and their last values, in one transaction; with `within`, in that one. Without it the
   * first attempt is made before this returns, so that a loop that never awaits is written as well.
   */
  insertMetrics(points: MetricPoint[], within?: Transaction<Database>): Promise<void>;
  /**
   * Runs queries at once, in one durable transaction: for the moment in which a process ends and nothing that is awaited
   * goes on any more. What this process had begun to write and not committed is dropped.
   * @returns whether it is on disk; false as well when another process held the write lock for `timeoutMs`
   */
  writeNow(queries: readonly Compilable[], timeoutMs?: number): boolean;
  blobs: BlobStore;
  /** The migration that opening the store did; null when it was up to date. */
  migrated: Migrated | null;
  close(): Promise<void>;
}
