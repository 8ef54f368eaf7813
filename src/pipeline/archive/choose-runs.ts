import { RiskopsError } from '../../errors.js';
import { getModel } from '../../registry/models.js';
import { getVersion } from '../../registry/versions.js';
import type { Database } from '../../storage/database/schema.js';
import type { Store } from '../../storage/store.js';
import { findRun } from '../../tracking/find-run.js';

export interface ExportChoice {
  /** Everything: runs, models, the history, aliases, the holdout ledger. */
  all?: boolean;
  /** Run ids, or beginnings of them. */
  runs?: readonly string[];
  model?: string;
  /** One version of `model`. */
  version?: number;
  /** With `all`, the prediction log too. */
  predictions?: boolean;
}

export interface Chosen {
  /** By their order in the store. */
  runIds: string[];
  isVersion(version: { model: string; version: number; run_id: string }): boolean;
}

/**
 * The runs and versions that are meant. A run comes with the runs above and below it, and with the versions it made; a version
 * with its run.
 * @throws USAGE, RUN_NOT_FOUND, RUN_AMBIGUOUS, MODEL_NOT_FOUND, VERSION_NOT_FOUND
 */
export async function chooseRuns(store: Store, choice: ExportChoice): Promise<Chosen> {
  const { all = false, runs = [], model, version } = choice;
  if (Number(all) + Number(runs.length > 0) + Number(model !== undefined) !== 1) throw unclear();
  const ordered = await store.db
    .selectFrom('runs')
    .select(['run_id', 'parent_run_id'])
    .orderBy('sequence')
    .execute();
  if (all) return { runIds: ordered.map(({ run_id }) => run_id), isVersion: () => true };
  const isVersionOf = await versionsMeant(store, model, version);
  const named = new Set<string>();
  for (const id of runs) named.add((await findRun(store, id)).run_id);
  if (isVersionOf !== undefined)
    for (const row of await store.db.selectFrom('versions').select(['model', 'version', 'run_id']).execute())
      if (isVersionOf(row)) named.add(row.run_id);
  const family = withFamily(ordered, named, isVersionOf === undefined);
  return {
    runIds: ordered.map(({ run_id }) => run_id).filter((id) => family.has(id)),
    isVersion: isVersionOf ?? (({ run_id }) => family.has(run_id)),
  };
}

async function versionsMeant(store: Store, model: string | undefined, version: number | undefined) {
  if (model === undefined) return undefined;
  const { name } = await getModel(store, model);
  if (version !== undefined) await getVersion(store, name, version);
  return (row: { model: string; version: number }) =>
    row.model === name && (version === undefined || row.version === version);
}

type Kin = Pick<Database['runs'], 'run_id' | 'parent_run_id'>;

/** The named runs, those above them, and with `below` those that were started below them. */
function withFamily(runs: readonly Kin[], named: ReadonlySet<string>, below: boolean): Set<string> {
  const parents = new Map(runs.map(({ run_id, parent_run_id }) => [run_id, parent_run_id]));
  const family = new Set(named);
  for (let grew = below; grew; ) {
    const before = family.size;
    for (const { run_id, parent_run_id } of runs)
      if (parent_run_id !== null && family.has(parent_run_id)) family.add(run_id);
    grew = family.size > before;
  }
  for (const id of family) {
    const parent = parents.get(id);
    // A set that grows while it is walked is walked to its new end.
    if (parent) family.add(parent);
  }
  return family;
}

function unclear(): RiskopsError {
  return new RiskopsError('USAGE', {
    what: 'What is to be exported?',
    why: 'One of --all, --runs and --model says it.',
    fix: 'riskops export --all --out store.tar.gz',
  });
}
