import type { BlobStore } from '../../storage/blobs/blob-store.js';
import { codeOf } from '../../storage/io-errors.js';
import { sha256File } from '../../util/files.js';
import { fileMember } from './manifest.js';
import type { Source } from './write-archive.js';

/** A file that a store has on record. */
export interface RecordedFile {
  key: string;
  sha256: string;
}

export interface FoundFiles {
  /** Each content once. */
  sources: Source[];
  /** Files that are gone, or whose bytes are not those on record. */
  missing: RecordedFile[];
}

/** Looks for each file and proves its hash: what the disk lost or changed is named, and stops nothing. */
export async function findFiles(
  blobs: BlobStore,
  files: Iterable<RecordedFile>,
  signal?: AbortSignal,
): Promise<FoundFiles> {
  const found = new Map<string, Source>();
  const missing: RecordedFile[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    if (found.has(file.sha256)) continue;
    const source = await sourceOf(blobs, file);
    if (source === undefined) missing.push(file);
    else found.set(file.sha256, source);
  }
  // The same content may lie at a second place, and be whole there.
  return { sources: [...found.values()], missing: missing.filter(({ sha256 }) => !found.has(sha256)) };
}

async function sourceOf(blobs: BlobStore, { key, sha256 }: RecordedFile): Promise<Source | undefined> {
  const bytes = blobs.size(key);
  if (bytes === undefined) return undefined;
  const file = blobs.path(key);
  try {
    if ((await sha256File(file)) !== sha256) return undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return { name: fileMember(sha256), file, bytes, sha256 };
}
