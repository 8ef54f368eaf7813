import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { writeFileDurably } from '../util/files.js';
import { toPrettyJson } from '../util/json.js';
import { runKeys } from './run-names.js';
import { detailOf, type RunRow } from './run-records.js';

type RunName = Pick<RunRow, 'run_id' | 'dir_name' | 'created_at'>;

/** Writes the run's manifest.json from what the database holds now. */
export async function writeManifest(store: Store, runId: string): Promise<void> {
  const row = await store.db
    .selectFrom('runs')
    .selectAll()
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow();
  // The status on record, not the one derived for readers: this is the run's own account.
  const manifest = await detailOf(store, row, row.status);
  await store.blobs.put(runKeys.manifest(row.dir_name), `${toPrettyJson(manifest)}\n`);
}

/** Writes `_by_id/<run_id>.json` of a run, and `_latest.json`. */
export async function writePointers(store: Store, run: RunName): Promise<void> {
  await store.blobs.put(runKeys.byId(run.run_id), pointerText(run));
  await writeLatest(store);
}

/**
 * Writes `_latest.json`: the newest run that is not in the trash; without one there is no such file. Under the write
 * lock, and from what is read there: of two runs that start at once the newer one stays.
 */
export async function writeLatest(store: Store): Promise<void> {
  const path = store.blobs.path(runKeys.latest);
  await store.write(async (transaction) => {
    const newest = await transaction
      .selectFrom('runs')
      .select(['run_id', 'dir_name', 'created_at'])
      .where('deleted_at', 'is', null)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (newest !== undefined) writeFileDurably(path, pointerText(newest));
    else store.blobs.remove(runKeys.latest);
  });
}

function pointerText({ run_id, dir_name, created_at }: RunName): string {
  const pointer = { run_id, run_dir_name: dir_name, manifest_path: runKeys.manifest(dir_name), created_at };
  return `${toPrettyJson(pointer)}\n`;
}

/** A file about a run that is not as the database has it. */
export interface StaleFile {
  /** Its key below the artifacts folder. */
  path: string;
  why: string;
}

/** Which manifests and pointer files are missing, damaged or behind the database; nothing is written. */
export async function checkPointers(store: Store): Promise<StaleFile[]> {
  return (await staleFiles(store)).map(({ path, why }) => ({ path, why }));
}

/** Writes again what `checkPointers` names, and says what that was. */
export async function rebuildPointers(store: Store): Promise<StaleFile[]> {
  const stale = await staleFiles(store);
  for (const file of stale) await file.mend();
  return stale.map(({ path, why }) => ({ path, why }));
}

type MendableFile = StaleFile & { mend(): Promise<unknown> };

async function staleFiles(store: Store): Promise<MendableFile[]> {
  const runs = await store.db
    .selectFrom('runs')
    .select(['run_id', 'dir_name', 'created_at', 'status', 'ended_at', 'deleted_at'])
    .orderBy('sequence')
    .execute();
  const stale: MendableFile[] = [];
  for (const run of runs) {
    const manifest = runKeys.manifest(run.dir_name);
    const pointer = runKeys.byId(run.run_id);
    const facts = { run_id: run.run_id, status: run.status, ended_at: run.ended_at };
    const manifestFault = await faultOf(store, manifest, facts);
    if (manifestFault)
      stale.push({ path: manifest, why: manifestFault, mend: () => writeManifest(store, run.run_id) });
    const pointerFault = await faultOf(store, pointer, JSON.parse(pointerText(run)));
    if (pointerFault)
      stale.push({
        path: pointer,
        why: pointerFault,
        mend: () => store.blobs.put(pointer, pointerText(run)),
      });
  }
  const newest = runs.findLast((run) => run.deleted_at === null);
  const latestFault = newest && (await faultOf(store, runKeys.latest, JSON.parse(pointerText(newest))));
  if (latestFault) stale.push({ path: runKeys.latest, why: latestFault, mend: () => writeLatest(store) });
  return stale;
}

/** Why the JSON file at `key` does not hold `facts`, undefined when it does. */
async function faultOf(
  store: Store,
  key: string,
  facts: Record<string, unknown>,
): Promise<string | undefined> {
  let found: unknown;
  try {
    found = JSON.parse((await store.blobs.get(key)).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return 'it is damaged';
    if (!(error instanceof RiskopsError)) throw error;
    return error.code === 'ARTIFACT_NOT_FOUND' ? 'it is missing' : `it cannot be read: ${error.why}`;
  }
  const held = found as Record<string, unknown> | null;
  const same = Object.entries(facts).every(([name, value]) => held?.[name] === value);
  return same ? undefined : 'it is behind the database';
}
