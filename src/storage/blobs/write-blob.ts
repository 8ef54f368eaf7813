import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RiskopsError } from '../../errors.js';
import { sha256, syncFolder, writeFileDurably } from '../../util/files.js';
import { printable } from '../../util/text.js';
import { codeOf } from '../io-errors.js';
import type { BlobContent, BlobInfo } from './blob-store.js';
import { copyPlainFile, hashHandle, type OpenCopy } from './copy-file.js';
import { makeFolderInside } from './inside.js';
import { BLOBS, contentKey, isWrittenOnce } from './keys.js';
import { openPlainFile, plainFileSize } from './plain-file.js';

type Named = Pick<BlobInfo, 'bytes' | 'sha256'>;

/** Writes a file under `key`; see `BlobStore.put`. */
export async function putContent(root: string, key: string, content: BlobContent): Promise<BlobInfo> {
  const target = join(root, ...key.split('/'));
  const isKept = async (named: Named) => isWrittenOnce(key) && (await isThereAlready(target, key, named));
  return retryGoneFolder(() => {
    makeFolderInside(root, dirname(target), key);
    return writeContent(content, dirname(target), () => ({ key, target }), isKept);
  });
}

/** Keeps content under its hash; see `BlobStore.add`. */
export async function addContent(root: string, content: BlobContent): Promise<BlobInfo> {
  const folder = join(root, BLOBS);
  makeFolderInside(root, folder, BLOBS);
  const place = (named: Named) => {
    const key = contentKey(named.sha256);
    const target = join(root, ...key.split('/'));
    makeFolderInside(root, dirname(target), key);
    return { key, target };
  };
  const info = await writeContent(content, folder, place, (named) => holds(place(named).target, named));
  // What another process wrote a moment ago, and the folder it made for it, may not be on disk yet.
  syncFolder(dirname(place(info).target));
  syncFolder(folder);
  return info;
}

interface Place {
  key: string;
  target: string;
}

/** Text and bytes are hashed before they are written, a file while it is copied: it is read once. */
async function writeContent(
  content: BlobContent,
  folder: string,
  place: (named: Named) => Place,
  isKept: (named: Named) => Promise<boolean>,
): Promise<BlobInfo> {
  if (typeof content === 'object' && 'file' in content)
    return copyIn(content.file, folder, { place, isKept });
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const named = { bytes: bytes.length, sha256: sha256(bytes) };
  const { key, target } = place(named);
  if (!(await isKept(named))) writeFileDurably(target, bytes);
  return { key, ...named };
}

/** The copy gets its name when all of it is on disk. */
async function copyIn(
  file: string,
  folder: string,
  { place, isKept }: { place(named: Named): Place; isKept(named: Named): Promise<boolean> },
): Promise<BlobInfo> {
  const temporary = join(folder, `new.tmp-${randomBytes(6).toString('hex')}`);
  let copy: OpenCopy | undefined;
  try {
    copy = await copyPlainFile(file, temporary);
    const named = { bytes: copy.bytes, sha256: copy.sha256 };
    const { key, target } = place(named);
    if (!(await isKept(named))) {
      await copy.handle.sync();
      await rename(temporary, target);
      syncFolder(dirname(target));
    }
    return { key, ...named };
  } finally {
    await copy?.handle.close();
    await rm(temporary, { force: true });
  }
}

/** Whether the file holds this content, proved by its hash; it is marked as touched then. Links do not count. */
async function holds(path: string, { bytes, sha256 }: Named): Promise<boolean> {
  if (plainFileSize(path) !== bytes) return false;
  try {
    const handle = await openPlainFile(path);
    try {
      if ((await hashHandle(handle)).sha256 !== sha256) return false;
      await touch(() => handle.utimes(new Date(), new Date()));
      return true;
    } finally {
      await handle.close();
    }
  } catch (error) {
    // It was collected since the first look.
    if (error instanceof RiskopsError || codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Only the owner of a file may; for anybody else it keeps the age it has. */
async function touch(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!['EPERM', 'EACCES', 'EROFS'].includes(codeOf(error))) throw error;
  }
}

/** @throws ARTIFACT_IMMUTABLE when other bytes have the name */
async function isThereAlready(target: string, key: string, named: Named): Promise<boolean> {
  if (plainFileSize(target) === undefined) return false;
  if (await holds(target, named)) return true;
  throw new RiskopsError('ARTIFACT_IMMUTABLE', {
    what: `${printable(key)} is not written again`,
    why: 'a model file is on disk under this name, and its content is another',
    fix: 'riskops train, which writes a file of its own',
  });
}

/** `remove` takes empty folders away, maybe the one that was just made. */
async function retryGoneFolder<T>(write: () => Promise<T>): Promise<T> {
  for (let left = 5; ; left--) {
    try {
      return await write();
    } catch (error) {
      if (left === 0 || codeOf(error) !== 'ENOENT') throw error;
    }
  }
}
