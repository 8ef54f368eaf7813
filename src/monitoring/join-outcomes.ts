import { sql } from 'kysely';
import type { Store } from '../storage/store.js';
import { rowEntityKey } from './entity.js';
import type { LoggedPrediction } from './logged-prediction.js';

/** What really came of a prediction. */
export interface JoinedOutcome {
  /** As it was told. */
  value: unknown;
  /** UTC. */
  observed_at: string;
  /** Whether it was told of the prediction itself, or of the thing that it is about. */
  by: 'prediction' | 'entity';
}

export interface JoinOptions {
  /** The fields that name a thing; empty where outcomes are told by prediction alone. */
  entity: readonly string[];
  /** The feature names of a version, for rows that are arrays; null where they are not known. */
  featuresOf(version: number): Promise<readonly string[] | null>;
}

interface OutcomeRow {
  key: string;
  value_json: string;
  observed_at: string;
}

/** A shadow answer has the outcome of the real one. */
const realIdOf = ({ id, shadow_of }: LoggedPrediction) => shadow_of ?? id;

async function outcomesById(store: Store, ids: readonly string[]): Promise<Map<string, JoinedOutcome>> {
  const { rows } = await sql<OutcomeRow & { sequence: number }>`
    SELECT o.prediction_id AS key, o.value_json, o.observed_at, max(o.sequence) AS sequence
    FROM json_each(${JSON.stringify(ids)}) AS k
    CROSS JOIN outcomes AS o ON o.prediction_id = k.value
    GROUP BY o.prediction_id`.execute(store.db);
  return new Map(
    rows.map(({ key, value_json, observed_at }) => [
      key,
      { value: JSON.parse(value_json), observed_at, by: 'prediction' as const },
    ]),
  );
}

/** Of each thing its observations, oldest first; of one time the last that was told. */
async function outcomesByEntity(
  store: Store,
  model: string,
  keys: readonly string[],
): Promise<Map<string, JoinedOutcome[]>> {
  const { rows } = await sql<OutcomeRow & { sequence: number }>`
    SELECT o.entity AS key, o.value_json, o.observed_at, max(o.sequence) AS sequence
    FROM json_each(${JSON.stringify(keys)}) AS k
    CROSS JOIN outcomes AS o ON o.model = ${model} AND o.entity = k.value
    GROUP BY o.entity, o.observed_at
    ORDER BY o.entity, o.observed_at`.execute(store.db);
  const found = new Map<string, JoinedOutcome[]>();
  for (const { key, value_json, observed_at } of rows) {
    const one: JoinedOutcome = { value: JSON.parse(value_json), observed_at, by: 'entity' };
    const others = found.get(key);
    if (others === undefined) found.set(key, [one]);
    else others.push(one);
  }
  return found;
}

/**
 * What came of each prediction, in their order; undefined where nothing was told yet. An outcome of the prediction's own id goes first;
 * of a thing it is the first observation at the time of the prediction or later: what was seen before is no answer to it.
 * @param predictions of one model
 */
export async function joinOutcomes(
  store: Store,
  predictions: readonly LoggedPrediction[],
  { entity, featuresOf }: JoinOptions,
): Promise<(JoinedOutcome | undefined)[]> {
  if (predictions.length === 0) return [];
  const byId = await outcomesById(store, [...new Set(predictions.map(realIdOf))]);
  const found = predictions.map((prediction) => byId.get(realIdOf(prediction)));
  if (entity.length === 0) return found;
  const keys: (string | undefined)[] = [];
  for (const { inputs, version } of predictions) {
    const features = Array.isArray(inputs) ? await featuresOf(version) : null;
    keys.push(rowEntityKey(inputs, entity, features));
  }
  const asked = new Set(keys.filter((key, i) => key !== undefined && found[i] === undefined));
  if (asked.size === 0) return found;
  const byEntity = await outcomesByEntity(store, predictions[0].model, [...asked] as string[]);
  return found.map((own, i) => {
    if (own !== undefined) return own;
    const observations = byEntity.get(keys[i] ?? '');
    return observations?.find(({ observed_at }) => observed_at >= predictions[i].at);
  });
}
