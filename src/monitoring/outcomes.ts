import type { Store } from '../storage/store.js';
import { writeOutcomes } from './outcome-writes.js';
import { type CheckOptions, OutcomeChecker, OutcomeProblems } from './outcomes-check.js';

export interface AddOutcomesOptions extends Omit<CheckOptions, 'now'> {
  /** Who tells them, for the record. */
  actor: string;
  /** Milliseconds since 1970, UTC; now. */
  now?: number;
}

/** What became of outcomes that were told; `added`, `unchanged` and `corrected` are all of them. */
export interface OutcomesAdded {
  received: number;
  /** The first that is told of a prediction, or of a thing at a time. */
  added: number;
  /** The same value again: nothing was written. */
  unchanged: number;
  /** Another value than before: it counts from now on, and the one before stays on record. */
  corrected: number;
  /** Of all: those of predictions that are not in the log, or not yet. They are kept, and count when it is. */
  unmatched: number;
}

/**
 * Keeps what really came of predictions: by the id of a prediction, or by the key of the thing that predictions are about. All of them
 * are on disk when this resolves, or none is. An outcome without a time that corrects one takes over its time.
 * @param given objects with `prediction_id`, or `model` and `entity`; with `value`, and `observed_at` or not
 * @throws RiskopsError VALIDATION_ERROR with every problem, rows counted from 0: a class that the model does not know, no finite
 * number, no time
 */
export async function addOutcomes(
  store: Store,
  given: readonly unknown[],
  { actor, now = Date.now(), ...options }: AddOutcomesOptions,
): Promise<OutcomesAdded> {
  const { outcomes, unmatched, problems } = await new OutcomeChecker(store, { ...options, now }).check(given);
  const all = new OutcomeProblems();
  all.add(problems);
  all.refuse();
  const counts = await writeOutcomes(store, outcomes, { actor, receivedAt: new Date(now).toISOString() });
  return { received: given.length, ...counts, unmatched };
}
