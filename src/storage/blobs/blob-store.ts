/** A file on record: its key (POSIX path, relative, no `..`), size and SHA-256. */
export interface BlobInfo {
  key: string;
  bytes: number;
  sha256: string;
}

/** Files by key. Writers are durable: what is acknowledged outlives a power cut. */
export interface BlobStore {
  put(key: string, content: string | Uint8Array): Promise<BlobInfo>;
  /** Copies a plain file in, as a stream; symlinks and special files are refused. */
  putFile(key: string, path: string): Promise<BlobInfo>;
  get(key: string): Promise<Buffer>;
  exists(key: string): Promise<boolean>;
  /** Keys below `prefix`, sorted. */
  list(prefix: string): Promise<string[]>;
  /** The file's own path, where the store has one. */
  path(key: string): string;
}
