import type { Transaction } from 'kysely';
import { RiskopsError } from '../errors.js';
import { checkKey } from '../storage/blobs/keys.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { toJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { checkModelName } from './models.js';
import type { VersionRecord } from './version-rows.js';

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

/** The model's next number. It is counted up and never looked up, so that the number of a deleted version is not used again. */
async function nextNumber(
  transaction: Transaction<Database>,
  name: string,
  created_at: string,
): Promise<number> {
  const { last_version } = await transaction
    .insertInto('models')
    .values({ name, created_at, last_version: 1 })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet(({ eb, ref }) => ({ last_version: eb(ref('models.last_version'), '+', 1) })),
    )
    .returning('last_version')
    .executeTakeFirstOrThrow();
  return last_version;
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
    const row = {
      model,
      version: await nextNumber(transaction, model, created_at),
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
    return {
      ...row,
      metrics: { ...metrics },
      stage: 'candidate',
      protected: false,
      aliases: [],
      deleted_at: null,
    };
  });
}
