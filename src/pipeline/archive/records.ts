import { closeSync, openSync, readSync } from 'node:fs';
import { RiskopsError } from '../../errors.js';
import { parseStrictJson } from '../../models/strict-json.js';
import { printable } from '../../util/text.js';
import { archiveInvalid } from './manifest.js';

/** The longest line: a segment of the prediction log is the longest that an export writes. */
const LINE_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES = 1 << 16;
const NEWLINE = 0x0a;
const LIMITS = { depth: 6, values: 10_000 };

/** A line of a record file: an object with one key, which says what it is. */
export interface ArchiveRecord {
  kind: string;
  value: Record<string, unknown>;
  /** The line itself. */
  line: string;
  /** Where it stands, for an error. */
  place: string;
}

/**
 * The records of an unpacked file, one by one. Read without waiting, so that they can be read under the write lock.
 * @throws ARCHIVE_INVALID
 */
export function* readRecords(file: string, name: string): Generator<ArchiveRecord> {
  let number = 0;
  for (const line of readLines(file, name)) yield parseRecord(line, `line ${++number} of ${name}`);
}

function* readLines(file: string, name: string): Generator<string> {
  const handle = openSync(file, 'r');
  try {
    let open: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const bytes = chunk.subarray(0, readSync(handle, chunk, 0, CHUNK_BYTES, null));
      if (bytes.length === 0) break;
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        yield Buffer.concat([...open, bytes.subarray(start, end)]).toString('utf8');
        [open, length, start] = [[], 0, end + 1];
      }
      open.push(bytes.subarray(start));
      length += bytes.length - start;
      if (length > LINE_BYTES) throw archiveInvalid(`a line of ${name} is too long`);
    }
    if (length > 0) throw archiveInvalid(`${name} ends in the middle of a line`);
  } finally {
    closeSync(handle);
  }
}

function parseRecord(line: string, place: string): ArchiveRecord {
  let json: unknown;
  try {
    json = parseStrictJson(line, LIMITS);
  } catch (error) {
    throw archiveInvalid(`${place} is not JSON`, printable((error as Error).message));
  }
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : [];
  const [kind, value] = entries[0] ?? [];
  if (entries.length !== 1 || typeof value !== 'object' || value === null || Array.isArray(value))
    throw archiveInvalid(`${place} is no record`);
  return { kind, value, line, place };
}

/** Runs a check that other rooms have; what it finds is a fault of the archive. @throws ARCHIVE_INVALID */
export function atPlace<T>(place: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof RiskopsError) || error.code === 'ARCHIVE_INVALID') throw error;
    throw archiveInvalid(`${place}: ${error.message}`, error.why);
  }
}
