import type { Transaction } from 'kysely';
import { RiskopsError } from '../errors.js';
import { checkKey } from '../storage/blobs/keys.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { toJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { checkModelName, getModel } from './models.js';
import { selectVersions, toRecord, type VersionRecord } from './version-rows.js';

export type { Stage, VersionRecord } from './version-rows.js';

export interface NewVersion {
  model: string;
  runId: string;
  learner: string;
  /** The model file, written already: POSIX path below the artifacts folder. */
  path: string;
  sha256: string;
  contentSha256: string;
  bytes: number;
  /** On the holdout; NaN and the infinities are kept. */
  metrics: Record<string, number>;
}

function checkNewVersion({ path, sha256, contentSha256, bytes }: NewVersion): void {
  checkKey(path);
  const areHashes = [sha256, contentSha256].every((text) => /^[0-9a-f]{64}$/.test(text));
  if (areHashes && Number.isSafeInteger(bytes) && bytes > 0) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: `A version cannot be registered for the model file ${printable(path)}.`,
    why: 'It needs two SHA-256 in hex, and the size in bytes.',
    fix: 'riskops train',
  });
}

async function checkRun(transaction: Transaction<Database>, runId: string): Promise<void> {
  const run = await transaction
    .selectFrom('runs')
    .select('run_id')
    .where('run_id', '=', runId)
    .executeTakeFirst();
  if (run !== undefined) return;
  throw new RiskopsError('RUN_NOT_FOUND', {
    what: `There is no run ${printable(runId, 80)} that a version could come from.`,
  });
}

/**
 * Puts a trained model file on record as the model's next version, a candidate. The model is made when it is new.
 * @throws RiskopsError OPTION_INVALID, ARTIFACT_KEY_INVALID, RUN_NOT_FOUND
 */
export async function registerVersion(store: Store, version: NewVersion): Promise<VersionRecord> {
  const model = checkModelName(version.model);
  checkNewVersion(version);
  const { runId, learner, path, sha256, contentSha256, bytes, metrics } = version;
  return store.write(async (transaction) => {
    await checkRun(transaction, runId);
    const created_at = new Date().toISOString();
    await transaction
      .insertInto('models')
      .values({ name: model, created_at })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    const { last } = await transaction
      .selectFrom('versions')
      .select(({ fn }) => fn.max('version').as('last'))
      .where('model', '=', model)
      .executeTakeFirstOrThrow();
    const row = {
      model,
      version: Number(last ?? 0) + 1,
      run_id: runId,
      learner,
      path,
      sha256,
      content_sha256: contentSha256,
      bytes,
      created_at,
    };
    await transaction
      .insertInto('versions')
      .values({ ...row, metrics_json: toJson(metrics) })
      .execute();
    return { ...row, metrics: { ...metrics }, stage: 'candidate' as const };
  });
}

/**
 * A model's versions, newest first.
 * @throws RiskopsError MODEL_NOT_FOUND
 */
export async function listVersions(store: Store, model: string): Promise<VersionRecord[]> {
  const { name } = await getModel(store, model);
  return (await selectVersions(store).where('v.model', '=', name).orderBy('v.version', 'desc').execute()).map(
    toRecord,
  );
}

/**
 * One version.
 * @throws RiskopsError MODEL_NOT_FOUND, VERSION_NOT_FOUND
 */
export async function getVersion(store: Store, model: string, version: number): Promise<VersionRecord> {
  const { name, latest } = await getModel(store, model);
  const row = await selectVersions(store)
    .where('v.model', '=', name)
    .where('v.version', '=', version)
    .executeTakeFirst();
  if (row !== undefined) return toRecord(row);
  throw new RiskopsError('VERSION_NOT_FOUND', {
    what: `The model ${name} has no version ${version}.`,
    why: latest === null ? 'It has none yet.' : `Its versions are 1 to ${latest}.`,
    fix: `riskops models show ${name}`,
    details: { model: name, version, latest },
  });
}

/**
 * The model's newest version, if it was never promoted. An older one is never meant by "latest": it was passed over.
 * @throws RiskopsError MODEL_NOT_FOUND, NO_CANDIDATE
 */
export async function latestCandidate(store: Store, model: string): Promise<VersionRecord> {
  const { name } = await getModel(store, model);
  const row = await selectVersions(store)
    .where('v.model', '=', name)
    .orderBy('v.version', 'desc')
    .limit(1)
    .executeTakeFirst();
  const newest = row && toRecord(row);
  if (newest?.stage === 'candidate') return newest;
  const standing = newest?.stage === 'current' ? 'is current already' : 'was current before';
  throw new RiskopsError('NO_CANDIDATE', {
    what: `The model ${name} has no new candidate.`,
    why: newest ? `Its newest version, ${newest.version}, ${standing}.` : 'It has no version yet.',
    fix: `riskops train --model ${name}${newest ? `, or name a version with --version` : ''}`,
    details: { model: name, newest: newest?.version ?? null, stage: newest?.stage ?? null },
  });
}

/**
 * The newest version that a run made; the run by its id or the beginning of it.
 * @throws RiskopsError RUN_NOT_FOUND, RUN_AMBIGUOUS, NO_CANDIDATE when the run made none
 */
export async function versionOfRun(store: Store, runIdOrPrefix: string): Promise<VersionRecord> {
  const prefix = runIdOrPrefix.toLowerCase();
  const runs = /^[0-9a-f]{1,32}$/.test(prefix)
    ? await store.db
        .selectFrom('runs')
        .select('run_id')
        .where('run_id', '>=', prefix)
        .where('run_id', '<', `${prefix}g`)
        .orderBy('run_id')
        .limit(2)
        .execute()
    : [];
  const what = `run ${printable(runIdOrPrefix, 80)}`;
  if (runs.length === 0) throw new RiskopsError('RUN_NOT_FOUND', { what: `There is no ${what}.` });
  if (runs.length > 1)
    throw new RiskopsError('RUN_AMBIGUOUS', { what: `More than one run id begins like ${what}.` });
  const row = await selectVersions(store)
    .where('v.run_id', '=', runs[0].run_id)
    .orderBy('v.version', 'desc')
    .executeTakeFirst();
  if (row !== undefined) return toRecord(row);
  throw new RiskopsError('NO_CANDIDATE', {
    what: `The ${what} made no model.`,
    why: 'It was no training, or it did not finish.',
    fix: `riskops runs show ${runs[0].run_id.slice(0, 8)}`,
  });
}

export interface VersionChoice {
  /** A run's id, or the beginning of it. */
  run?: string;
  /** A version's number, as a person writes it. */
  version?: number | string;
}

/**
 * The version of `model` that is meant: by number, by run, else the newest candidate.
 * @throws RiskopsError OPTION_INVALID, VERSION_NOT_FOUND, and as `versionOfRun` and `latestCandidate`
 */
export async function findVersion(
  store: Store,
  model: string,
  { run, version }: VersionChoice = {},
): Promise<VersionRecord> {
  if (version !== undefined) return getVersion(store, model, parseVersion(version));
  if (run === undefined) return latestCandidate(store, model);
  const [{ name }, found] = [await getModel(store, model), await versionOfRun(store, run)];
  if (found.model === name) return found;
  throw new RiskopsError('VERSION_NOT_FOUND', {
    what: `Run ${found.run_id.slice(0, 8)} made no version of ${name}.`,
    why: `It made version ${found.version} of ${found.model}.`,
    fix: `add --model ${found.model}`,
    details: { model: name, run_id: found.run_id, made: found.model },
  });
}

/** A version's number as a person writes it. */
export function parseVersion(version: number | string): number {
  const number = /^[1-9]\d{0,8}$/.test(String(version)) ? Number(version) : Number.NaN;
  if (!Number.isNaN(number)) return number;
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(String(version), 80)}" is not a version.`,
    why: 'Versions are numbered 1, 2, 3 and so on.',
    fix: 'riskops models show',
  });
}
