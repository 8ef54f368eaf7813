import { RiskopsError } from '../../errors.js';
import type { Store } from '../../storage/store.js';
import { suggestWord } from '../../util/text.js';
import { RUN_STATUSES, type RunStatus, readStatus } from '../liveness.js';
import { findAncestors } from './ancestors.js';
import { readCursor, writeCursor } from './cursor.js';
import type { SearchFacts } from './field-sql.js';
import type { Field } from './fields.js';
import type { Filter } from './filter.js';
import { type ListedRun, readListedRuns } from './listed-run.js';
import type { Directions } from './metric-direction.js';
import { readColumnNames, readFilter, readOrder } from './read-filter.js';
import { searchRuns } from './search-runs.js';

export type { ListedRun } from './listed-run.js';

export interface ListRunsOptions {
  model?: string;
  kind?: string;
  /** Runs on a page, 1 to 1,000; 20. */
  limit?: number;
  /** Runs to pass over; 0. */
  offset?: number;
  /** The `next_after` of the page before, with the same order; it stands while runs are added. Not with `offset`. */
  after?: string;
  /** With the last value of each metric; true. */
  includeMetrics?: boolean;
  /** RUNNING, FINISHED, FAILED, KILLED or LOST. */
  status?: string;
  /** A filter such as `metrics.auc > .8 and start > 7d`; docs/guides/search.md has the grammar. */
  where?: string;
  /** An order such as `metrics.auc desc, start`; missing values and NaN last, equal runs newest first. */
  order?: string;
  /** What each item has in `columns`, such as `params.depth, best(metrics.auc)`. */
  columns?: string;
  /** The runs in the trash instead of those outside of it; false. */
  deleted?: boolean;
  /** With the runs above those on the page, whether they fit or not; false. */
  ancestors?: boolean;
  /** Which way metrics are better, for `best(...)`; the metric's name tells where this does not. */
  directions?: Directions;
}

export interface RunPage {
  items: ListedRun[];
  /** Runs that fit the filter, on all pages. */
  total: number;
  limit: number;
  offset: number;
  /** Where the next page begins; null on the last, and after a page that was asked for by `after`. */
  next_offset: number | null;
  /** What the next page is asked for by, as `after`; null on the last. */
  next_after: string | null;
  /** When they were asked for: the runs above those on the page that are not on it, oldest first. */
  ancestors?: ListedRun[];
}

/**
 * A page of runs; without an order newest first as they were recorded, whatever the clock said.
 * @throws OPTION_INVALID for a status that is none, RUN_FILTER_INVALID, RUN_CURSOR_INVALID
 */
export async function listRuns(store: Store, options: ListRunsOptions = {}): Promise<RunPage> {
  const limit = clamp(options.limit ?? 20, 1, 1000, 20);
  const offset = clamp(options.offset ?? 0, 0, Number.MAX_SAFE_INTEGER, 0);
  const order = options.order === undefined ? [] : readOrder(options.order);
  const columns = options.columns === undefined ? [] : readColumnNames(options.columns);
  const where = filterOf(options);
  if (options.after !== undefined && offset > 0) throw afterAndOffset();
  const after = options.after === undefined ? undefined : readCursor(order, options.after);

  const isSearch = where !== undefined || order.length > 0 || columns.length > 0;
  const lost = isSearch ? await lostRuns(store) : undefined;
  const facts: SearchFacts = { lost, directions: options.directions };
  const deleted = options.deleted === true;
  const found = await searchRuns(store, { where, order, deleted, limit, offset, after }, facts);
  const { sequences, total, mark } = found;
  const includeMetrics = options.includeMetrics !== false;
  const read = (runs: number[]) => readListedRuns(store, runs, { columns, facts, includeMetrics });
  const items = await read(sequences);
  const ancestors = options.ancestors ? await read(await findAncestors(store, sequences)) : undefined;
  const next = offset + sequences.length;
  return {
    items,
    total,
    limit,
    offset,
    next_offset: after === undefined && sequences.length > 0 && next < total ? next : null,
    next_after: mark === null ? null : writeCursor(order, mark),
    ...(ancestors && { ancestors }),
  };
}

function filterOf({ where, status, model, kind }: ListRunsOptions): Filter | undefined {
  const isEqual = (field: Field, value: string): Filter => ({ op: 'compare', field, comparator: '=', value });
  const known = checkStatus(status);
  const parts: Filter[] = [];
  if (model !== undefined) parts.push(isEqual({ type: 'text', column: 'model' }, model));
  if (kind !== undefined) parts.push(isEqual({ type: 'text', column: 'kind' }, kind));
  if (known !== undefined) parts.push(isEqual({ type: 'status' }, known));
  if (where !== undefined) parts.push(readFilter(where));
  return parts.length > 1 ? { op: 'and', parts } : parts[0];
}

/** Whether a process lives is not in the database, so those that stand there as running, which are few, are asked. */
async function lostRuns(store: Store): Promise<Set<number>> {
  const running = await store.db
    .selectFrom('runs')
    .select(['sequence', 'status', 'host', 'pid', 'boot_id', 'process_started', 'heartbeat_at'])
    .where('status', '=', 'RUNNING')
    .execute();
  return new Set(running.filter((run) => readStatus(run) === 'LOST').map(({ sequence }) => sequence));
}

function afterAndOffset(): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: 'A page begins after a mark or at an offset, not both.',
    fix: 'leave the offset out',
  });
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
