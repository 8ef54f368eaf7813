import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { getRun } from './read-runs.js';
import type { RunDetail, RunItem } from './run-records.js';

/** One key over several runs; null where a run has none. `same` when all have it and it is equal. */
export interface ComparedKey<T> {
  key: string;
  values: (T | null)[];
  same: boolean;
}

export interface RunComparison {
  runs: RunItem[];
  params: ComparedKey<string>[];
  metrics: ComparedKey<number>[];
}

/** What can still be read side by side. */
const MOST_RUNS = 100;

/**
 * Runs side by side, in the order given; at most 100.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, OPTION_INVALID
 */
export async function compareRuns(store: Store, ids: string[]): Promise<RunComparison> {
  if (ids.length > MOST_RUNS)
    throw new RiskopsError('OPTION_INVALID', {
      what: `${ids.length} runs cannot be laid side by side.`,
      why: `${MOST_RUNS} can.`,
      fix: 'riskops runs compare --by seed',
    });
  const details: RunDetail[] = [];
  for (const id of ids) details.push(await getRun(store, id));
  return {
    runs: details.map(
      ({
        params: _,
        tags: _tags,
        artifacts: _artifacts,
        metrics: _metrics,
        environment: _environment,
        children: _children,
        child_run_ids: _ids,
        ...item
      }) => item,
    ),
    params: compareKeys(details.map((run) => run.params)),
    metrics: compareKeys(details.map((run) => run.metrics)),
  };
}

/** Every key of several records, sorted, with what each record has for it. */
export function compareKeys<T>(records: Record<string, T>[]): ComparedKey<T>[] {
  const keys = [...new Set(records.flatMap(Object.keys))].sort();
  return keys.map((key) => {
    const values = records.map((record) => (Object.hasOwn(record, key) ? record[key] : null));
    return { key, values, same: values.every((value) => value !== null && Object.is(value, values[0])) };
  });
}
