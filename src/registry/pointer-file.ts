import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RiskopsError } from '../errors.js';
import { parseStrictJson } from '../models/strict-json.js';
import { checkKey, UNFINISHED } from '../storage/blobs/keys.js';
import { codeOf, explainFileError, storeIo } from '../storage/io-errors.js';
import { writeFileDurably } from '../util/files.js';
import { toCanonicalJson, toPrettyJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { canonicalName } from './models.js';
import { PROMOTION_ID, parseRetired, plainRetired, type RetiredEntry, TIME } from './retired-entry.js';

export interface PointerEntry {
  version: number;
  run_id: string;
  /** The model file: POSIX path below the artifacts folder. */
  path: string;
  sha256: string;
  promoted_at: string;
  promotion_id: string;
}

/** `current.json`: the models that are served. Its records have no prototype, so any name can be looked up in them. */
export interface Pointer {
  format: 1;
  models: Record<string, PointerEntry>;
  /** Models that were retired and have no current version; absent when there is none. */
  retired?: Record<string, RetiredEntry>;
}

const MAX_BYTES = 1024 * 1024;
const SHA256 = /^[0-9a-f]{64}$/;
const RUN_ID = /^[0-9a-f]{32}$/;

function invalid(path: string, why: string, fix?: string): RiskopsError {
  return new RiskopsError('POINTER_INVALID', {
    what: `The pointer to the current models is not valid: ${printable(path, 500)}`,
    why,
    ...(fix === undefined ? {} : { fix }),
    details: { path },
  });
}

/** STORE_IO in plain words. */
function failed(path: string, cause: unknown): unknown {
  const explained = explainFileError(cause, path);
  return explained instanceof RiskopsError ? explained : storeIo(path, printable(String(cause)), cause);
}

/**
 * Refuses a pointer that is no plain file: what is written would land elsewhere, what is read may never end.
 * @throws RiskopsError POINTER_INVALID, STORE_IO
 */
export function checkPlainFile(path: string): void {
  let stats: ReturnType<typeof lstatSync>;
  try {
    stats = lstatSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw failed(path, error);
  }
  if (stats.isFile()) return;
  const kind = stats.isSymbolicLink()
    ? 'a symbolic link'
    : stats.isDirectory()
      ? 'a folder'
      : 'a special file';
  throw invalid(
    path,
    `It is ${kind}, and is neither read nor written through.`,
    'move it away, then: riskops doctor --fix',
  );
}

/** The file's text; null only when there is no file. */
function readPlainFile(path: string): string | null {
  checkPlainFile(path);
  // The file may be swapped after the look: O_NOFOLLOW and O_NONBLOCK keep a link from being followed and a pipe from blocking.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  let handle: number | undefined;
  try {
    handle = openSync(path, flags);
    const stats = fstatSync(handle);
    if (!stats.isFile()) throw invalid(path, 'It is not a plain file.');
    if (stats.size > MAX_BYTES)
      throw invalid(path, `It has ${stats.size} bytes; a pointer has at most ${MAX_BYTES}.`);
    const bytes = Buffer.alloc(stats.size);
    let at = 0;
    for (let got = 1; got > 0 && at < bytes.length; at += got)
      got = readSync(handle, bytes, at, bytes.length - at, at);
    return bytes.toString('utf8', 0, at);
  } catch (error) {
    if (error instanceof RiskopsError) throw error;
    if (codeOf(error) === 'ENOENT') return null;
    throw failed(path, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** Whether a path stays below the artifacts folder, on every system. */
function isArtifactPath(path: unknown): boolean {
  if (typeof path !== 'string') return false;
  try {
    checkKey(path);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with an entry, or undefined. */
function entryFault(name: string, entry: unknown): string | undefined {
  if (canonicalName(name) !== name) return "the name cannot be a model's name";
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'it is not an object';
  const { version, run_id, path, sha256, promoted_at, promotion_id } = entry as Record<string, unknown>;
  const isText = (value: unknown, pattern: RegExp) => typeof value === 'string' && pattern.test(value);
  if (!Number.isSafeInteger(version) || (version as number) < 1) return '"version" is not a number from 1';
  if (!isText(run_id, RUN_ID)) return '"run_id" is not 32 hex digits';
  if (!isArtifactPath(path)) return '"path" is not a path below the artifacts folder';
  if (!isText(sha256, SHA256)) return '"sha256" is not 64 hex digits';
  if (!isText(promoted_at, TIME)) return '"promoted_at" is not a UTC time';
  if (!isText(promotion_id, PROMOTION_ID)) return '"promotion_id" is not a promotion\'s id';
  return undefined;
}

/** An entry's own fields in their order; what a newer riskops may have added is left out. */
function plainEntry({
  version,
  run_id,
  path,
  sha256,
  promoted_at,
  promotion_id,
}: PointerEntry): PointerEntry {
  return { version, run_id, path, sha256, promoted_at, promotion_id };
}

function parsePointer(path: string, text: string): Pointer {
  let json: unknown;
  try {
    json = parseStrictJson(text, { depth: 4, values: 200_000 });
  } catch (error) {
    throw invalid(path, `It is not JSON: ${printable((error as Error).message)}`);
  }
  const { format, models, retired } = (typeof json === 'object' && json !== null ? json : {}) as Record<
    string,
    unknown
  >;
  if (format !== 1) throw invalid(path, 'Its "format" is not 1, the one that this riskops reads.');
  if (typeof models !== 'object' || models === null || Array.isArray(models))
    throw invalid(path, 'It has no "models" object.');
  const pointer: Pointer = { format: 1, models: Object.create(null), ...parseRetired(retired) };
  for (const [name, entry] of Object.entries(models)) {
    const fault = entryFault(name, entry);
    if (fault !== undefined) throw invalid(path, `Model "${printable(name, 80)}": ${fault}.`);
    pointer.models[name] = plainEntry(entry as PointerEntry);
  }
  return pointer;
}

/**
 * Reads `current.json`. Null means that there is no such file; every other failure is an error, so that a pointer
 * that cannot be read is never taken for "nothing is promoted".
 * @throws RiskopsError POINTER_INVALID (not a plain file, over 1 MiB, not JSON, hostile content), STORE_IO
 */
export function readPointer(path: string): Pointer | null {
  const text = readPlainFile(path);
  return text === null ? null : parsePointer(path, text);
}

/** Whether two entries, either of which may be missing, say the same. */
export function isSameEntry(a: PointerEntry | undefined, b: PointerEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return toCanonicalJson(plainEntry(a)) === toCanonicalJson(plainEntry(b));
}

/** A file from a write that was killed half-way. Only the holder of the write lock writes such files. */
function removeLeftovers(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    if (name.replace(UNFINISHED, '') === basename(path) && UNFINISHED.test(name)) {
      rmSync(join(dirname(path), name), { force: true });
    }
  }
}

/**
 * Replaces `current.json` durably; the same models give the same bytes. To be called under the store's write lock.
 * @throws RiskopsError POINTER_INVALID when a link, a folder or a special file stands there, STORE_IO
 */
export function writePointer(path: string, { models, retired = {} }: Pointer): void {
  checkPlainFile(path);
  const entries = Object.keys(models)
    .sort()
    .map((name) => [name, plainEntry(models[name])] as const);
  const gone = Object.keys(retired)
    .sort()
    .map((name) => [name, plainRetired(retired[name])] as const);
  const document = {
    format: 1,
    models: Object.fromEntries(entries),
    ...(gone.length === 0 ? {} : { retired: Object.fromEntries(gone) }),
  };
  const text = `${toPrettyJson(document)}\n`;
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw invalid(path, `${entries.length} models do not fit into it.`);
  try {
    writeFileDurably(path, text);
    removeLeftovers(path);
  } catch (error) {
    throw failed(path, error);
  }
}
