import type { Transaction } from 'kysely';
import { RiskopsError } from '../errors.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { markVersion } from '../tracking/deletion.js';
import { writeLatest } from '../tracking/manifest.js';
import { versionHold } from '../tracking/version-holds.js';
import { getModel } from './models.js';

export interface VersionChoice {
  model: string;
  /** One version; all of the model when left out. */
  version?: number;
}

/** What was done about a version; `changed` is false when it was so already. */
export interface VersionChange {
  model: string;
  version: number;
  changed: boolean;
}

/** A version with its marks, as it is under the write lock. */
interface MarkedVersion {
  model: string;
  version: number;
  run_id: string;
  deleted_at: string | null;
  protected_at: string | null;
}

/**
 * Moves one version of a model, or all of them, to the trash: all or, when one is in use, none. Its run stays. The
 * model's name goes with its last version, and its numbers are not used again.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, VERSION_IN_USE when one is or was current, was approved, has an alias or is protected
 */
export async function deleteVersions(store: Store, choice: VersionChoice): Promise<VersionChange[]> {
  const deleted_at = new Date().toISOString();
  return changeVersions(store, choice, async (transaction, { model, version, deleted_at: before }) => {
    if (before !== null) return false;
    await checkIsFree(transaction, model, version);
    await markVersion(transaction, model, version, deleted_at);
    return true;
  });
}

/**
 * Brings versions back from the trash. A version cannot be without its run, so a run that is in the trash comes back too.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND
 */
export async function restoreVersions(store: Store, choice: VersionChoice): Promise<VersionChange[]> {
  const changes = await changeVersions(store, choice, async (transaction, marked) => {
    if (marked.deleted_at === null) return false;
    await markVersion(transaction, marked.model, marked.version, null);
    await transaction
      .updateTable('runs')
      .set({ deleted_at: null })
      .where('run_id', '=', marked.run_id)
      .execute();
    return true;
  });
  if (changes.some(({ changed }) => changed)) await writeLatest(store);
  return changes;
}

/**
 * Protects a version from deletion, or with `off` no longer.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND (also for a version in the trash)
 */
export async function protectVersion(
  store: Store,
  choice: Required<VersionChoice>,
  { off = false }: { off?: boolean } = {},
): Promise<VersionChange> {
  const protected_at = off ? null : new Date().toISOString();
  const [change] = await changeVersions(store, choice, async (transaction, marked) => {
    if (marked.deleted_at !== null) throw inTrash(marked);
    if ((marked.protected_at === null) === off) return false;
    const { model, version } = marked;
    await transaction
      .insertInto('version_marks')
      .values({ model, version, deleted_at: null, protected_at })
      .onConflict((conflict) => conflict.columns(['model', 'version']).doUpdateSet({ protected_at }))
      .execute();
    return true;
  });
  return change;
}

async function changeVersions(
  store: Store,
  { model, version }: VersionChoice,
  change: (transaction: Transaction<Database>, marked: MarkedVersion) => Promise<boolean>,
): Promise<VersionChange[]> {
  const name = model.normalize('NFC');
  const changes = await store.write(async (transaction) => {
    const done: VersionChange[] = [];
    for (const marked of await versionsWithMarks(transaction, name, version)) {
      const changed = await change(transaction, marked);
      done.push({ model: marked.model, version: marked.version, changed });
    }
    return done;
  });
  if (changes.length === 0) throw await notFound(store, model, version);
  return changes;
}

function versionsWithMarks(
  transaction: Transaction<Database>,
  model: string,
  version: number | undefined,
): Promise<MarkedVersion[]> {
  return transaction
    .selectFrom('versions as v')
    .leftJoin('version_marks as k', (join) =>
      join.onRef('k.model', '=', 'v.model').onRef('k.version', '=', 'v.version'),
    )
    .select(['v.model', 'v.version', 'v.run_id', 'k.deleted_at', 'k.protected_at'])
    .where('v.model', '=', model)
    .$if(version !== undefined, (query) => query.where('v.version', '=', version as number))
    .orderBy('v.version')
    .execute();
}

async function checkIsFree(
  transaction: Transaction<Database>,
  model: string,
  version: number,
): Promise<void> {
  const hold = await versionHold(transaction, { model, version });
  if (hold === undefined) return;
  throw new RiskopsError('VERSION_IN_USE', {
    what: `Version ${version} of ${model} cannot be deleted.`,
    why: `It ${hold.why}.`,
    fix: hold.fix,
    details: { model, version },
  });
}

function inTrash({ model, version, deleted_at }: MarkedVersion): RiskopsError {
  return new RiskopsError('VERSION_NOT_FOUND', {
    what: `Version ${version} of ${model} is in the trash.`,
    why: `It was deleted on ${deleted_at}.`,
    fix: `riskops models restore ${model} --version ${version}`,
    details: { model, version, deleted_at },
  });
}

/** The model itself may be the mistake; `getModel` then says so, with the name that was probably meant. */
async function notFound(store: Store, model: string, version: number | undefined): Promise<RiskopsError> {
  const { name, latest } = await getModel(store, model);
  return new RiskopsError('VERSION_NOT_FOUND', {
    what:
      version === undefined
        ? `The model ${name} has no version.`
        : `The model ${name} has no version ${version}.`,
    why: latest === null ? 'It has none.' : `Its newest version is ${latest}.`,
    fix: latest === null ? 'riskops models list' : `riskops models show ${name}`,
    details: { model: name, version: version ?? null, latest },
  });
}
