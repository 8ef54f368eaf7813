import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { getAlias, isAliasName } from './aliases.js';
import { getModel } from './models.js';
import {
  selectAllVersions,
  selectVersions,
  toRecord,
  toRecords,
  type VersionRecord,
} from './version-rows.js';

export { type NewVersion, registerVersion } from './register-version.js';
export type { Stage, VersionRecord } from './version-rows.js';

/**
 * A model's versions, newest first.
 * @throws RiskopsError MODEL_NOT_FOUND
 */
export async function listVersions(store: Store, model: string): Promise<VersionRecord[]> {
  const { name } = await getModel(store, model);
  return toRecords(
    store,
    await selectVersions(store).where('v.model', '=', name).orderBy('v.version', 'desc').execute(),
  );
}

/**
 * One version.
 * @throws RiskopsError MODEL_NOT_FOUND, VERSION_NOT_FOUND
 */
export async function getVersion(store: Store, model: string, version: number): Promise<VersionRecord> {
  const { name, latest } = await getModel(store, model);
  const row = await selectAllVersions(store)
    .where('v.model', '=', name)
    .where('v.version', '=', version)
    .executeTakeFirst();
  const found = await toRecord(store, row);
  if (found?.deleted_at === null) return found;
  const range = latest === null ? 'It has none yet.' : `Its versions are 1 to ${latest}.`;
  throw new RiskopsError('VERSION_NOT_FOUND', {
    what: found
      ? `Version ${version} of ${name} is in the trash.`
      : `The model ${name} has no version ${version}.`,
    why: found ? `It was deleted on ${found.deleted_at}.` : range,
    fix: `riskops models show ${name}`,
    details: { model: name, version, latest },
  });
}

/**
 * The model's newest version that is not in the trash, if it was never promoted. An older one is never meant by "latest": it was passed over.
 * @throws RiskopsError MODEL_NOT_FOUND, NO_CANDIDATE
 */
export async function latestCandidate(store: Store, model: string): Promise<VersionRecord> {
  const { name } = await getModel(store, model);
  const row = await selectVersions(store)
    .where('v.model', '=', name)
    .orderBy('v.version', 'desc')
    .limit(1)
    .executeTakeFirst();
  const newest = await toRecord(store, row);
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
  const found = await toRecord(store, row);
  if (found !== undefined) return found;
  throw new RiskopsError('NO_CANDIDATE', {
    what: `The ${what} made no model.`,
    why: 'It was no training, it did not finish, or its model was deleted.',
    fix: `riskops runs show ${runs[0].run_id.slice(0, 8)}`,
  });
}

export interface VersionChoice {
  /** A run's id, or the beginning of it. */
  run?: string;
  /** A version's number or alias, as a person writes it, or `current`. */
  version?: number | string;
}

/**
 * The version of `model` that is meant: by number or alias, by run, else the newest candidate.
 * @throws RiskopsError OPTION_INVALID, VERSION_NOT_FOUND, NO_CURRENT_MODEL, and as `versionOfRun` and `latestCandidate`
 */
export async function findVersion(
  store: Store,
  model: string,
  { run, version }: VersionChoice = {},
): Promise<VersionRecord> {
  if (version !== undefined) return getVersion(store, model, await versionNumber(store, model, version));
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

/** The number that a number, an alias or `current` means. */
async function versionNumber(store: Store, model: string, version: number | string): Promise<number> {
  const text = String(version).normalize('NFC');
  if (text === 'current') return currentNumber(store, model);
  return isAliasName(text) ? (await getAlias(store, model, text)).version : parseVersion(version);
}

async function currentNumber(store: Store, model: string): Promise<number> {
  const { name, current } = await getModel(store, model);
  if (current !== null) return current.version;
  throw new RiskopsError('NO_CURRENT_MODEL', {
    what: `No version of ${name} is current.`,
    fix: `riskops history ${name}`,
    details: { model: name },
  });
}

/** A version's number as a person writes it. */
export function parseVersion(version: number | string): number {
  const number = /^[1-9]\d{0,8}$/.test(String(version)) ? Number(version) : Number.NaN;
  if (!Number.isNaN(number)) return number;
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(String(version), 80)}" is not a version.`,
    why: 'Versions are numbered 1, 2, 3 and so on, and may have aliases.',
    fix: 'riskops models show',
  });
}
