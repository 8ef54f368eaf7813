import type { Insertable, Transaction } from 'kysely';
import { RiskopsError } from '../../errors.js';
import { contentKey } from '../../storage/blobs/keys.js';
import type { Database } from '../../storage/database/schema.js';
import { encodeNumber } from '../../storage/database/special-numbers.js';
import type { Store } from '../../storage/store.js';
import type { Row } from './check-record.js';
import { archiveInvalid } from './manifest.js';
import { type ImportPlan, type PlannedVersion, pointsOf, recordsOf } from './plan-import.js';
import type { StagedArchive } from './read-archive.js';
import type { ArchiveRecord } from './records.js';

type Tables = Transaction<Database>;

/** Rows of many values go in by so many at once; one text of SQL for all of them. */
const ROWS_AT_ONCE = 50;

/** Inserts the new runs of an archive, in its order; their files are in the store already. */
export async function insertRuns(
  store: Store,
  tables: Tables,
  staged: StagedArchive,
  { checker, newRuns }: ImportPlan,
): Promise<void> {
  let run: string | null = null;
  let metric = 0;
  for (const record of recordsOf(staged, 'runs')) {
    if (record.kind === 'run') {
      const row = checker.row(record);
      run = newRuns.has(String(row['run_id'])) ? String(row['run_id']) : null;
      if (run !== null) await insert(tables, 'runs', row);
      continue;
    }
    if (run === null) continue;
    if (record.kind === 'points') {
      await insertPoints(tables, metric, record);
      continue;
    }
    const row = { run_id: run, ...checker.row(record) };
    if (record.kind === 'metric') metric = await insertSeries(tables, row);
    else if (record.kind === 'artifact') await insertArtifact(store, tables, staged, row);
    else await insert(tables, record.kind === 'param' ? 'params' : 'tags', row);
  }
}

/** The checks made the row fit its table; types end at the archive's edge. */
async function insert(tables: Tables, table: keyof Database, row: Row): Promise<void> {
  await tables
    .insertInto(table)
    .values(row as Insertable<Database[typeof table]>)
    .execute();
}

async function insertSeries(tables: Tables, row: Row): Promise<number> {
  const { value, special } = encodeNumber(Number(row['value']));
  const { metric } = await tables
    .insertInto('metrics')
    .values({ ...(row as unknown as Insertable<Database['metrics']>), value, special })
    .returning('metric')
    .executeTakeFirstOrThrow();
  return metric;
}

async function insertPoints(tables: Tables, metric: number, record: ArchiveRecord): Promise<void> {
  const rows = pointsOf(record).map(([step, ordinal, number, logged_ms]) => {
    const { value, special } = encodeNumber(number);
    return { metric, step, ordinal, value, special, logged_ms };
  });
  const whole = rows.length - (rows.length % ROWS_AT_ONCE);
  for (let at = 0; at < whole; at += ROWS_AT_ONCE)
    await tables
      .insertInto('metric_points')
      .values(rows.slice(at, at + ROWS_AT_ONCE))
      .execute();
  for (const row of rows.slice(whole)) await tables.insertInto('metric_points').values(row).execute();
}

/** Garbage is collected under the same lock, so a file that is there now stays. */
async function insertArtifact(store: Store, tables: Tables, staged: StagedArchive, row: Row): Promise<void> {
  const sha256 = String(row['sha256']);
  const blob = contentKey(sha256);
  if (staged.file(sha256) !== undefined) {
    const size = store.blobs.size(blob);
    if (size === undefined) throw changedMeanwhile();
    if (size !== row['bytes']) throw archiveInvalid('the size of an artifact is not that of its file');
  }
  await insert(tables, 'artifacts', { ...row, blob });
}

/** What became of a version: its number in the archive, and here. */
export interface ImportedVersion {
  model: string;
  from: number;
  to: number;
  /** The store had it already. */
  known: boolean;
}

/**
 * Inserts the new versions. A model that the store does not have keeps its numbers; where it has one of that name, new versions
 * get the next free numbers.
 * @param paths of the model files, by version
 */
export async function insertVersions(
  tables: Tables,
  { models, versions }: ImportPlan,
  paths: ReadonlyMap<PlannedVersion, string>,
): Promise<ImportedVersion[]> {
  const done: ImportedVersion[] = [];
  for (const model of models) {
    const name = String(model['name']);
    const own = versions.filter(({ row }) => row.model === name);
    const found = await tables
      .selectFrom('models')
      .select('last_version')
      .where('name', '=', name)
      .executeTakeFirst();
    if (found === undefined) await insert(tables, 'models', model);
    let last = found?.last_version ?? 0;
    for (const planned of own) {
      const { row, known } = planned;
      const to = known ?? (found === undefined ? row.version : ++last);
      if (known === null)
        await insert(tables, 'versions', { ...row, version: to, path: paths.get(planned) as string });
      done.push({ model: name, from: row.version, to, known: known !== null });
    }
    if (found !== undefined)
      await tables.updateTable('models').set({ last_version: last }).where('name', '=', name).execute();
  }
  return done;
}

const REGISTRY_TABLES: Record<string, keyof Database> = {
  promotion: 'promotions',
  current: 'current_versions',
  mark: 'version_marks',
  alias: 'aliases',
  holdout_use: 'holdout_uses',
};

/** Inserts the history and what goes with it, as it is: only for a store that was empty. */
export async function insertRegistry(
  tables: Tables,
  staged: StagedArchive,
  { checker }: ImportPlan,
): Promise<number> {
  let promotions = 0;
  for (const record of recordsOf(staged, 'registry')) {
    await insert(tables, REGISTRY_TABLES[record.kind], checker.row(record));
    if (record.kind === 'promotion') promotions++;
  }
  return promotions;
}

/** Inserts segments of the prediction log that the store does not have. @throws IMPORT_CONFLICT */
export async function insertPredictions(
  tables: Tables,
  staged: StagedArchive,
  { checker }: ImportPlan,
): Promise<number> {
  let rows = 0;
  for (const record of recordsOf(staged, 'predictions')) {
    const row = checker.row(record);
    const content = Buffer.from(String(row['content']), 'base64');
    const first_id = String(row['first_id']);
    const found = await tables
      .selectFrom('prediction_segments')
      .select('content')
      .where('first_id', '=', first_id)
      .executeTakeFirst();
    if (found !== undefined && content.equals(found.content)) continue;
    if (found !== undefined) throw otherPredictions(first_id);
    await insert(tables, 'prediction_segments', { ...row, content } as unknown as Row);
    rows += Number(row['rows']);
  }
  return rows;
}

export function changedMeanwhile(): RiskopsError {
  return new RiskopsError('STORE_BUSY', {
    what: 'The store changed while the archive was taken in; nothing was imported.',
    why: 'Another process recorded or removed something that the archive has too.',
  });
}

function otherPredictions(first_id: string): RiskopsError {
  return new RiskopsError('IMPORT_CONFLICT', {
    what: `The predictions from ${first_id} on are in the store, and others there.`,
    why: 'A record is never written over; nothing was imported.',
    fix: 'riskops export --all --out FILE, without --predictions, for an archive without them',
  });
}
