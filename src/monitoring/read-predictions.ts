import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import type { LoggedPrediction } from './logged-prediction.js';

export interface PredictionFilter {
  /** One prediction. */
  id?: string;
  /** From this prediction or UTC time on, it included. */
  from?: string;
  /** Up to this prediction, it included, or up to this UTC time, it not included. */
  to?: string;
  /** At most so many, oldest first; 1,000. */
  limit?: number;
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SEGMENTS_AT_ONCE = 20;

/** The smallest id of a millisecond: the first 48 bits of a version 7 UUID are its time. */
function firstIdOf(milliseconds: number): string {
  const hex = Math.max(0, milliseconds).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

function toId(given: string): string {
  if (ID.test(given.toLowerCase())) return given.toLowerCase();
  const time = /^\d{4}-\d\d-\d\d/.test(given) ? Date.parse(given) : Number.NaN;
  if (!Number.isNaN(time)) return firstIdOf(time);
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(given, 80)}" is neither a prediction's id nor a time.`,
    why: 'A time is like 2026-03-01T12:00:00Z.',
  });
}

function parseSegment(content: Uint8Array): LoggedPrediction[] {
  const lines = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    .toString('utf8')
    .split('\n');
  return lines.filter((line) => line !== '').map((line): LoggedPrediction => JSON.parse(line));
}

/** Segments reach over one another when several servers write; the newest that may hold the id comes first. */
async function findPrediction(store: Store, id: string): Promise<LoggedPrediction[]> {
  for (let before: string | null = null; ; ) {
    let query = store.db
      .selectFrom('prediction_segments')
      .select(['first_id', 'content'])
      .where('first_id', '<=', id)
      .where('last_id', '>=', id)
      .orderBy('first_id', 'desc')
      .limit(1);
    if (before !== null) query = query.where('first_id', '<', before);
    const segment = await query.executeTakeFirst();
    if (segment === undefined) return [];
    const found = parseSegment(segment.content).find((entry) => entry.id === id);
    if (found) return [found];
    before = segment.first_id;
  }
}

/**
 * Entries of the prediction log: one by its id, or those of a range, oldest first. None is an empty list.
 * @throws RiskopsError OPTION_INVALID for a bound that is neither an id nor a time
 */
export async function readPredictions(
  store: Store,
  { id, from, to, limit = 1_000 }: PredictionFilter,
): Promise<LoggedPrediction[]> {
  if (id !== undefined) return findPrediction(store, toId(id));
  const first = from === undefined ? '' : toId(from);
  const last = to === undefined ? '~' : toId(to);
  const found: LoggedPrediction[] = [];
  for (let after = ''; ; ) {
    const segments = await store.db
      .selectFrom('prediction_segments')
      .select(['first_id', 'content'])
      .where('first_id', '>', after)
      .where('first_id', '<=', last)
      .where('last_id', '>=', first)
      .orderBy('first_id')
      .limit(SEGMENTS_AT_ONCE)
      .execute();
    for (const { content } of segments) {
      found.push(...parseSegment(content).filter((entry) => entry.id >= first && entry.id <= last));
    }
    // A later segment begins after the last one read, so what stands before its first id is complete.
    found.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    const reached = segments.at(-1)?.first_id;
    const complete =
      reached === undefined ? found.length : found.filter((entry) => entry.id <= reached).length;
    if (segments.length < SEGMENTS_AT_ONCE || complete >= limit) return found.slice(0, limit);
    after = reached ?? after;
  }
}
