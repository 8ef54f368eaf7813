import { type Dirent, lstatSync, rmdirSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { codeOf, explainFileError } from '../io-errors.js';
import type { OpenOptions } from '../store.js';
import type { BlobEntry, BlobStore } from './blob-store.js';
import { isInside } from './inside.js';
import { BLOBS, checkKey, UNFINISHED } from './keys.js';
import { fileNotFound, plainFileSize } from './plain-file.js';
import { readVerified } from './read-blob.js';
import { addContent, putContent } from './write-blob.js';

/** Files below `root`, one for each key. Mode `read` refuses to write. */
export function localBlobs(root: string, mode: OpenOptions['mode']): BlobStore {
  const path = (key: string): string => {
    checkKey(key);
    return join(root, ...key.split('/'));
  };
  const checkWrite = (key: string) => {
    if (mode === 'read') throw readOnly(key);
  };
  const pathToRead = (key: string): string => {
    const target = path(key);
    if (!isInside(root, dirname(target))) throw fileNotFound(target);
    return target;
  };
  const size = (key: string) => {
    const target = path(key.replace(UNFINISHED, ''));
    return isInside(root, dirname(target)) ? plainFileSize(join(root, ...key.split('/'))) : undefined;
  };
  return {
    path,
    size,
    put: (key, content) =>
      explained(root, async () => {
        checkKey(key);
        checkWrite(key);
        return putContent(root, key, content);
      }),
    add: (content) =>
      explained(root, async () => {
        checkWrite(BLOBS);
        return addContent(root, content);
      }),
    get: (key, expected) =>
      explained(root, async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of readVerified(pathToRead(key), expected?.sha256)) chunks.push(chunk);
        return Buffer.concat(chunks);
      }),
    openRead: (key, expected) =>
      explained(root, async () => {
        const target = pathToRead(key);
        if (plainFileSize(target) === undefined) throw fileNotFound(target);
        return Readable.from(readVerified(target, expected?.sha256), { objectMode: false });
      }),
    exists: (key) =>
      explained(root, async () => {
        checkKey(key);
        return size(key) !== undefined;
      }),
    list: (prefix) => explained(root, () => listFiles(root, prefix.replace(/\/+$/, ''), isFinished)),
    listUnfinished: () => explained(root, () => listFiles(root, '', (key) => !isFinished(key))),
    remove: (key) => {
      checkWrite(key);
      if (size(key) === undefined) return false;
      return removeFile(root, key);
    },
  };
}

const isFinished = (key: string) => !UNFINISHED.test(key);

async function explained<T>(root: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw explainFileError(error, root);
  }
}

/** Plain files alone: links are not followed. */
async function listFiles(
  root: string,
  prefix: string,
  isWanted: (key: string) => boolean,
): Promise<BlobEntry[]> {
  if (prefix !== '') checkKey(prefix);
  const found: BlobEntry[] = [];
  const folders = [prefix];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const path = join(root, ...folder.split('/'));
    if (!isInside(root, path)) continue;
    for (const entry of await entriesOf(path)) {
      const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(key);
      else if (entry.isFile() && isWanted(key)) found.push(...entryOf(root, key));
    }
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Somebody may remove files and folders while they are listed. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function entryOf(root: string, key: string): BlobEntry[] {
  const found = lstatSync(join(root, ...key.split('/')), { throwIfNoEntry: false });
  return found?.isFile() ? [{ key, bytes: found.size, touchedMs: found.mtimeMs }] : [];
}

function removeFile(root: string, key: string): boolean {
  try {
    rmSync(join(root, ...key.split('/')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw explainFileError(error, root);
  }
  const folders = key.split('/').slice(0, -1);
  // The folders of content are few and always needed; the first level is the store's own.
  for (; folders.length > 1 && folders[0] !== BLOBS; folders.pop()) {
    try {
      rmdirSync(join(root, ...folders));
    } catch {
      break;
    }
  }
  return true;
}

function readOnly(key: string): RiskopsError {
  return new RiskopsError('INTERNAL_ERROR', {
    what: `"${printable(key)}" was to be written in a store that was opened to read`,
    why: 'readers never write',
  });
}
