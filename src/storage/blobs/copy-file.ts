import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf, explainFileError } from '../io-errors.js';
import { fileNotFound, fileRefused, openPlainFile } from './plain-file.js';

/** A copy that is written and not yet synced; the caller closes it. */
export interface OpenCopy {
  handle: FileHandle;
  bytes: number;
  sha256: string;
}

/**
 * Copies a plain file to `to`, a new file, and hashes what it writes. A file that somebody goes on writing is refused:
 * its copy would be a state that the file never had, and one that grows as fast as it is read would never end.
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_REFUSED, STORE_IO
 */
export async function copyPlainFile(source: string, to: string): Promise<OpenCopy> {
  const from = await openSource(source);
  try {
    const before = await from.stat({ bigint: true });
    const handle = await open(to, 'wx', 0o644);
    try {
      const copied = await copyAndHash(from, handle, Number(before.size));
      const after = await from.stat({ bigint: true });
      const isSame = before.size === after.size && before.mtimeNs === after.mtimeNs;
      if (!isSame || copied.bytes !== Number(before.size)) {
        throw fileRefused(
          source,
          'it changed while it was read',
          'keep it when its writer has closed it, or keep a copy',
        );
      }
      return { handle, ...copied };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } finally {
    await from.close();
  }
}

/** A fault of the source is told with its own path, not with that of the store. */
async function openSource(source: string): Promise<FileHandle> {
  try {
    return await openPlainFile(source);
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? fileNotFound(source) : explainFileError(error, source);
  }
}

async function copyAndHash(from: FileHandle, to: FileHandle, expected: number) {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 18);
  let bytes = 0;
  while (bytes <= expected) {
    const { bytesRead } = await from.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) break;
    const part = chunk.subarray(0, bytesRead);
    hash.update(part);
    await to.appendFile(part);
    bytes += bytesRead;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** SHA-256 and size of an open file, from its beginning. */
export async function hashHandle(handle: FileHandle): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 18);
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, bytes);
    if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
    hash.update(chunk.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}
