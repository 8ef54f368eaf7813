import { setImmediate as turn } from 'node:timers/promises';
import type { Store } from '../storage/store.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { predictionsOf } from './read-predictions.js';
import type { CompareOptions } from './version-pair.js';

/** A real answer, and what the shadow said to the same row. */
export interface ShadowPair {
  real: LoggedPrediction;
  shadow: LoggedPrediction;
}

/** Answers of a shadow that were found, or not. */
export interface ShadowCounts {
  /** Real answers of `against`, from the shadow's first answer to its last. */
  predictions: number;
  /** Those of them without an answer of the shadow: it could not read the row, or had no time for it. */
  without_shadow: number;
  /** When the shadow answered first and last, UTC; null when it never did. */
  first: string | null;
  last: string | null;
  /** Real answers of `against` before the first and after the last: nobody knows whether the shadow ran then. */
  before: number;
  after: number;
}

/** A shadow answers within seconds, or not at all; an entry of the log is not held for longer. */
const LATEST_MS = 5_000;
const HELD_MS = 4 * LATEST_MS;

/** Real answers that wait for the shadow's, in the order of their times. */
class Waiting {
  readonly #entries = new Map<string, LoggedPrediction>();
  /** Given up after the shadow's last answer so far; they count when there is a later one. */
  #later = 0;
  #matched = 0;
  #missed = 0;
  #before = 0;
  #first: string | null = null;
  #last: string | null = null;

  add(real: LoggedPrediction): void {
    this.#entries.set(real.id, real);
    const oldest = new Date(Date.parse(real.at) - HELD_MS).toISOString();
    for (const [id, { at }] of this.#entries) {
      if (at >= oldest) break;
      this.#entries.delete(id);
      this.#giveUp(at);
    }
  }

  /** Without an answer of the shadow. */
  #giveUp(at: string): void {
    if (this.#first === null || this.#last === null || at < this.#first) this.#before++;
    else if (at > this.#last) this.#later++;
    else this.#missed++;
  }

  /** The real answer of a shadow's; undefined when it is of another version, or gone. */
  match(shadow: LoggedPrediction): ShadowPair | undefined {
    const real = this.#entries.get(shadow.shadow_of ?? '');
    if (real === undefined) return undefined;
    this.#entries.delete(real.id);
    this.#matched++;
    this.#missed += this.#later;
    this.#later = 0;
    if (this.#first === null || real.at < this.#first) this.#first = real.at;
    if (this.#last === null || real.at > this.#last) this.#last = real.at;
    return { real, shadow };
  }

  end(): ShadowCounts {
    for (const { at } of this.#entries.values()) this.#giveUp(at);
    this.#entries.clear();
    return {
      predictions: this.#matched + this.#missed,
      without_shadow: this.#missed,
      ...{ first: this.#first, last: this.#last },
      ...{ before: this.#before, after: this.#later },
    };
  }
}

/**
 * The answers of a version that ran as a shadow, each with the real answer to the same row by `against`, in chunks. Returns how many real
 * answers there were without one. It holds the real answers of some seconds, however long the log.
 */
export async function* shadowPairs(
  store: Store,
  {
    model,
    version,
    against,
    from,
    to,
  }: Pick<CompareOptions, 'model' | 'version' | 'against' | 'from' | 'to'>,
): AsyncGenerator<ShadowPair[], ShadowCounts> {
  const waiting = new Waiting();
  for await (const chunk of predictionsOf(store, { model, from, to, shadow: true })) {
    const pairs: ShadowPair[] = [];
    for (const entry of chunk) {
      if (entry.shadow_of === undefined) {
        if (entry.version === against.version) waiting.add(entry);
      } else if (entry.version === version.version) {
        const pair = waiting.match(entry);
        if (pair !== undefined) pairs.push(pair);
      }
    }
    if (pairs.length > 0) yield pairs;
    await turn();
  }
  return waiting.end();
}
