import type { Readable } from 'node:stream';

/** A file on record: its key (POSIX path, relative, no `..`), size and SHA-256. */
export interface BlobInfo {
  key: string;
  bytes: number;
  sha256: string;
}

/** Bytes, text as UTF-8, or a plain file that is copied in as a stream. */
export type BlobContent = string | Uint8Array | { file: string };

/** A file that lies in the store. */
export interface BlobEntry {
  key: string;
  bytes: number;
  /** When it was written, or last found to be what somebody was about to keep; milliseconds since 1970. */
  touchedMs: number;
}

/** Files by key. Writers are durable: what is acknowledged outlives a power cut. */
export interface BlobStore {
  /**
   * Writes a file under a name of its own. Model files are written once: other bytes under their name are refused.
   * @throws ARTIFACT_KEY_INVALID, ARTIFACT_REFUSED, ARTIFACT_IMMUTABLE, STORE_IO
   */
  put(key: string, content: BlobContent): Promise<BlobInfo>;
  /**
   * Keeps content under its SHA-256, `blobs/<first 2 digits>/<sha256>`: the same content is there once. Content that
   * no row names is garbage: see `addArtifact` for how a row and its content stay together.
   * @throws ARTIFACT_REFUSED for a file that is a link, a folder or special, or that changes while it is read; STORE_IO
   */
  add(content: BlobContent): Promise<BlobInfo>;
  /** @throws ARTIFACT_NOT_FOUND, ARTIFACT_REFUSED, ARTIFACT_DAMAGED when `sha256` is given and is not that of the bytes */
  get(key: string, expected?: { sha256: string }): Promise<Buffer>;
  /** The same as a stream, for files of any size; it ends in ARTIFACT_DAMAGED when the hash is another. */
  openRead(key: string, expected?: { sha256: string }): Promise<Readable>;
  exists(key: string): Promise<boolean>;
  /** What lies below `prefix`, sorted by key; links and files that are being written are left out. */
  list(prefix: string): Promise<BlobEntry[]>;
  /** Files that are being written, or that a killed process left half written. */
  listUnfinished(): Promise<BlobEntry[]>;
  /** The size in bytes, undefined when there is no such plain file. Synchronous, for a look under the write lock. */
  size(key: string): number | undefined;
  /**
   * Removes a file, and the folders that are empty then. Synchronous, so that the decision and the deed are both
   * under the write lock. Links are not followed.
   * @returns whether there was one
   */
  remove(key: string): boolean;
  /** The file's own path, where the store has one. */
  path(key: string): string;
}
