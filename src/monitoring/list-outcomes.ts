import type { Store } from '../storage/store.js';

export interface OutcomeFilter {
  model?: string;
  /** The id of a prediction, in small letters. */
  prediction?: string;
  /** The key of a thing. */
  entity?: string;
  /** At most so many, newest first; 50. */
  limit?: number;
}

/** An outcome as it is on record. */
export interface OutcomeRecord {
  sequence: number;
  model: string | null;
  prediction_id: string | null;
  entity: string | null;
  value: unknown;
  /** UTC. */
  observed_at: string;
  received_at: string;
  actor: string;
  /** False: another one was told of the same since, and counts instead. */
  counts: boolean;
}

/** Outcomes on record with those that were corrected, newest first. */
export async function listOutcomes(
  store: Store,
  { model, prediction, entity, limit = 50 }: OutcomeFilter = {},
): Promise<OutcomeRecord[]> {
  let query = store.db
    .selectFrom('outcomes as o')
    .selectAll('o')
    .select(({ exists, selectFrom }) =>
      exists(
        selectFrom('outcomes as n')
          .select('n.sequence')
          .whereRef('n.sequence', '>', 'o.sequence')
          .where(({ or, and, eb, ref }) =>
            or([
              eb('n.prediction_id', '=', ref('o.prediction_id')),
              and([
                eb('n.model', '=', ref('o.model')),
                eb('n.entity', '=', ref('o.entity')),
                eb('n.observed_at', '=', ref('o.observed_at')),
              ]),
            ]),
          ),
      ).as('corrected'),
    )
    .orderBy('o.sequence', 'desc')
    .limit(limit);
  if (model !== undefined) query = query.where('o.model', '=', model);
  if (prediction !== undefined) query = query.where('o.prediction_id', '=', prediction);
  if (entity !== undefined) query = query.where('o.entity', '=', entity);
  const rows = await query.execute();
  return rows.map(({ value_json, corrected, ...row }) => ({
    ...row,
    value: JSON.parse(value_json),
    counts: !corrected,
  }));
}
