import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import { syncFile, unfinishedName } from '../../storage/database/sqlite-copy.js';
import { explainFileError } from '../../storage/io-errors.js';
import { makeFolder, syncFolder } from '../../util/files.js';
import { archiveInvalid, MANIFEST, type Manifest, type Member, manifestText } from './manifest.js';

/** A member and the file it is read from. */
export interface Source extends Member {
  file: string;
}

/** Collects the lines of one record file, with their hash. */
export class RecordFile {
  #handle: number;
  #hash = createHash('sha256');
  #waiting: string[] = [];
  #characters = 0;
  #bytes = 0;

  constructor(
    readonly name: string,
    readonly file: string,
  ) {
    this.#handle = openSync(file, 'wx', 0o600);
  }

  add(line: string): void {
    this.#waiting.push(line, '\n');
    this.#characters += line.length;
    if (this.#characters > 1 << 20) this.#flush();
  }

  close(): Source {
    this.#flush();
    closeSync(this.#handle);
    return { name: this.name, file: this.file, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting.join(''), 'utf8');
    this.#hash.update(bytes);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#handle, bytes, at);
    this.#bytes += bytes.length;
    this.#waiting = [];
    this.#characters = 0;
  }
}

export interface ArchiveParts extends Pick<Manifest, 'kind' | 'counts' | 'missing'> {
  sources: Source[];
  signal?: AbortSignal;
}

/**
 * Writes an archive: the manifest first, then the files by name, with the same times and rights in every archive, so that the
 * same content gives the same bytes. Zipped when the name ends in `.gz` or `.tgz`. Whole and on disk before it has its name.
 * @throws ARCHIVE_INVALID when a file changed since it was hashed, STORE_IO
 */
export async function writeArchive(path: string, { sources, signal, ...facts }: ArchiveParts): Promise<void> {
  const sorted = sources.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const manifest = Buffer.from(manifestText({ ...facts, members: sorted }));
  const temporary = unfinishedName(path);
  try {
    makeFolder(dirname(path));
    const tar = pack();
    const zip = /\.(gz|tgz)$/.test(path) ? createGzip({ level: 6 }) : new PassThrough();
    const writing = pipeline(tar, zip, createWriteStream(temporary, { flags: 'wx' }), { signal });
    await Promise.all([
      writing,
      addMembers(tar, manifest, sorted).catch((error: Error) => {
        tar.destroy(error);
        throw error;
      }),
    ]);
    syncFile(temporary);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    throw signal?.aborted ? signal.reason : explainFileError(error, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

async function addMembers(tar: Pack, manifest: Buffer, sources: Source[]): Promise<void> {
  await addEntry(tar, MANIFEST, manifest.length, (entry) => entry.end(manifest));
  for (const source of sources) {
    const hash = createHash('sha256');
    await addEntry(tar, source.name, source.bytes, (entry) => {
      const from = createReadStream(source.file).on('data', (chunk) => hash.update(chunk));
      pipeline(from, entry).catch(() => undefined);
    });
    if (hash.digest('hex') !== source.sha256)
      throw archiveInvalid(
        `${source.name} changed while it was written`,
        'Another process works on the files.',
      );
  }
  tar.finalize();
}

function addEntry(
  tar: Pack,
  name: string,
  size: number,
  fill: (entry: ReturnType<Pack['entry']>) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const header = { name, size, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'file' as const };
    const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()));
    if (size === 0) entry.end();
    else fill(entry);
  });
}
