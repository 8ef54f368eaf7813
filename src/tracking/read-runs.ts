import { RiskopsError } from '../errors.js';
import { decodeNumber } from '../storage/database/special-numbers.js';
import type { Store } from '../storage/store.js';
import { suggestWord } from '../util/text.js';
import { findRun, noRun } from './find-run.js';
import { RUN_STATUSES, type RunStatus, readStatus } from './liveness.js';
import { detailOf, itemOf, lastMetrics, type RunDetail, type RunItem, type RunRow } from './run-records.js';

export type { RunArtifact, RunDetail, RunItem } from './run-records.js';

export interface RunFilter {
  model?: string;
  kind?: string;
}

export interface ListRunsOptions extends RunFilter {
  /** Runs on a page, 1 to 1,000; 20. */
  limit?: number;
  /** Runs to pass over; 0. */
  offset?: number;
  /** With the last value of each metric; true. */
  includeMetrics?: boolean;
  /** RUNNING, FINISHED, FAILED, KILLED or LOST. */
  status?: string;
}

export interface RunPage {
  items: RunItem[];
  /** Runs that fit the filter, on all pages. */
  total: number;
  limit: number;
  offset: number;
  /** Where the next page begins; null on the last. */
  next_offset: number | null;
}

/**
 * A page of runs, newest first in the order they were recorded, whatever the clock said.
 * @throws OPTION_INVALID for a status that is none
 */
export async function listRuns(store: Store, options: ListRunsOptions = {}): Promise<RunPage> {
  const limit = clamp(options.limit ?? 20, 1, 1000, 20);
  const offset = clamp(options.offset ?? 0, 0, Number.MAX_SAFE_INTEGER, 0);
  const status = checkStatus(options.status);
  const { rows, total } = await pageOfRows(store, options, status, limit, offset);
  const metrics =
    options.includeMetrics === false
      ? undefined
      : await lastMetrics(
          store,
          rows.map((row) => row.run_id),
        );
  const items = rows.map((row) => ({ ...itemOf(row), ...(metrics && { metrics: metrics.get(row.run_id) }) }));
  const next = offset + rows.length;
  return { items, total, limit, offset, next_offset: rows.length > 0 && next < total ? next : null };
}

async function pageOfRows(
  store: Store,
  filter: RunFilter,
  status: RunStatus | undefined,
  limit: number,
  offset: number,
) {
  const derived = status === 'RUNNING' || status === 'LOST';
  const runs = filteredRuns(store, filter).$if(status !== undefined, (query) =>
    query.where('status', '=', derived ? 'RUNNING' : (status as RunRow['status'])),
  );
  const newestFirst = runs.selectAll().orderBy('sequence', 'desc');
  if (derived) {
    // Whether a process lives is not in the database, so these are sorted out here; they are few.
    const fitting = (await newestFirst.execute()).filter((row) => readStatus(row) === status);
    return { rows: fitting.slice(offset, offset + limit), total: fitting.length };
  }
  const counted = await runs.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { rows: await newestFirst.limit(limit).offset(offset).execute(), total: Number(counted.total) };
}

function filteredRuns(store: Store, { model, kind }: RunFilter) {
  return store.db
    .selectFrom('runs')
    .$if(model !== undefined, (query) => query.where('model', '=', model as string))
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind as string));
}

function clamp(value: number, least: number, most: number, otherwise: number): number {
  if (Number.isNaN(value)) return otherwise;
  return Math.min(most, Math.max(least, Math.trunc(value)));
}

function checkStatus(given: string | undefined): RunStatus | undefined {
  if (given === undefined) return undefined;
  const status = RUN_STATUSES.find((known) => known === given.toUpperCase());
  if (status !== undefined) return status;
  throw new RiskopsError('OPTION_INVALID', {
    what: 'a run has no such status',
    why: suggestWord(given, RUN_STATUSES),
    fix: `one of ${RUN_STATUSES.join(', ')}`,
  });
}

/**
 * A run by its id, by a beginning of it that no other has, or by its folder's name.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS
 */
export async function getRun(store: Store, idOrPrefix: string): Promise<RunDetail> {
  return detailOf(store, await findRun(store, idOrPrefix));
}

/**
 * The newest run, from the database and not from `_latest.json`.
 * @throws RUN_NOT_FOUND
 */
export async function latestRun(store: Store, filter: RunFilter = {}): Promise<RunDetail> {
  const row = await filteredRuns(store, filter)
    .selectAll()
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row !== undefined) return detailOf(store, row);
  throw noRun(
    [filter.kind && ` of kind ${filter.kind}`, filter.model && ` of model ${filter.model}`]
      .filter(Boolean)
      .join(''),
  );
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
