import type { Insertable, Kysely, Transaction } from 'kysely';
import type { Database, RunsTable } from '../storage/database/schema.js';
import type { MetricPoint, Store } from '../storage/store.js';
import type { ProcessIdentity } from './process-identity.js';

/** A parameter or a tag. */
export interface Pair {
  key: string;
  value: string;
}

/** What a run begins with. */
export interface RunStart {
  row: Insertable<RunsTable>;
  params: Pair[];
  tags: Pair[];
}

/** How a run ended, and whose word that is: a process that lost the run to another may not end it. */
export interface RunEnd {
  values: Pick<Insertable<RunsTable>, 'status' | 'error' | 'exit_code' | 'ended_at' | 'duration_ms'>;
  by: ProcessIdentity | null;
}

/** Key, step, value, and milliseconds since 1970. */
export type PointRecord = [key: string, step: number, value: number, loggedMs: number];

/** One thing that is written about a run: to the store at once, or as a line of its spool file and to the store later. */
export type RunRecord =
  | { start: RunStart }
  | { params: Pair[] }
  | { tags: Pair[] }
  | { note: string | null }
  | { metrics: PointRecord[] }
  | { end: RunEnd };

/** Writes a record of the run `runId` in `transaction`. The same record again changes nothing, but metrics, which come twice. */
export async function writeRecord(
  store: Store,
  transaction: Transaction<Database>,
  runId: string,
  record: RunRecord,
): Promise<void> {
  if ('start' in record) return writeStart(transaction, record.start);
  if ('params' in record) return writePairs(transaction, 'params', runId, record.params);
  if ('tags' in record) return writePairs(transaction, 'tags', runId, record.tags);
  if ('metrics' in record) return store.insertMetrics(pointsOf(runId, record.metrics), transaction);
  if ('end' in record) await endQuery(transaction, runId, record.end).execute();
  else if ('note' in record) {
    const { note } = record;
    await transaction.updateTable('runs').set({ note }).where('run_id', '=', runId).execute();
  } else throw new Error('a record of no known kind');
}

/** Ends a run that has not ended, or tells more of this same end. */
export function endQuery(db: Kysely<Database>, runId: string, { values, by }: RunEnd) {
  return db
    .updateTable('runs')
    .set(values)
    .where('run_id', '=', runId)
    .where((e) => e.or([e('status', '=', 'RUNNING'), e('ended_at', '=', values.ended_at ?? null)]))
    .$if(by !== null, (query) =>
      query
        .where('host', '=', by!.host)
        .where('pid', '=', by!.pid)
        .where('boot_id', '=', by!.boot_id)
        .where('process_started', '=', by!.process_started),
    );
}

async function writeStart(
  transaction: Transaction<Database>,
  { row, params, tags }: RunStart,
): Promise<void> {
  const { parent_run_id = null } = row;
  const parent =
    parent_run_id &&
    (await transaction.selectFrom('runs').select('run_id').where('run_id', '=', parent_run_id).execute());
  await transaction
    .insertInto('runs')
    // A parent that was removed meanwhile, or that never reached the store, is no reason to lose the run.
    .values({ ...row, parent_run_id: parent?.length ? parent_run_id : null })
    .onConflict((conflict) => conflict.column('run_id').doNothing())
    .execute();
  await writePairs(transaction, 'params', row.run_id, params);
  await writePairs(transaction, 'tags', row.run_id, tags);
}

async function writePairs(
  transaction: Transaction<Database>,
  table: 'params' | 'tags',
  runId: string,
  pairs: Pair[],
): Promise<void> {
  for (const { key, value } of pairs) {
    await transaction
      .insertInto(table)
      .values({ run_id: runId, key, value })
      .onConflict((conflict) => conflict.columns(['run_id', 'key']).doUpdateSet({ value }))
      .execute();
  }
}

const pointsOf = (runId: string, points: PointRecord[]): MetricPoint[] =>
  points.map(([key, step, value, logged_ms]) => ({ run_id: runId, key, step, value, logged_ms }));
