import type { Store } from '../storage/store.js';
import { writeOutcomes } from './outcome-writes.js';
import { type CheckOptions, OutcomeChecker, OutcomeProblems } from './outcomes-check.js';
import { noEntitySet } from './outcomes-entity.js';

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
  /** Another value than before, or another time of a prediction's outcome: it counts from now on, and what was told before stays on record. */
  corrected: number;
  /** Of all: those of predictions that are not in the log, or not yet. They are kept, and count when it is. */
  unmatched: number;
  /** Of all: those whose `observed_at` is more than a day before their prediction. They are kept, and count. */
  early: number;
  /** What the one who told them should know, a sentence each: outcomes that are early, or that will not find their predictions. */
  notes: string[];
}

/** What to say of outcomes that were seen before they were predicted; nothing when there are none. */
export function earlyNotes(early: number): string[] {
  if (early === 0) return [];
  const were = early === 1 ? '1 outcome was' : `${early} outcomes were`;
  return [`${were} observed more than a day before the prediction: kept, and counted; look at observed_at.`];
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
  const checked = await new OutcomeChecker(store, { ...options, now }).check(given);
  const { outcomes, unmatched, early, models, problems } = checked;
  const all = new OutcomeProblems();
  all.add(problems);
  all.refuse();
  const counts = await writeOutcomes(store, outcomes, { actor, receivedAt: new Date(now).toISOString() });
  const { entities } = options;
  const isUnset = (model: string) => !Object.hasOwn(entities ?? {}, model) || entities?.[model].length === 0;
  const unset = entities === undefined ? [] : [...models].filter(isUnset);
  const notes = [...earlyNotes(early), ...unset.map(noEntitySet)];
  return { received: given.length, ...counts, unmatched, early, notes };
}
