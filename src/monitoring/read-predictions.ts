import { setImmediate as turn } from 'node:timers/promises';
import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { earliestSegmentOf, firstIdOf, isPredictionId, timeOfId } from './prediction-ids.js';
import { refuseReversed } from './time-range.js';

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

export interface PredictionsOf {
  model: string;
  /** From this prediction or UTC time on, it included. */
  from?: string;
  /** Up to this prediction, it included, or up to this UTC time, it not included. */
  to?: string;
  version?: number;
  /** Answers that nobody got are passed over, unless they are asked for: then they come among the others. */
  shadow?: boolean;
}

const SEGMENTS_AT_ONCE = 20;

/** Greater than every id. */
const LAST = '~';

function toId(given: string): string {
  if (isPredictionId(given.toLowerCase())) return given.toLowerCase();
  const time = /^\d{4}-\d\d-\d\d/.test(given) ? Date.parse(given) : Number.NaN;
  if (!Number.isNaN(time)) return firstIdOf(time);
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(given, 80)}" is neither a prediction's id nor a time.`,
    why: 'A time is like 2026-03-01T12:00:00Z.',
  });
}

/**
 * The first and the last id of a range; every reader of the log asks here, so that no one takes a reversed range for an empty one.
 * @throws RiskopsError OPTION_INVALID
 */
function idsBetween(from?: string, to?: string): { first: string; last: string } {
  const first = from === undefined ? '' : toId(from);
  const last = to === undefined ? LAST : toId(to);
  refuseReversed(first, last, `since is ${from}`, `until is ${to}`);
  return { first, last };
}

/** The entries of a segment. */
export function parseSegment(content: Uint8Array): LoggedPrediction[] {
  const lines = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    .toString('utf8')
    .split('\n');
  return lines.filter((line) => line !== '').map((line): LoggedPrediction => JSON.parse(line));
}

/** The entries of a segment in which a text stands, without reading the others. */
function entriesWith(content: Uint8Array, text: string): LoggedPrediction[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const found: LoggedPrediction[] = [];
  for (let at = bytes.indexOf(text); at >= 0; ) {
    const next = bytes.indexOf(10, at);
    const end = next < 0 ? bytes.length : next;
    found.push(JSON.parse(bytes.toString('utf8', bytes.lastIndexOf(10, at) + 1, end)));
    at = bytes.indexOf(text, end);
  }
  return found;
}

/** So many segments before a prediction are looked at, however long ago they began. */
const SEGMENTS_BEFORE = 200;

/**
 * Segments that may hold the id begin here or later: near it, since no segment goes beyond its slot of time; and so that a log from
 * before there were slots is read too, also the segments that are next to it.
 */
async function lowestSegmentOf(store: Store, id: string): Promise<string> {
  const lowest = await store.db
    .selectFrom((from) =>
      from
        .selectFrom('prediction_segments')
        .select('first_id')
        .where('first_id', '<=', id)
        .orderBy('first_id', 'desc')
        .limit(SEGMENTS_BEFORE)
        .as('s'),
    )
    .select(({ fn }) => fn.min('s.first_id').as('first_id'))
    .executeTakeFirst();
  const near = earliestSegmentOf(id);
  return lowest?.first_id != null && lowest.first_id < near ? lowest.first_id : near;
}

/** The segment that may hold the id and begins last, from `from` on and before `before`. */
export function segmentWith(store: Store, id: string, from: string, before = LAST) {
  return store.db
    .selectFrom('prediction_segments')
    .select(['first_id', 'last_id', 'content'])
    .where('first_id', '<=', id)
    .where('first_id', '>=', from)
    .where('first_id', '<', before)
    .where('last_id', '>=', id)
    .orderBy('first_id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/**
 * One entry of the log by its id; undefined when there is none.
 * Segments reach over one another when several servers write; the newest that may hold the id comes first.
 * @param id in small letters
 */
export async function findPrediction(store: Store, id: string): Promise<LoggedPrediction | undefined> {
  let from = earliestSegmentOf(id);
  for (let before = LAST; ; ) {
    const segment = await segmentWith(store, id, from, before);
    if (segment === undefined) {
      const lowest = await lowestSegmentOf(store, id);
      if (lowest >= from) return undefined;
      from = lowest;
      continue;
    }
    // The same text may stand in the inputs of another.
    const found = entriesWith(segment.content, `"id":"${id}"`).find((entry) => entry.id === id);
    if (found) return found;
    before = segment.first_id;
  }
}

/** A shadow answers within seconds, or not at all. */
const SHADOW_MS = 120_000;

/**
 * What versions beside the promoted one answered to the row of a prediction, oldest first.
 * @param id in small letters
 */
export async function findShadows(store: Store, id: string): Promise<LoggedPrediction[]> {
  const segments = await store.db
    .selectFrom('prediction_segments')
    .select('first_id')
    .where('first_id', '<=', firstIdOf(timeOfId(id) + SHADOW_MS))
    .where('first_id', '>=', await lowestSegmentOf(store, id))
    .where('last_id', '>=', id)
    .orderBy('first_id')
    .execute();
  const found: LoggedPrediction[] = [];
  for (const { first_id } of segments) {
    const { content } = await store.db
      .selectFrom('prediction_segments')
      .select('content')
      .where('first_id', '=', first_id)
      .executeTakeFirstOrThrow();
    const entries = entriesWith(content, `"shadow_of":"${id}"`);
    found.push(...entries.filter(({ shadow_of }) => shadow_of === id));
  }
  return found.sort(byId);
}

const byId = (a: LoggedPrediction, b: LoggedPrediction) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** A text before this one, with no id between them. */
const justBefore = (id: string) => id.slice(0, -1);

/** All entries from `first` to `last`, both included, in chunks, oldest first; `keep` says which. */
async function* entriesBetween(
  store: Store,
  first: string,
  last: string,
  keep: (entry: LoggedPrediction) => boolean,
): AsyncGenerator<LoggedPrediction[]> {
  const isWanted = (entry: LoggedPrediction) => entry.id >= first && entry.id <= last && keep(entry);
  let waiting: LoggedPrediction[] = [];
  for (let after = first === '' ? '' : justBefore(await lowestSegmentOf(store, first)); ; ) {
    const segments = await store.db
      .selectFrom('prediction_segments')
      .select(['first_id', 'content'])
      .where('first_id', '>', after)
      .where('first_id', '<=', last)
      .where('last_id', '>=', first)
      .orderBy('first_id')
      .limit(SEGMENTS_AT_ONCE)
      .execute();
    for (const { content } of segments)
      for (const entry of parseSegment(content)) if (isWanted(entry)) waiting.push(entry);
    waiting.sort(byId);
    const reached = segments.at(-1)?.first_id;
    if (reached === undefined || segments.length < SEGMENTS_AT_ONCE) {
      if (waiting.length > 0) yield waiting;
      return;
    }
    // A later segment begins after the last one read, so what stands before its first id is complete.
    const complete = waiting.findIndex(({ id }) => id > reached);
    const ready = complete < 0 ? waiting : waiting.slice(0, complete);
    waiting = complete < 0 ? [] : waiting.slice(complete);
    if (ready.length > 0) yield ready;
    after = reached;
    // The queries wait for nothing: without this, a long log would hold up everything else in the process.
    await turn();
  }
}

/**
 * The predictions of a model, oldest first, in chunks of some thousands: as much memory as a chunk takes, however long the log.
 * @throws RiskopsError OPTION_INVALID for a bound that is neither an id nor a time, and for an end before the beginning
 */
export async function* predictionsOf(
  store: Store,
  { model, from, to, version, shadow = false }: PredictionsOf,
): AsyncGenerator<LoggedPrediction[]> {
  const { first, last } = idsBetween(from, to);
  yield* entriesBetween(
    store,
    first,
    last,
    (entry) =>
      entry.model === model &&
      (version === undefined || entry.version === version) &&
      (shadow || entry.shadow_of === undefined),
  );
}

/**
 * Entries of the prediction log, of all models and with what nobody got: one by its id, or those of a range, oldest first. None is an
 * empty list.
 * @throws RiskopsError OPTION_INVALID for a bound that is neither an id nor a time, and for an end before the beginning
 */
export async function readPredictions(
  store: Store,
  { id, from, to, limit = 1_000 }: PredictionFilter,
): Promise<LoggedPrediction[]> {
  if (id !== undefined) {
    const one = await findPrediction(store, toId(id));
    return one === undefined ? [] : [one];
  }
  const { first, last } = idsBetween(from, to);
  const found: LoggedPrediction[] = [];
  for await (const chunk of entriesBetween(store, first, last, () => true)) {
    found.push(...chunk.slice(0, limit - found.length));
    if (found.length >= limit) break;
  }
  return found;
}
