import { createHash, randomBytes } from 'node:crypto';
import { constants, lstatSync, realpathSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { RiskopsError } from '../../errors.js';
import { makeFolder, sha256, syncFolder, writeFileDurably } from '../../util/files.js';
import { printable } from '../../util/text.js';
import { explainFileError } from '../io-errors.js';
import type { OpenOptions } from '../store.js';
import type { BlobInfo, BlobStore } from './blob-store.js';
import { checkKey, UNFINISHED } from './keys.js';

/** Files below `root`, one for each key. Mode `read` refuses to write. */
export function localBlobs(root: string, mode: OpenOptions['mode']): BlobStore {
  const path = (key: string): string => {
    checkKey(key);
    return join(root, ...key.split('/'));
  };
  const pathToWrite = (key: string): string => {
    if (mode === 'read') throw readOnly(key);
    const target = path(key);
    makeFolderInside(root, dirname(target), key);
    return target;
  };
  return {
    path,
    put: (key, content) => explained(root, () => putContent(key, pathToWrite(key), content)),
    putFile: (key, source) => explained(root, () => putCopy(key, pathToWrite(key), source)),
    get: (key) => explained(root, () => getContent(root, path(key))),
    exists: (key) =>
      explained(root, async () => isInside(root, dirname(path(key))) && isPlainFile(path(key))),
    list: (prefix) => explained(root, () => listKeys(root, prefix.replace(/\/+$/, ''))),
  };
}

async function explained<T>(root: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw explainFileError(error, root);
  }
}

async function putContent(key: string, target: string, content: string | Uint8Array): Promise<BlobInfo> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  writeFileDurably(target, bytes);
  return { key, bytes: bytes.length, sha256: sha256(bytes) };
}

/** Streams a file in; it gets its name when all of it is on disk. */
async function putCopy(key: string, target: string, source: string): Promise<BlobInfo> {
  const from = await openPlainFile(source);
  const temporary = `${target}.tmp-${randomBytes(6).toString('hex')}`;
  try {
    const copied = await copyAndHash(from, temporary);
    await rename(temporary, target);
    syncFolder(dirname(target));
    return { key, ...copied };
  } finally {
    await from.close();
    await rm(temporary, { force: true });
  }
}

async function copyAndHash(from: FileHandle, to: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 18);
  const target = await open(to, 'wx', 0o644);
  try {
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await from.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) break;
      const part = chunk.subarray(0, bytesRead);
      hash.update(part);
      await target.appendFile(part);
      bytes += bytesRead;
    }
    await target.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await target.close();
  }
}

async function getContent(root: string, path: string): Promise<Buffer> {
  if (!isInside(root, dirname(path))) throw notFound(path);
  const handle = await openPlainFile(path);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Opens a plain file: a link would lead elsewhere, a pipe or a device may never end. */
async function openPlainFile(path: string): Promise<FileHandle> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw notFound(path);
  refuseSpecial(path, found);
  // NONBLOCK, so that a pipe that takes the file's place meanwhile is opened and refused, and not waited for.
  const handle = await open(
    path,
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  );
  try {
    refuseSpecial(path, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function refuseSpecial(
  path: string,
  found: { isFile(): boolean; isSymbolicLink(): boolean; isDirectory(): boolean },
) {
  if (found.isFile()) return;
  const kind = found.isSymbolicLink()
    ? 'a symbolic link'
    : found.isDirectory()
      ? 'a folder'
      : 'a pipe, socket or device';
  throw new RiskopsError('ARTIFACT_REFUSED', {
    what: `${printable(path)} is not kept`,
    why: `it is ${kind}`,
  });
}

function isPlainFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Makes `folder` below `root`; a link on the way that leads out of `root` is not followed. */
function makeFolderInside(root: string, folder: string, key: string): void {
  makeFolder(root);
  let there = folder;
  while (lstatSync(there, { throwIfNoEntry: false }) === undefined) there = dirname(there);
  if (!isInside(root, there)) {
    throw new RiskopsError('ARTIFACT_KEY_INVALID', {
      what: `"${printable(key)}" leads out of the artifacts folder`,
      why: 'a part of its path is a symbolic link',
    });
  }
  makeFolder(folder);
}

/** Whether `folder` exists and lies, with all links followed, in `root` or is it. */
function isInside(root: string, folder: string): boolean {
  try {
    const base = realpathSync(root);
    const real = realpathSync(folder);
    return real === base || real.startsWith(base.endsWith(sep) ? base : base + sep);
  } catch {
    return false;
  }
}

/** Plain files alone: links are not followed, files that are being written are not there yet. */
async function listKeys(root: string, prefix: string): Promise<string[]> {
  if (prefix !== '') checkKey(prefix);
  const keys: string[] = [];
  const folders = [prefix];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const path = join(root, ...folder.split('/'));
    if (!isInside(root, path)) continue;
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(key);
      else if (entry.isFile() && !UNFINISHED.test(key)) keys.push(key);
    }
  }
  return keys.sort();
}

function notFound(path: string): RiskopsError {
  return new RiskopsError('ARTIFACT_NOT_FOUND', {
    what: `there is no file ${printable(path)}`,
    why: 'it was never written, or somebody removed it',
  });
}

function readOnly(key: string): RiskopsError {
  return new RiskopsError('INTERNAL_ERROR', {
    what: `"${printable(key)}" was to be written in a store that was opened to read`,
    why: 'readers never write',
  });
}
