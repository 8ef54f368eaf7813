import { existsSync } from 'node:fs';
import type { Project } from '../config.js';
import { RiskopsError } from '../errors.js';
import { repairPointer } from '../registry/current.js';
import { chooseModel } from '../registry/models.js';
import { type BackupRule, backUpWhenDue } from '../storage/backup/backup-database.js';
import { openStore } from '../storage/open-store.js';
import type { Store } from '../storage/store.js';

/**
 * A writer brings a pointer up to date that a crash left behind. Where it cannot (a link or a folder stands there), a command
 * that does not promote goes on; one that does will be refused by the registry, with the reason.
 */
async function repairQuietly(store: Store): Promise<void> {
  try {
    await repairPointer(store);
  } catch (error) {
    if (!(error instanceof RiskopsError && error.code === 'POINTER_INVALID')) throw error;
  }
}

/** `write` changes a store that is there; only `create` makes one, so a command that fails leaves nothing behind. */
export type StoreUse = 'read' | 'write' | 'create';

/**
 * Opens the project's store for the time of `work`. A command that writes says when the store was migrated by it, and ends with
 * the hourly backup when that is due.
 */
export async function withStore<T>(
  project: Project,
  use: StoreUse,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openProjectStore(project, use);
  let result: T;
  try {
    tellMigration(store);
    if (use !== 'read') await repairQuietly(store);
    result = await work(store);
  } finally {
    await store.close();
  }
  if (use !== 'read') await backUpByRule(project);
  return result;
}

function tellMigration({ migrated }: Store): void {
  if (migrated === null || migrated.backup === null) return;
  process.stderr.write(
    `Migrated the store from schema version ${migrated.from} to ${migrated.to}; as it was: ${migrated.backup}\n`,
  );
}

/** After the work is done and on disk: a backup that cannot be made is told, and changes nothing about that. */
async function backUpByRule(project: Project): Promise<void> {
  try {
    await backUpWhenDue(project.places.database, backupRule(project));
  } catch (error) {
    const text = error instanceof RiskopsError && error.why !== undefined ? `: ${error.why}` : '';
    process.stderr.write(`Warning: no hourly backup was made. ${(error as Error).message}${text}\n`);
  }
}

/** When a backup is due, by the project's settings. */
export function backupRule(project: Project): BackupRule {
  return {
    hours: project.get<number>('backupHours'),
    keep: project.get<number>('backupKeep'),
    megabytes: project.get<number>('backupMegabytes'),
  };
}

/** @throws STORE_NOT_FOUND with the next step, and as `openStore` */
export async function openProjectStore(project: Project, use: StoreUse): Promise<Store> {
  if (use === 'write' && !existsSync(project.places.database)) throw noStore(project);
  try {
    return await openStore(project.places, { mode: use === 'read' ? 'read' : 'write' });
  } catch (error) {
    if (error instanceof RiskopsError && error.code === 'STORE_NOT_FOUND') throw noStore(project, error);
    throw error;
  }
}

function noStore({ places, configPath }: Project, cause?: RiskopsError): RiskopsError {
  return new RiskopsError('STORE_NOT_FOUND', {
    what: 'There is no model and no run here yet.',
    why: `Nothing was trained: there is no store at ${places.database}.`,
    fix: configPath === null ? 'riskops init, then riskops train' : 'riskops train',
    cause,
  });
}

/** The model that is meant: `--model`, else the config's default, else the only one. */
export async function chosenModel(
  store: Store,
  project: Project,
  flags: Record<string, unknown>,
): Promise<string> {
  const asked = flags['model'] as string | undefined;
  const configured = project.get<string | null>('model') ?? undefined;
  return chooseModel(store, { asked, configured });
}

export const modelOption = {
  flag: '--model <name>',
  description: "the model; the config's default, or the only one, when not given",
  setting: 'model',
};
