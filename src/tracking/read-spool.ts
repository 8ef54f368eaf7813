import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { numberFromJson } from '../util/json.js';
import type { PointRecord, RunRecord } from './run-writes.js';
import type { SpooledArtifact, SpoolHeader } from './spool.js';

/** A line of a spool file; undefined for one that cannot be read. */
export interface SpoolLine {
  record: RunRecord | SpooledArtifact | undefined;
  /** Where the next line begins, in bytes. */
  end: number;
}

/** So much of a file is read at once; a longer line is read whole. */
const CHUNK = 1 << 22;

/** The first line; undefined when the file is not, or not yet, one of ours. */
export function readHeader(path: string): { header: SpoolHeader; end: number } | undefined {
  const first = readChunk(path, 0).at(0);
  const header = first && (parse(first.text) as Partial<SpoolHeader> | undefined);
  const isOurs =
    header?.format === 1 && typeof header.spool === 'string' && typeof header.run_id === 'string';
  return isOurs ? { header: header as SpoolHeader, end: first!.end } : undefined;
}

/** Whole lines from byte `from` on, some megabytes of them; none at the end. A line that is still being written is not there. */
export function readLines(path: string, from: number): SpoolLine[] {
  return readChunk(path, from).map(({ text, end }) => ({ record: toRecord(parse(text)), end }));
}

function readChunk(path: string, from: number): { text: string; end: number }[] {
  const handle = openSync(path, 'r');
  try {
    const size = fstatSync(handle).size;
    for (let length = CHUNK; ; length *= 2) {
      const buffer = Buffer.alloc(Math.min(length, Math.max(size - from, 0)));
      const read = readSync(handle, buffer, 0, buffer.length, from);
      const lines = split(buffer.subarray(0, read), from);
      if (lines.length > 0 || from + length >= size) return lines;
    }
  } finally {
    closeSync(handle);
  }
}

function split(bytes: Buffer, from: number): { text: string; end: number }[] {
  const lines: { text: string; end: number }[] = [];
  let at = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
    lines.push({ text: bytes.toString('utf8', at, end), end: from + end + 1 });
    at = end + 1;
  }
  return lines;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toRecord(line: unknown): SpoolLine['record'] {
  if (typeof line !== 'object' || line === null) return undefined;
  if (!('metrics' in line)) return line as RunRecord | SpooledArtifact;
  const points = Array.isArray(line.metrics) ? line.metrics.map(toPoint) : [undefined];
  return points.includes(undefined) ? undefined : { metrics: points as PointRecord[] };
}

function toPoint(cells: unknown): PointRecord | undefined {
  if (!Array.isArray(cells)) return undefined;
  const [key, step, given, loggedMs] = cells;
  const value = numberFromJson(given);
  return value === undefined ? undefined : [key, step, value, loggedMs];
}
