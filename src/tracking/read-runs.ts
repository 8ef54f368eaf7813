import { decodeNumber } from '../storage/database/special-numbers.js';
import type { Store } from '../storage/store.js';
import { findRun, noRun } from './find-run.js';
import { detailOf, type RunDetail } from './run-records.js';

export type { RunArtifact, RunDetail, RunItem } from './run-records.js';
export { type ListRunsOptions, listRuns, type RunPage } from './search/list-runs.js';

export interface RunFilter {
  model?: string;
  kind?: string;
}

/**
 * A run by its id, by a beginning of it that no other has, or by its folder's name.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS
 */
export async function getRun(store: Store, idOrPrefix: string): Promise<RunDetail> {
  return detailOf(store, await findRun(store, idOrPrefix));
}

/**
 * The newest run outside of the trash, from the database and not from `_latest.json`.
 * @throws RUN_NOT_FOUND
 */
export async function latestRun(store: Store, filter: RunFilter = {}): Promise<RunDetail> {
  const { model, kind } = filter;
  const row = await store.db
    .selectFrom('runs')
    .selectAll()
    .where('deleted_at', 'is', null)
    .$if(model !== undefined, (query) => query.where('model', '=', model as string))
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind as string))
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row !== undefined) return detailOf(store, row);
  throw noRun([kind && ` of kind ${kind}`, model && ` of model ${model}`].filter(Boolean).join(''));
}

export interface MetricPoint {
  step: number;
  value: number;
  logged_at: string;
}

/** Every logged value of a metric by step; of two at one step, in the order they were logged. */
export async function metricHistory(store: Store, idOrPrefix: string, key: string): Promise<MetricPoint[]> {
  const { run_id } = await findRun(store, idOrPrefix);
  const rows = await store.db
    .selectFrom('metric_points as p')
    .innerJoin('metrics as m', 'm.metric', 'p.metric')
    .select(['p.step', 'p.value', 'p.special', 'p.logged_ms'])
    .where('m.run_id', '=', run_id)
    .where('m.key', '=', key)
    .orderBy('p.step')
    .orderBy('p.ordinal')
    .execute();
  return rows.map((row) => ({
    step: row.step,
    value: decodeNumber(row),
    logged_at: new Date(row.logged_ms).toISOString(),
  }));
}
