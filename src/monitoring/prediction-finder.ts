import type { Store } from '../storage/store.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { earliestSegmentOf, isPredictionId } from './prediction-ids.js';
import { findPrediction, segmentWith } from './read-predictions.js';

interface ReadSegment {
  first: string;
  last: string;
  content: Buffer;
  /** Of each id where its line begins. */
  lineOf: Map<string, number>;
}

const LINE_FEED = 10;
const HEAD = '{"id":"';
const ID_LENGTH = 36;

/** Where each entry of a segment begins, by its id. An entry begins with its id: most are found without reading them. */
function linesById(content: Buffer): Map<string, number> {
  const lineOf = new Map<string, number>();
  for (let at = 0; at < content.length; ) {
    const head = content.toString('latin1', at, at + HEAD.length + ID_LENGTH);
    if (head.startsWith(HEAD)) lineOf.set(head.slice(HEAD.length), at);
    const end = content.indexOf(LINE_FEED, at);
    at = end < 0 ? content.length : end + 1;
  }
  return lineOf;
}

function entryAt(content: Buffer, at: number): LoggedPrediction {
  const end = content.indexOf(LINE_FEED, at);
  return JSON.parse(content.toString('utf8', at, end < 0 ? content.length : end));
}

/**
 * Finds many predictions by their ids. Ids that are asked for in their order are quick: those of one segment read it once.
 */
export class PredictionFinder {
  #segment: ReadSegment | null = null;
  #asked = '';

  constructor(private readonly store: Store) {}

  /** @param id in small letters */
  async find(id: string): Promise<LoggedPrediction | undefined> {
    if (!isPredictionId(id)) return undefined;
    const known = this.#known(id);
    if (known !== undefined) return known;
    // A first id of a segment is looked up by itself; a second one near it makes the whole segment worth reading.
    const isNear = this.#asked !== '' && earliestSegmentOf(id) <= this.#asked;
    this.#asked = id;
    if (!isNear) return findPrediction(this.store, id);
    await this.#readSegment(id);
    return this.#known(id) ?? findPrediction(this.store, id);
  }

  #known(id: string): LoggedPrediction | undefined {
    const at = this.#segment?.lineOf.get(id);
    return this.#segment === null || at === undefined ? undefined : entryAt(this.#segment.content, at);
  }

  async #readSegment(id: string): Promise<void> {
    const { first = LAST_OF_NONE, last = '' } = this.#segment ?? {};
    // It was read, and does not have it: another one that reaches over it may.
    if (id >= first && id <= last) return;
    const segment = await segmentWith(this.store, id, earliestSegmentOf(id));
    if (segment === undefined) return;
    const { buffer, byteOffset, byteLength } = segment.content;
    const content = Buffer.from(buffer, byteOffset, byteLength);
    this.#segment = { first: segment.first_id, last: segment.last_id, content, lineOf: linesById(content) };
  }
}

const LAST_OF_NONE = '~';
