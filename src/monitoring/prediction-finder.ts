import type { Store } from '../storage/store.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { earliestSegmentOf, isPredictionId } from './prediction-ids.js';
import { findPrediction, parseSegment, segmentWith } from './read-predictions.js';

interface ReadSegment {
  first: string;
  last: string;
  byId: Map<string, LoggedPrediction>;
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
    const known = this.#segment?.byId.get(id);
    if (known !== undefined) return known;
    // A first id of a segment is looked up by itself; a second one near it makes the whole segment worth reading.
    const isNear = this.#asked !== '' && earliestSegmentOf(id) <= this.#asked;
    this.#asked = id;
    if (!isNear) return findPrediction(this.store, id);
    await this.#readSegment(id);
    return this.#segment?.byId.get(id) ?? findPrediction(this.store, id);
  }

  async #readSegment(id: string): Promise<void> {
    const { first = LAST_OF_NONE, last = '' } = this.#segment ?? {};
    // It was read, and does not have it: another one that reaches over it may.
    if (id >= first && id <= last) return;
    const segment = await segmentWith(this.store, id, earliestSegmentOf(id));
    if (segment === undefined) return;
    const byId = new Map(parseSegment(segment.content).map((entry) => [entry.id, entry]));
    this.#segment = { first: segment.first_id, last: segment.last_id, byId };
  }
}

const LAST_OF_NONE = '~';
