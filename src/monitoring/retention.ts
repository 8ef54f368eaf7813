import { CompiledQuery } from 'kysely';
import type { Store } from '../storage/store.js';
import { cutoffBefore, RETENTION_STATEMENTS } from './retention-statements.js';

/** What is too old. */
export interface OldPredictions {
  /** Kept from this UTC time on. */
  before: string;
  predictions: number;
  segments: number;
  outcomes: number;
}

/** Counts what `deleteOldPredictions` would delete. */
export async function countOldPredictions(
  store: Store,
  days: number,
  now = Date.now(),
): Promise<OldPredictions> {
  const cutoff = cutoffBefore(days, now);
  const log = await store.db
    .selectFrom('prediction_segments')
    .select(({ fn }) => [fn.countAll<number>().as('segments'), fn.sum<number | null>('rows').as('rows')])
    .where('last_id', '<', cutoff.id)
    .executeTakeFirstOrThrow();
  const told = await store.db
    .selectFrom('outcomes')
    .select(({ fn }) => fn.countAll<number>().as('outcomes'))
    .where(({ or, and, eb }) =>
      or([
        eb('prediction_id', '<', cutoff.id),
        and([
          eb('entity', 'is not', null),
          eb('received_at', '<', cutoff.at),
          eb('observed_at', '<', cutoff.at),
        ]),
      ]),
    )
    .executeTakeFirstOrThrow();
  return {
    before: cutoff.at,
    predictions: Number(log.rows ?? 0),
    segments: Number(log.segments),
    outcomes: Number(told.outcomes),
  };
}

/**
 * Deletes predictions that are older than so many days, with their outcomes, in short transactions. A segment goes when all of it is
 * old, at most a minute late. The file keeps its size: the database fills the pages that became free before it grows.
 * @returns what was deleted
 */
export async function deleteOldPredictions(
  store: Store,
  days: number,
  { now = Date.now(), signal }: { now?: number; signal?: AbortSignal } = {},
): Promise<OldPredictions> {
  const old = await countOldPredictions(store, days, now);
  const cutoff = cutoffBefore(days, now);
  for (;;) {
    signal?.throwIfAborted();
    const deleted = await store.write(async (tables) => {
      let changes = 0n;
      for (const { sql, parameters } of RETENTION_STATEMENTS) {
        const done = await tables.executeQuery(CompiledQuery.raw(sql, parameters(cutoff)));
        changes += done.numAffectedRows ?? 0n;
      }
      return changes;
    });
    if (deleted === 0n) return old;
  }
}
