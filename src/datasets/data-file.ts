import { createHash, type Hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RiskopsError } from '../errors.js';
import { nearestWord, printable } from '../util/text.js';

/** DATA_UNREADABLE for a file that is not what it is taken for. */
export function unreadable(
  path: string,
  format: string,
  why: string,
  fix?: string,
  cause?: unknown,
): RiskopsError {
  return new RiskopsError('DATA_UNREADABLE', {
    what: `${printable(path)} cannot be read as ${format}.`,
    why,
    fix,
    cause,
  });
}

function notFound(path: string, cause: unknown): RiskopsError {
  let near: string | undefined;
  try {
    near = nearestWord(basename(path), readdirSync(dirname(resolve(path))));
  } catch {
    near = undefined;
  }
  const where = `Looked in ${printable(dirname(resolve(path)), 400)}`;
  const why = near === undefined ? `${where}.` : `${where}: did you mean "${printable(near)}"?`;
  return new RiskopsError('DATA_FILE_NOT_FOUND', {
    what: `There is no file ${printable(path)}.`,
    why,
    cause,
  });
}

/** What went wrong with a file, as an error of ours; a fault that the file has no part in stays what it is. */
function fileError(path: string, format: string, error: unknown): unknown {
  if (error instanceof RiskopsError) return error;
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  if (code === 'ENOENT' || code === 'ENOTDIR') return notFound(path, error);
  return unreadable(path, format, printable(message), undefined, error);
}

/** A file as it is to be read. */
export interface DataFile {
  path: string;
  /** What it is taken for, as errors say. */
  format: string;
  /** Limit on its size, and on its size unpacked. */
  maxBytes: number;
  /** Why there is this limit. */
  limitNote?: string;
}

/**
 * Runs `work` on a file that is plain and within the limit.
 * @throws DATA_FILE_NOT_FOUND, DATA_UNREADABLE
 */
export async function withDataFile<T>(
  { path, format, maxBytes, limitNote = '' }: DataFile,
  work: (size: number) => Promise<T>,
): Promise<T> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) throw unreadable(path, format, 'It is a folder.');
    // A pipe or a device may never end.
    if (!facts.isFile())
      throw unreadable(path, format, 'It is not a plain file.', 'write it to a file first');
    if (facts.size > maxBytes)
      throw unreadable(path, format, `It has ${facts.size} bytes; the limit is ${maxBytes}${limitNote}.`);
    return await work(facts.size);
  } catch (error) {
    throw fileError(path, format, error);
  }
}

/** DATA_UNREADABLE for what a gzip stream threw. */
export function packingError(
  { path, format, maxBytes, limitNote = '' }: DataFile,
  error: unknown,
): RiskopsError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why =
    code === 'ERR_BUFFER_TOO_LARGE'
      ? `It unpacks to more than the limit of ${maxBytes} bytes${limitNote}.`
      : `Its gzip packing is broken or cut short (${message}).`;
  return unreadable(path, format, why, `gzip -t ${printable(path)}`, error);
}

const CHUNK = 1 << 20;

/** The file's bytes in pieces; each is read while the one before is worked on, and is good until the next but one. */
async function* filePieces(handle: FileHandle): AsyncGenerator<Buffer> {
  const buffers = [
    Buffer.allocUnsafeSlow(CHUNK),
    Buffer.allocUnsafeSlow(CHUNK),
    Buffer.allocUnsafeSlow(CHUNK),
  ];
  const read = (turn: number) => handle.read(buffers[turn % 3], 0, CHUNK, null);
  let next = read(0);
  try {
    for (let turn = 1; ; turn++) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      next = read(turn);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await next.catch(() => {});
  }
}

/** A file as it is read from its beginning to its end, unpacked when it is packed by gzip. */
export interface DataStream {
  /** Size of the file itself. */
  size: number;
  /** How many of its bytes were read. */
  bytesRead(): number;
  /** Each piece is good until the next but one is asked for. */
  pieces: AsyncIterable<Buffer>;
  /** SHA-256 of the file's own bytes, once all pieces were read. */
  sha256(): string;
}

/** The packed pieces, unpacked. */
async function* unpack(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // Their buffers are used again, and a stream keeps what it is given.
  const copies = async function* () {
    for await (const piece of packed) yield Buffer.from(piece);
  };
  const source = Readable.from(copies(), { objectMode: false });
  const gunzip = createGunzip({ chunkSize: CHUNK });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip);
  } finally {
    source.destroy();
  }
}

/**
 * Runs `work` on the stream of a plain or gzip-packed file (told by its first bytes).
 * @throws DATA_FILE_NOT_FOUND; DATA_UNREADABLE for what is no plain file, broken packing or more than `maxBytes` unpacked
 */
export async function withDataStream<T>(
  file: DataFile,
  work: (stream: DataStream) => Promise<T>,
): Promise<T> {
  return await withDataFile(file, async (size) => {
    const handle = await open(file.path);
    try {
      const hash = createHash('sha256');
      const counter = { bytes: 0 };
      const magic = Buffer.alloc(2);
      await handle.read(magic, 0, 2, 0);
      const isPacked = magic[0] === 0x1f && magic[1] === 0x8b;
      const stored = hashed(filePieces(handle), hash, counter);
      const pieces = isPacked ? limited(unpack(stored), file) : stored;
      let digest: string | undefined;
      return await work({
        size,
        pieces,
        bytesRead: () => counter.bytes,
        sha256: () => {
          digest ??= hash.digest('hex');
          return digest;
        },
      });
    } finally {
      await handle.close();
    }
  });
}

async function* hashed(
  pieces: AsyncIterable<Buffer>,
  hash: Hash,
  counter: { bytes: number },
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    hash.update(piece);
    counter.bytes += piece.length;
    yield piece;
  }
}

async function* limited(pieces: AsyncIterable<Buffer>, file: DataFile): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      bytes += piece.length;
      if (bytes > file.maxBytes)
        throw Object.assign(new Error('too large'), { code: 'ERR_BUFFER_TOO_LARGE' });
      yield piece;
    }
  } catch (error) {
    throw error instanceof RiskopsError ? error : packingError(file, error);
  }
}
