import { v7 as uuidv7 } from 'uuid';
import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { appendPromotion, type PromotionRow } from './audit.js';
import { checkPointerIsOurs, projectPointer } from './current.js';
import { getVersion, type VersionRecord } from './versions.js';

export interface PromotionRecord extends PromotionRow {
  /** False when the version was current already: the record is the one that made it so. */
  changed: boolean;
}

/** Reads and proves a model file: hash, structure, golden rows. Throws what is wrong with it. */
export type VerifyFile = (path: string, options: { sha256: string }) => Promise<unknown>;

export interface PromoteOptions {
  model: string;
  version: number;
  /** The version that was current when the candidate was judged; null when there was none. */
  expectedCurrent: number | null;
  actor: string;
  /** Needed when the verdict is not to promote. */
  reason: string;
  /** The gate's; null when it was not asked. */
  verdict: PromotionRow['verdict'];
  gateReportSha256: string | null;
  verifyFile?: VerifyFile;
}

type Current = { version: number; promotion_id: string } | null;

interface CurrentChange {
  model: string;
  action: PromotionRow['action'];
  to: number;
  actor: string;
  reason: string;
  verdict: PromotionRow['verdict'];
  gateReportSha256: string | null;
  /** Whether the current version is still the one that the decision was made on. */
  isExpected(current: Current): boolean;
}

const MAX_ACTOR = 200;
const MAX_REASON = 2000;

/** Text for a record: its UTF-8 and back, since half a surrogate pair would not come back as it was hashed. */
function recordText(name: string, text: string, limit: number): string {
  const kept = Buffer.from(text.trim(), 'utf8').toString('utf8');
  if (kept.length <= limit) return kept;
  throw new RiskopsError('VALUE_TOO_LONG', {
    what: `The ${name} has ${kept.length} characters; it may have ${limit}.`,
    fix: 'say it shorter, and put the rest into an artifact or a ticket',
  });
}

function checkOptions({ actor, reason, verdict, gateReportSha256 }: PromoteOptions): void {
  const refuse = (what: string, why: string, fix: string) =>
    new RiskopsError('OPTION_INVALID', { what, why, fix });
  if (actor.trim() === '')
    throw refuse(
      'A promotion needs an actor.',
      'The history says who did it.',
      'set RISKOPS_ACTOR, or "actor" in riskops.config',
    );
  if (verdict !== 'promote' && reason.trim() === '') {
    const why = verdict === null ? 'The gate did not judge it' : `The gate's verdict is ${verdict}`;
    throw refuse(
      'This promotion needs a reason.',
      `${why}.`,
      'riskops promote --force --reason "why it must be"',
    );
  }
  if (gateReportSha256 !== null && !/^[0-9a-f]{64}$/.test(gateReportSha256)) {
    throw refuse('The gate report has no SHA-256.', 'It must be 64 hex digits.', 'riskops gate');
  }
}

/**
 * Proves a version's model file against its record.
 * @throws RiskopsError MODEL_FILE_INVALID or MODEL_FILE_NOT_FOUND, naming the version
 */
export async function checkVersionFile(
  store: Store,
  { model, version, path, sha256 }: VersionRecord,
  verifyFile: VerifyFile = readModelFile,
): Promise<void> {
  try {
    await verifyFile(store.blobs.path(path), { sha256 });
  } catch (error) {
    if (!(error instanceof RiskopsError) || !error.code.startsWith('MODEL_FILE_')) throw error;
    throw new RiskopsError(error.code, {
      what: `Version ${version} of ${model} cannot become current: its model file is refused.`,
      why: error.why === undefined ? error.message : `${error.message} ${error.why}`,
      fix: 'riskops train',
      details: { model, version, path },
      cause: error,
    });
  }
}

function currentChanged(change: CurrentChange, current: Current): RiskopsError {
  const now = current === null ? 'no version is current' : `version ${current.version} is current`;
  return new RiskopsError('CURRENT_CHANGED', {
    what: `The current model of ${change.model} changed meanwhile; version ${change.to} was not made current.`,
    why: `Another promotion or rollback came between: now ${now}.`,
    details: { model: change.model, to: change.to, current: current?.version ?? null },
  });
}

function pointerFailed(
  store: Store,
  { model, to_version, promotion_id }: PromotionRow,
  cause: unknown,
): RiskopsError {
  const message =
    cause instanceof RiskopsError ? (cause.why ?? cause.message) : String((cause as Error)?.message ?? cause);
  return new RiskopsError('STORE_IO', {
    what: `Version ${to_version} of ${model} is current in the database, but current.json could not be written.`,
    why: `${printable(message)} Until that is mended, the model that was served before goes on being served.`,
    fix: 'riskops doctor --fix',
    details: { model, version: to_version, promotion_id, pointer: store.places.currentModel },
    cause,
  });
}

/** Compare-and-set and the record of it, in one transaction. */
function writeChange(store: Store, change: CurrentChange): Promise<PromotionRecord> {
  const { model, to, isExpected, gateReportSha256, ...rest } = change;
  return store.write(async (transaction) => {
    const current =
      (await transaction
        .selectFrom('current_versions')
        .selectAll()
        .where('model', '=', model)
        .executeTakeFirst()) ?? null;
    if (current?.version === to) {
      const made = transaction
        .selectFrom('promotions')
        .selectAll()
        .where('promotion_id', '=', current.promotion_id);
      return { ...(await made.executeTakeFirstOrThrow()), changed: false };
    }
    if (!isExpected(current)) throw currentChanged(change, current);
    const promotion_id = uuidv7();
    const row = await appendPromotion(transaction, {
      ...rest,
      promotion_id,
      model,
      from_version: current?.version ?? null,
      to_version: to,
      gate_report_sha256: gateReportSha256,
      promoted_at: new Date().toISOString(),
    });
    await transaction
      .insertInto('current_versions')
      .values({ model, version: to, promotion_id })
      .onConflict((conflict) => conflict.column('model').doUpdateSet({ version: to, promotion_id }))
      .execute();
    return { ...row, changed: true };
  });
}

/**
 * Makes a version current: the row is committed first, the pointer is written from the database after it.
 * @throws RiskopsError CURRENT_CHANGED, POINTER_INVALID (nothing is changed), STORE_IO (the row stands, the pointer does not)
 */
export async function changeCurrent(store: Store, change: CurrentChange): Promise<PromotionRecord> {
  const actor = recordText('actor', change.actor, MAX_ACTOR);
  const reason = recordText('reason', change.reason, MAX_REASON);
  await checkPointerIsOurs(store);
  const record = await writeChange(store, { ...change, actor, reason });
  try {
    await projectPointer(store);
  } catch (error) {
    throw pointerFailed(store, record, error);
  }
  return record;
}

/**
 * Promotes a version: proves its model file, then makes it current if the version it was judged against still is,
 * and writes the pointer. A version that is current already is left as it is (`changed` is false).
 * @throws RiskopsError VERSION_NOT_FOUND, MODEL_FILE_INVALID, MODEL_FILE_NOT_FOUND, CURRENT_CHANGED, OPTION_INVALID,
 *   POINTER_INVALID (each leaves everything as it was), STORE_IO (the promotion stands, the pointer is behind)
 */
export async function promoteVersion(store: Store, options: PromoteOptions): Promise<PromotionRecord> {
  checkOptions(options);
  const { model, version, expectedCurrent, verifyFile, ...evidence } = options;
  const record = await getVersion(store, model, version);
  await checkVersionFile(store, record, verifyFile);
  return changeCurrent(store, {
    ...evidence,
    model: record.model,
    action: 'promote',
    to: version,
    isExpected: (current) => (current?.version ?? null) === expectedCurrent,
  });
}
