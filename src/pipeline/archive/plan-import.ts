import { RiskopsError } from '../../errors.js';
import { readModelFile } from '../../models/model-file.js';
import { type PromotionRow, rowFault } from '../../registry/audit.js';
import type { Store } from '../../storage/store.js';
import { RecordChecker, type Row } from './check-record.js';
import { archiveInvalid } from './manifest.js';
import type { StagedArchive } from './read-archive.js';
import { type ArchiveRecord, readRecords } from './records.js';
import { digestOfRun, RunDigest } from './run-lines.js';

/** A version of the archive. */
export interface PlannedVersion {
  row: Row & { model: string; version: number; run_id: string; learner: string; sha256: string };
  /** The number under which the store has it already; null when it is new. */
  known: number | null;
}

/** What an import will do, found out before anything is written. */
export interface ImportPlan {
  checker: RecordChecker;
  /** Runs that the store does not have. */
  newRuns: Set<string>;
  /** Runs that it has, with equal content. */
  knownRuns: Set<string>;
  models: Row[];
  versions: PlannedVersion[];
  /** Contents of new runs, by hash. */
  artifacts: Set<string>;
  /** The hash of the last promotion in the archive; null when it brings no history. */
  lastPromotion: string | null;
  /** Whether it brings anything else that only an empty store takes: marks, aliases, the holdout ledger. */
  hasRegistry: boolean;
}

export const recordsOf = (staged: StagedArchive, name: string): Iterable<ArchiveRecord> => {
  const file = staged.path(`records/${name}.ndjson`);
  return file === undefined ? [] : readRecords(file, `${name}.ndjson`);
};

/**
 * Checks every record of an unpacked archive, and compares what the store has already.
 * @throws ARCHIVE_INVALID, IMPORT_CONFLICT, MODEL_FILE_INVALID
 */
export async function planImport(
  store: Store,
  staged: StagedArchive,
  signal?: AbortSignal,
): Promise<ImportPlan> {
  const plan: ImportPlan = {
    checker: await RecordChecker.of(store.db),
    newRuns: new Set(),
    knownRuns: new Set(),
    models: [],
    versions: [],
    artifacts: new Set(),
    lastPromotion: null,
    hasRegistry: false,
  };
  await planRuns(store, staged, plan, signal);
  await planVersions(store, staged, plan, signal);
  planRegistry(staged, plan);
  for (const { kind, value, place } of recordsOf(staged, 'predictions')) {
    if (kind !== 'segment' && kind !== 'outcome')
      throw archiveInvalid(`${place} is no segment of predictions`);
    plan.checker.row({ kind, value, place, line: '' });
  }
  return plan;
}

interface OpenRun {
  row: Row;
  digest: RunDigest;
  artifacts: string[];
  /** Points that the metrics claim to have, less those that came. */
  points: number;
  metric: string | null;
}

async function planRuns(
  store: Store,
  staged: StagedArchive,
  plan: ImportPlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  let run: OpenRun | undefined;
  for (const record of recordsOf(staged, 'runs')) {
    signal?.throwIfAborted();
    if (record.kind === 'run') {
      if (run !== undefined) await endRun(store, staged, plan, run);
      const row = plan.checker.row(record);
      run = { row, digest: new RunDigest(record.value), artifacts: [], points: 0, metric: null };
      continue;
    }
    if (run === undefined) throw archiveInvalid(`${record.place} belongs to no run`);
    addToRun(plan, run, record);
  }
  if (run !== undefined) await endRun(store, staged, plan, run);
}

function addToRun({ checker }: ImportPlan, run: OpenRun, record: ArchiveRecord): void {
  const { kind, place, value, line } = record;
  if (kind === 'points') {
    if (value['key'] !== run.metric) throw archiveInvalid(`${place} has points of another metric`);
    run.points -= pointsOf(record).length;
  } else if (['param', 'tag', 'artifact', 'metric'].includes(kind)) {
    const row = checker.row(record);
    if (kind === 'artifact') run.artifacts.push(String(row['sha256']));
    if (kind === 'metric') {
      run.points += Number(row['points']);
      run.metric = String(row['key']);
    }
  } else throw archiveInvalid(`${place} is no part of a run`);
  run.digest.add(line);
}

/** The points of a line, [step, ordinal, value, milliseconds]. @throws ARCHIVE_INVALID */
export function pointsOf({ value, place }: ArchiveRecord): [number, number, number, number][] {
  const isWhole = (item: unknown) => Number.isSafeInteger(item);
  const isNumber = (item: unknown) =>
    typeof item === 'number' || item === 'NaN' || item === 'Infinity' || item === '-Infinity';
  const { values } = value;
  if (!Array.isArray(values)) throw archiveInvalid(`${place} has no points`);
  for (const point of values as unknown[]) {
    const [step, ordinal, metric, ms, ...more] = Array.isArray(point) ? point : [];
    if (![step, ordinal, ms].every(isWhole) || !isNumber(metric) || more.length > 0)
      throw archiveInvalid(`${place} has a point that is none`);
  }
  return values.map(([step, ordinal, metric, ms]) => [step, ordinal, Number(metric), ms]);
}

async function endRun(store: Store, staged: StagedArchive, plan: ImportPlan, run: OpenRun): Promise<void> {
  const { row, points, artifacts, digest } = run;
  const [id, parent] = [String(row['run_id']), row['parent_run_id']];
  if (points !== 0) throw archiveInvalid(`run ${id} has not as many points as its metrics say`);
  if (plan.newRuns.has(id) || plan.knownRuns.has(id)) throw archiveInvalid(`run ${id} is in it twice`);
  const hasParent = parent === null || plan.newRuns.has(String(parent)) || plan.knownRuns.has(String(parent));
  if (!hasParent && !(await hasRun(store, String(parent))))
    throw archiveInvalid(`run ${id} lies below run ${parent}, which comes later or not at all`);
  const known = await store.db
    .selectFrom('runs')
    .select(['run_id', 'dir_name'])
    .where(({ or, eb }) => or([eb('run_id', '=', id), eb('dir_name', '=', String(row['dir_name']))]))
    .executeTakeFirst();
  if (known === undefined) {
    plan.newRuns.add(id);
    for (const sha256 of artifacts) {
      plan.artifacts.add(sha256);
      needFile(staged, sha256, `run ${id}`);
    }
    return;
  }
  if (known.run_id !== id || (await digestOfRun(store.db, id)) !== digest.end()) throw otherRun(id);
  plan.knownRuns.add(id);
}

async function hasRun(store: Store, id: string): Promise<boolean> {
  const row = await store.db.selectFrom('runs').select('run_id').where('run_id', '=', id).executeTakeFirst();
  return row !== undefined;
}

/** A file that was lost already when the archive was made is told, and is no fault of the archive. */
function needFile(staged: StagedArchive, sha256: string, whose: string): void {
  if (staged.file(sha256) !== undefined || staged.manifest.missing.includes(sha256)) return;
  throw archiveInvalid(`it lacks a file of ${whose}`, `Its SHA-256 is ${sha256}.`);
}

async function planVersions(
  store: Store,
  staged: StagedArchive,
  plan: ImportPlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const record of recordsOf(staged, 'versions')) {
    signal?.throwIfAborted();
    const row = plan.checker.row(record);
    const model = plan.models.at(-1);
    if (record.kind === 'model') {
      if (model !== undefined && String(row['name']) <= String(model['name']))
        throw archiveInvalid(`${record.place}: models are not in order`);
      plan.models.push(row);
      continue;
    }
    if (record.kind !== 'version' || row['model'] !== model?.['name'])
      throw archiveInvalid(`${record.place} belongs to no model`);
    await planVersion(store, staged, plan, row as PlannedVersion['row']);
  }
}

async function planVersion(
  store: Store,
  staged: StagedArchive,
  plan: ImportPlan,
  row: PlannedVersion['row'],
): Promise<void> {
  const name = `version ${row.version} of ${row.model}`;
  const before = plan.versions.at(-1)?.row;
  if (before?.model === row.model && before.version >= row.version)
    throw archiveInvalid(`${name} is in it twice, or out of order`);
  if (row.version > Number(plan.models.at(-1)?.['last_version']))
    throw archiveInvalid(`${name} is beyond the last version that the model had`);
  const isRun = plan.newRuns.has(row.run_id) || plan.knownRuns.has(row.run_id);
  if (!isRun) throw archiveInvalid(`the run of ${name} is not in it`);
  const known = await store.db
    .selectFrom('versions')
    .select('version')
    .where('model', '=', row.model)
    .where('run_id', '=', row.run_id)
    .where('sha256', '=', row.sha256)
    .executeTakeFirst();
  plan.versions.push({ row, known: known?.version ?? null });
  if (known !== undefined) return;
  needFile(staged, row.sha256, name);
  const file = staged.file(row.sha256);
  if (file === undefined) return;
  const { contentSha256 } = await readModelFile(file, { sha256: row.sha256 });
  if (contentSha256 !== row['content_sha256'])
    throw archiveInvalid(`the file of ${name} has another content than its record says`);
}

/** The history must follow from its first row, and what is current from the history. */
function planRegistry(staged: StagedArchive, plan: ImportPlan): void {
  let before: PromotionRow | undefined;
  const current = new Map<unknown, Row>();
  for (const record of recordsOf(staged, 'registry')) {
    const row = plan.checker.row(record);
    plan.hasRegistry = true;
    if (record.kind === 'promotion') {
      const promotion = row as unknown as PromotionRow;
      const fault = rowFault(promotion, before);
      if (fault !== undefined)
        throw archiveInvalid(`its history is broken at entry ${promotion.sequence}`, `${fault}.`);
      before = promotion;
      if (promotion.action === 'retire') current.delete(promotion.model);
      else if (promotion.action !== 'approve') current.set(promotion.model, row);
    } else if (record.kind === 'current') {
      const made = current.get(row['model']);
      if (made?.['promotion_id'] !== row['promotion_id'] || made?.['to_version'] !== row['version'])
        throw archiveInvalid(`${record.place}: no promotion made this version current`);
      current.delete(row['model']);
    } else if (!['mark', 'alias', 'holdout_use'].includes(record.kind))
      throw archiveInvalid(`${record.place} is no part of a registry`);
  }
  if (current.size > 0) throw archiveInvalid('a model that was promoted has no current version in it');
  plan.lastPromotion = before?.hash ?? null;
}

function otherRun(id: string): RiskopsError {
  return new RiskopsError('IMPORT_CONFLICT', {
    what: `Run ${id} is in the store, and has other content there.`,
    why: 'A record is never written over; nothing was imported.',
    fix: `riskops runs show ${id.slice(0, 8)}`,
    details: { run_id: id },
  });
}
