import { RiskopsError } from '../errors.js';
import { decodeNumber } from '../storage/database/special-numbers.js';
import type { Store } from '../storage/store.js';
import { printable, suggestWord } from '../util/text.js';
import { findRun } from './find-run.js';
import { readStatus } from './liveness.js';
import { type ListRunsOptions, listRuns, type RunItem } from './read-runs.js';

/** Which value of a metric's series counts for a run. */
export const SERIES_VALUES = ['last', 'min', 'max', 'mean'] as const;
export type SeriesValue = (typeof SERIES_VALUES)[number];

/** Runs that are equal in all parameters but the one they are compared by. */
export interface RunGroup {
  /** The parameters that they share. */
  params: Record<string, string>;
  runs: { run_id: string /** Of the parameter that differs. */; value: string }[];
  /** One value for each run that has the metric. */
  metrics: Record<string, number[]>;
}

export interface GroupedRuns {
  /** The largest first, then by the order of the runs. */
  groups: RunGroup[];
  /** Runs that are left out because they did not finish, or have no such parameter. */
  unfinished: number;
  without: number;
  /** Whether more runs fit than are looked at. */
  cut: boolean;
}

export interface GroupChoice extends Pick<ListRunsOptions, 'model' | 'where'> {
  /** These runs, and no others. */
  runs?: readonly string[];
  /** The runs of this group. */
  group?: string;
  /** Parameters that may differ within a group besides. */
  ignore?: readonly string[];
  value?: SeriesValue;
}

const MOST_RUNS = 10_000;
const PAGE = 1000;

/**
 * Finished runs in groups that are equal in all parameters but `by`. A parameter that names the same data by another path does not
 * part them.
 * @throws OPTION_INVALID when no run has the parameter, RUN_NOT_FOUND, RUN_AMBIGUOUS
 */
export async function groupRuns(store: Store, by: string, choice: GroupChoice): Promise<GroupedRuns> {
  const { items, cut } = await chosenRuns(store, choice);
  const finished = items.filter(({ status }) => status === 'FINISHED').map(({ run_id }) => run_id);
  const params = await readInPages(store, finished, paramsOf);
  const series = await readInPages(store, finished, seriesOf(choice.value ?? 'last'));
  const groups = new Map<string, RunGroup>();
  let without = 0;
  for (const run_id of finished) {
    const { [by]: value, ...others } = Object.fromEntries(params.get(run_id) ?? []);
    if (value === undefined) {
      without++;
      continue;
    }
    const shared = sharedParams(others, choice.ignore ?? []);
    const key = JSON.stringify(Object.entries(shared).sort());
    const group = groups.get(key) ?? { params: shared, runs: [], metrics: {} };
    groups.set(key, group);
    group.runs.push({ run_id, value });
    for (const [metric, number] of series.get(run_id) ?? []) (group.metrics[metric] ??= []).push(number);
  }
  if (groups.size === 0 && finished.length > 0) throw noSuchParam(by, params);
  const sorted = [...groups.values()].sort((a, b) => b.runs.length - a.runs.length);
  return { groups: sorted, unfinished: items.length - finished.length, without, cut };
}

/** The path of the data may change while its bytes stay: their hash is what counts. */
function sharedParams(params: Record<string, string>, ignore: readonly string[]): Record<string, string> {
  const ignored = Object.hasOwn(params, 'data_sha256') ? [...ignore, 'data'] : ignore;
  return Object.fromEntries(Object.entries(params).filter(([key]) => !ignored.includes(key)));
}

function noSuchParam(by: string, params: Map<string, [string, string][]>): RiskopsError {
  const known = [...new Set([...params.values()].flatMap((pairs) => pairs.map(([key]) => key)))].sort();
  return new RiskopsError('OPTION_INVALID', {
    what: `No run has a parameter "${printable(by, 80)}".`,
    why: printable(suggestWord(by, known), 400),
    fix: 'riskops runs compare --by seed',
    details: { params: known.slice(0, 200) },
  });
}

type ChosenRun = Pick<RunItem, 'run_id' | 'status'>;

async function chosenRuns(
  store: Store,
  { runs, model, where, group }: GroupChoice,
): Promise<{ items: ChosenRun[]; cut: boolean }> {
  const named = new Map<string, ChosenRun>();
  for (const run of runs ?? []) {
    const row = await findRun(store, run);
    named.set(row.run_id, { run_id: row.run_id, status: readStatus(row) });
  }
  if (named.size > 0) return { items: [...named.values()], cut: false };
  const members = group === undefined ? undefined : await membersOf(store, group);
  const items: ChosenRun[] = [];
  let after: string | undefined;
  do {
    const page = await listRuns(store, { model, where, after, limit: PAGE, includeMetrics: false });
    items.push(...page.items.filter(({ run_id }) => members?.has(run_id) ?? true));
    after = page.next_after ?? undefined;
  } while (after !== undefined && items.length < MOST_RUNS);
  return { items, cut: after !== undefined };
}

async function membersOf(store: Store, group: string): Promise<Set<string>> {
  const rows = await store.db.selectFrom('runs').select('run_id').where('group_name', '=', group).execute();
  return new Set(rows.map(({ run_id }) => run_id));
}

type Pairs<T> = [string, T][];

/** SQLite takes a limited number of values in one query. */
async function readInPages<T>(
  store: Store,
  ids: readonly string[],
  read: (store: Store, ids: readonly string[]) => Promise<{ run_id: string; pair: [string, T] }[]>,
): Promise<Map<string, Pairs<T>>> {
  const found = new Map<string, Pairs<T>>();
  for (let at = 0; at < ids.length; at += PAGE) {
    for (const { run_id, pair } of await read(store, ids.slice(at, at + PAGE))) {
      const own = found.get(run_id) ?? [];
      own.push(pair);
      found.set(run_id, own);
    }
  }
  return found;
}

async function paramsOf(store: Store, ids: readonly string[]) {
  const rows = await store.db
    .selectFrom('params')
    .selectAll()
    .where('run_id', 'in', ids)
    .orderBy('key')
    .execute();
  return rows.map(({ run_id, key, value }) => ({ run_id, pair: [key, value] as [string, string] }));
}

const seriesOf = (value: SeriesValue) => async (store: Store, ids: readonly string[]) => {
  const rows = await store.db
    .selectFrom('metrics')
    .select(['run_id', 'key', 'value', 'special', 'finite', 'total', 'least', 'most'])
    .where('run_id', 'in', ids)
    .orderBy('key')
    .execute();
  return rows.map((row) => {
    const { least, most, total, finite } = row;
    const number = {
      last: () => decodeNumber(row),
      min: () => least ?? Number.NaN,
      max: () => most ?? Number.NaN,
      mean: () => (finite === 0 ? Number.NaN : total / finite),
    }[value]();
    return { run_id: row.run_id, pair: [row.key, number] as [string, number] };
  });
};
