import { RiskopsError } from '../../errors.js';
import { sha256 } from '../../util/files.js';
import { toCanonicalJson } from '../../util/json.js';
import type { SortKey } from './filter.js';

/** What a run is sorted by; null comes last. */
export type SortValue = number | string | null;

/** The last run of a page: the next page begins after it. */
export interface Mark {
  values: SortValue[];
  sequence: number;
}

/** Longer than the mark of ten keys of 200 characters each, which is the longest that is ever given out. */
const LENGTH_LIMIT = 40_000;

/** The order in few characters: a mark is good for the order alone that it was made in. */
const orderMark = (order: readonly SortKey[]) => sha256(toCanonicalJson(order)).slice(0, 12);

/** A mark as text for a URL. JSON has no infinity, so those stand in a list of their own. */
export function writeCursor(order: readonly SortKey[], { values, sequence }: Mark): string {
  const keys = values.map((value) =>
    typeof value === 'number' && !Number.isFinite(value) ? [String(value)] : value,
  );
  return Buffer.from(JSON.stringify([orderMark(order), keys, sequence])).toString('base64url');
}

/** @throws RUN_CURSOR_INVALID when it was not written for this order */
export function readCursor(order: readonly SortKey[], cursor: string): Mark {
  const parsed = parse(cursor);
  if (!Array.isArray(parsed) || parsed.length !== 3) throw invalid('it is no mark of a page');
  const [mark, keys, sequence] = parsed;
  if (mark !== orderMark(order)) throw invalid('it is the mark of a page in another order');
  const values = Array.isArray(keys) ? keys.map(sortValueOf) : [];
  if (values.length !== order.length || values.includes(undefined) || !Number.isSafeInteger(sequence))
    throw invalid('it is no mark of a page');
  return { values: values as SortValue[], sequence };
}

function sortValueOf(given: unknown): SortValue | undefined {
  if (given === null || typeof given === 'string' || typeof given === 'number') return given;
  const [name, ...more] = Array.isArray(given) ? given : [];
  return more.length === 0 && (name === 'Infinity' || name === '-Infinity') ? Number(name) : undefined;
}

function parse(cursor: string): unknown {
  if (cursor.length > LENGTH_LIMIT || !/^[\w-]+$/.test(cursor)) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function invalid(why: string): RiskopsError {
  return new RiskopsError('RUN_CURSOR_INVALID', { what: 'The list cannot go on after what was given.', why });
}
