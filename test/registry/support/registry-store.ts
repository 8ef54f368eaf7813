import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readPointer } from '../../../src/registry/current.js';
import { getModel } from '../../../src/registry/models.js';
import { type PromotionRecord, promoteVersion } from '../../../src/registry/promote.js';
import { registerVersion, type VersionRecord } from '../../../src/registry/versions.js';
import { openStore } from '../../../src/storage/open-store.js';
import type { OpenOptions, Store, StorePlaces } from '../../../src/storage/store.js';
import { temporaryFolder } from '../../support/temporary.js';
import { tinyModelFile } from './tiny-model.js';

export function placesIn(folder: string): StorePlaces {
  return {
    database: join(folder, 'data', 'riskops.db'),
    artifacts: join(folder, 'artifacts'),
    currentModel: join(folder, 'artifacts', 'models', 'current.json'),
  };
}

/** A store that is closed when the test ends. */
export async function openTestStore(
  places: StorePlaces = placesIn(temporaryFolder()),
  mode: OpenOptions['mode'] = 'write',
): Promise<Store> {
  const store = await openStore(places, { mode });
  onTestFinished(() => store.close());
  return store;
}

/** A run as tracking would have left it. */
export async function addRun(
  store: Store,
  kind = 'train',
  run_id = randomBytes(16).toString('hex'),
): Promise<string> {
  const created_at = new Date().toISOString();
  await store.write((transaction) =>
    transaction
      .insertInto('runs')
      .values({
        run_id,
        dir_name: `20260301_120000_${kind}_${run_id}`,
        kind,
        model: null,
        status: 'FINISHED',
        created_at,
        ended_at: created_at,
        duration_ms: 1,
        error: null,
        note: null,
        git_commit: null,
        git_branch: null,
        git_dirty: null,
        host: 'here',
        pid: 1,
        boot_id: 'boot',
        process_started: 'then',
        heartbeat_at: created_at,
      })
      .execute(),
  );
  return run_id;
}

/** A run and its model file, registered as the next version; `prediction` is what the model says of every row. */
export async function addVersion(store: Store, model = 'credit', prediction = 0.5): Promise<VersionRecord> {
  const runId = await addRun(store);
  const path = `models/${model}/candidates/${runId}_dummy.safetensors`;
  const { bytes, contentSha256 } = await tinyModelFile(prediction);
  const { sha256 } = await store.blobs.put(path, bytes);
  return registerVersion(store, {
    model,
    runId,
    learner: 'dummy',
    path,
    sha256,
    contentSha256,
    bytes: bytes.length,
    metrics: { auc: 0.5 },
  });
}

export async function addVersions(store: Store, count: number, model = 'credit'): Promise<VersionRecord[]> {
  const versions: VersionRecord[] = [];
  for (let i = 0; i < count; i++) versions.push(await addVersion(store, model, (i + 1) / (count + 1)));
  return versions;
}

/** Promotes against whatever is current. */
export async function promote(store: Store, version: number, model = 'credit'): Promise<PromotionRecord> {
  const { current } = await getModel(store, model);
  return promoteVersion(store, {
    model,
    version,
    expectedCurrent: current?.version ?? null,
    actor: 'min',
    reason: 'better',
    verdict: 'promote',
    gateReportSha256: 'a'.repeat(64),
  });
}

/** The version that the pointer names. */
export function served(store: Store, model = 'credit'): number | undefined {
  return readPointer(store.places.currentModel)?.models[model]?.version;
}

/** The code and text of the error that `work` fails with. */
export async function failure(
  work: Promise<unknown>,
): Promise<{ code: string; exitCode: number; text: string; details: unknown }> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (reason) => reason,
  );
  const { code, message, why, fix, exitCode, details } = error;
  return { code, exitCode, text: [message, why, fix].join('\n'), details };
}
