import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { BlobContent, BlobInfo } from '../storage/blobs/blob-store.js';
import { localBlobs } from '../storage/blobs/local.js';
import { explainFileError } from '../storage/io-errors.js';
import type { StorePlaces } from '../storage/store.js';
import { makeFolder, sha256, syncFolder } from '../util/files.js';
import { toJson } from '../util/json.js';

/** The first line of a spool file. */
export interface SpoolHeader {
  /** Names the file's content, whatever the file is called. */
  spool: string;
  format: 1;
  run_id: string;
  at: string;
}

/** A line about an artifact whose content lies in the folder of the file. */
export interface SpooledArtifact {
  artifact: { path: string; kind: string; file: string };
}

/** The names of spool files: `<run id>.jsonl`, and `<run id>.2.jsonl` when a run has a second one. */
export const SPOOL_NAME = /^([0-9a-f]{32})(\.\d+)?\.jsonl$/;

/** Where the artifacts of a spool file wait. */
export const spooledFiles = (path: string) => path.replace(/\.jsonl$/, '.files');

/**
 * Where runs wait that the store could not take, the first that can be written: beside the artifacts, beside the
 * database, and in a folder for temporary files that belongs to this user alone.
 */
export function spoolFolders(places: StorePlaces): string[] {
  const owner = process.platform === 'win32' ? 'user' : String(userInfo().uid);
  const ofStore = sha256(places.database).slice(0, 16);
  return [
    join(places.artifacts, 'spool'),
    join(dirname(places.database), 'spool'),
    join(tmpdir(), `riskops-spool-${owner}`, ofStore),
  ];
}

/** Opens a spool file in the first folder that takes one; throws the last folder's error when none does. */
export function openSpool(places: StorePlaces, runId: string): SpoolFile {
  let refusal: unknown;
  for (const [at, folder] of spoolFolders(places).entries()) {
    try {
      if (at === 2) makePrivateFolder(dirname(folder));
      makeFolder(folder);
      return createSpool(folder, runId);
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

/** In a folder that everybody may write, somebody else may have been there before. */
function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const own = process.platform === 'win32' || (found.uid === userInfo().uid && (found.mode & 0o077) === 0);
  if (!found.isDirectory() || !own) throw new Error(`${folder} belongs to somebody else`);
}

function createSpool(folder: string, runId: string): SpoolFile {
  for (let number = 1; ; number++) {
    const path = join(folder, `${runId}${number === 1 ? '' : `.${number}`}.jsonl`);
    try {
      return new SpoolFile(path, openSync(path, 'ax', 0o644), runId);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number === 1_000) throw error;
    }
  }
}

/** A file of JSON lines, each on disk when `append` returns. */
export class SpoolFile {
  /** Bytes of whole lines. */
  bytes = 0;
  #files = 0;

  constructor(
    readonly path: string,
    readonly handle: number,
    runId: string,
  ) {
    try {
      this.append({
        spool: randomUUID(),
        format: 1,
        run_id: runId,
        at: new Date().toISOString(),
      } satisfies SpoolHeader);
      syncFolder(dirname(path));
    } catch (error) {
      closeSync(handle);
      rmSync(path, { force: true });
      throw error;
    }
  }

  /** Whether another process brought it in and removed it. */
  get removed(): boolean {
    return fstatSync(this.handle).nlink === 0;
  }

  append(record: object): void {
    const line = Buffer.from(`${toJson(record)}\n`);
    try {
      for (let at = 0; at < line.length; ) at += writeSync(this.handle, line, at);
      fsyncSync(this.handle);
    } catch (error) {
      // Half a line would make the next one unreadable.
      ftruncateSync(this.handle, this.bytes);
      throw explainFileError(error, this.path);
    }
    this.bytes += line.length;
  }

  /** Keeps an artifact beside this file, where its line says. */
  async keep(path: string, content: BlobContent, kind: string): Promise<BlobInfo> {
    const file = String(++this.#files);
    const info = await localBlobs(spooledFiles(this.path), 'write').put(file, content);
    this.append({ artifact: { path, kind, file } } satisfies SpooledArtifact);
    return info;
  }

  /** A heartbeat: the file's time says that its run lives. */
  touch(): void {
    const now = new Date();
    futimesSync(this.handle, now, now);
  }

  close(): void {
    closeSync(this.handle);
  }
}
