import type { Store } from '../storage/store.js';
import { joinOutcomes } from './join-outcomes.js';
import { listOutcomes, type OutcomeRecord } from './list-outcomes.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { findShadows } from './read-predictions.js';
import { VersionFactsReader } from './version-facts.js';

/** What came after an answer. */
export interface TracedAfter {
  /** What really came, by the prediction's own id or by the thing that it is about; null when nothing was told yet. */
  outcome: { value: unknown; observed_at: string; by: 'prediction' | 'entity'; delay_ms: number } | null;
  /** What was told of the prediction itself, newest first, with what was corrected. */
  told: OutcomeRecord[];
  /** What versions beside the promoted one answered to the same row; nobody got these. */
  shadows: Pick<LoggedPrediction, 'id' | 'at' | 'version' | 'prediction' | 'class' | 'probabilities'>[];
}

const MOST_TOLD = 100;

/** @param entity the fields of a row that name the thing that outcomes are told about */
export async function traceAfter(
  store: Store,
  prediction: LoggedPrediction,
  entity: readonly string[],
): Promise<TracedAfter> {
  const facts = new VersionFactsReader(store);
  const featuresOf = async (version: number) => (await facts.of(prediction.model, version))?.features ?? null;
  const [outcome] = await joinOutcomes(store, [prediction], { entity, featuresOf });
  const shadows = await findShadows(store, prediction.id);
  return {
    outcome:
      outcome === undefined
        ? null
        : { ...outcome, delay_ms: Math.max(0, Date.parse(outcome.observed_at) - Date.parse(prediction.at)) },
    told: await listOutcomes(store, {
      prediction: prediction.shadow_of ?? prediction.id,
      limit: MOST_TOLD,
    }),
    shadows: shadows.map(({ id, at, version, prediction: answer, class: called, probabilities }) => ({
      ...{ id, at, version, prediction: answer, class: called },
      ...(probabilities === undefined ? {} : { probabilities }),
    })),
  };
}
