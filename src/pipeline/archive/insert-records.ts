import { type Insertable, sql, type Transaction } from 'kysely';
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

/** Rows go in by so many at once; one text of SQL for all of them. */
const ROWS_AT_ONCE = 50;

/** Gathers the rows of each table; keys between tables are checked at the end of the transaction. */
class RowBuffer {
  #waiting = new Map<keyof Database, Row[]>();

  constructor(private readonly tables: Tables) {}

  async add(table: keyof Database, row: Row): Promise<void> {
    let rows = this.#waiting.get(table);
    if (rows === undefined) this.#waiting.set(table, (rows = []));
    rows.push(row);
    if (rows.length < ROWS_AT_ONCE) return;
    this.#waiting.set(table, []);
    await insert(this.tables, table, rows);
  }

  async end(): Promise<void> {
    for (const [table, rows] of this.#waiting)
      for (const row of rows) await insert(this.tables, table, [row]);
    this.#waiting.clear();
  }
}

/** The checks made the rows fit their table; types end at the archive's edge. */
async function insert(tables: Tables, table: keyof Database, rows: Row[]): Promise<void> {
  await tables
    .insertInto(table)
    .values(rows as Insertable<Database[typeof table]>[])
    .execute();
}

/** Inserts the new runs of an archive, in its order; their files are in the store already. */
export async function insertRuns(
  store: Store,
  tables: Tables,
  staged: StagedArchive,
  { checker, newRuns }: ImportPlan,
): Promise<void> {
  await sql`PRAGMA defer_foreign_keys = ON`.execute(tables);
  const buffer = new RowBuffer(tables);
  let metric = await lastMetric(tables);
  let run: string | null = null;
  for (const record of recordsOf(staged, 'runs')) {
    if (record.kind === 'run') {
      const row = checker.row(record);
      run = newRuns.has(String(row['run_id'])) ? String(row['run_id']) : null;
      if (run !== null) await buffer.add('runs', row);
    } else if (run === null) continue;
    else if (record.kind === 'points') await addPoints(buffer, metric, record);
    else {
      const row: Row = { run_id: run, ...checker.row(record) };
      if (record.kind === 'param') await buffer.add('params', row);
      else if (record.kind === 'tag') await buffer.add('tags', row);
      else if (record.kind === 'artifact') await buffer.add('artifacts', artifactRow(store, staged, row));
      else await buffer.add('metrics', { ...row, ...encodeNumber(Number(row['value'])), metric: ++metric });
    }
  }
  await buffer.end();
}

/** The write lock is held: the numbers after it are free. */
async function lastMetric(tables: Tables): Promise<number> {
  const { last } = await tables
    .selectFrom('metrics')
    .select(({ fn }) => fn.max('metric').as('last'))
    .executeTakeFirstOrThrow();
  return last ?? 0;
}

async function addPoints(buffer: RowBuffer, metric: number, record: ArchiveRecord): Promise<void> {
  for (const [step, ordinal, number, logged_ms] of pointsOf(record))
    await buffer.add('metric_points', { metric, step, ordinal, ...encodeNumber(number), logged_ms });
}

/** Garbage is collected under the same lock, so a file that is there now stays. */
function artifactRow(store: Store, staged: StagedArchive, row: Row): Row {
  const sha256 = String(row['sha256']);
  const blob = contentKey(sha256);
  if (staged.file(sha256) !== undefined) {
    const size = store.blobs.size(blob);
    if (size === undefined) throw changedMeanwhile();
    if (size !== row['bytes']) throw archiveInvalid('the size of an artifact is not that of its file');
  }
  return { ...row, blob };
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
    if (found === undefined) await insert(tables, 'models', [model]);
    let last = found?.last_version ?? 0;
    for (const planned of own) {
      const { row, known } = planned;
      const to = known ?? (found === undefined ? row.version : ++last);
      if (known === null)
        await insert(tables, 'versions', [{ ...row, version: to, path: paths.get(planned) as string }]);
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
    await insert(tables, REGISTRY_TABLES[record.kind], [checker.row(record)]);
    if (record.kind === 'promotion') promotions++;
  }
  return promotions;
}

/** Inserts segments of the prediction log, and outcomes, that the store does not have. @throws IMPORT_CONFLICT */
export async function insertPredictions(
  tables: Tables,
  staged: StagedArchive,
  { checker }: ImportPlan,
): Promise<number> {
  let rows = 0;
  for (const record of recordsOf(staged, 'predictions')) {
    const row = checker.row(record);
    if (record.kind === 'outcome') {
      await insertOutcome(tables, row);
      continue;
    }
    const content = Buffer.from(String(row['content']), 'base64');
    const first_id = String(row['first_id']);
    const found = await tables
      .selectFrom('prediction_segments')
      .select('content')
      .where('first_id', '=', first_id)
      .executeTakeFirst();
    if (found !== undefined && content.equals(found.content)) continue;
    if (found !== undefined) throw otherPredictions(first_id);
    await insert(tables, 'prediction_segments', [{ ...row, content } as unknown as Row]);
    rows += Number(row['rows']);
  }
  return rows;
}

async function insertOutcome(tables: Tables, row: Row): Promise<void> {
  let same = tables.selectFrom('outcomes').select('sequence');
  for (const [column, value] of Object.entries(row))
    same = same.where(sql<boolean>`${sql.ref(column)} IS ${value}`);
  if ((await same.limit(1).executeTakeFirst()) === undefined) await insert(tables, 'outcomes', [row]);
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
