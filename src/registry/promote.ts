import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import type { Store } from '../storage/store.js';
import { checkApprovals } from './approvals.js';
import type { PromotionRow } from './audit.js';
import { changeCurrent, type PromotionRecord } from './change-current.js';
import { getVersion, type VersionRecord } from './versions.js';

export type { PromotionRecord } from './change-current.js';

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
  /** How many people other than the actor must have approved this version; 0. A forced promotion needs them too. */
  approvals?: number;
  verifyFile?: VerifyFile;
}

function checkOptions({ reason, verdict, gateReportSha256 }: PromoteOptions): void {
  const refuse = (what: string, why: string, fix: string) =>
    new RiskopsError('OPTION_INVALID', { what, why, fix });
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

/**
 * Promotes a version: proves its model file, then makes it current if the version it was judged against still is,
 * and writes the pointer. A version that is current already is left as it is (`changed` is false).
 * @throws RiskopsError VERSION_NOT_FOUND, MODEL_FILE_INVALID, MODEL_FILE_NOT_FOUND, CURRENT_CHANGED, APPROVAL_MISSING,
 *   OPTION_INVALID, POINTER_INVALID (each leaves everything as it was), STORE_IO (the promotion stands, the pointer is behind)
 */
export async function promoteVersion(store: Store, options: PromoteOptions): Promise<PromotionRecord> {
  checkOptions(options);
  const { model, version, expectedCurrent, verifyFile, approvals = 0, ...evidence } = options;
  const record = await getVersion(store, model, version);
  await checkVersionFile(store, record, verifyFile);
  return changeCurrent(store, {
    ...evidence,
    model: record.model,
    action: 'promote',
    to: version,
    isExpected: (current) => (current?.version ?? null) === expectedCurrent,
    check: (transaction, actor) =>
      checkApprovals(transaction, { model: record.model, version, actor, approvals }),
  });
}
