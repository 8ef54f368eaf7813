import type { Kysely, Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { RiskopsError } from '../errors.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { appendPromotion, type PromotionRow } from './audit.js';
import { actorText, reasonText } from './record-text.js';
import { getVersion } from './versions.js';

export interface ApprovalRecord extends PromotionRow {
  /** False when this person had approved the version already: the record is the one of then. */
  changed: boolean;
}

export interface ApproveOptions {
  model: string;
  version: number;
  actor: string;
  reason: string;
}

/** One person, however the name is typed: `Kim ` and `kim` do not make four eyes. */
const person = (actor: string) => actor.normalize('NFKC').trim().toLowerCase();

/** The approvals of a version that still stand: a promotion of it uses them up. Oldest first. */
export async function listApprovals(
  db: Kysely<Database>,
  model: string,
  version: number,
): Promise<PromotionRow[]> {
  const about = db.selectFrom('promotions').where('model', '=', model).where('to_version', '=', version);
  const { last } = await about
    .where('action', '=', 'promote')
    .select(({ fn }) => fn.max('sequence').as('last'))
    .executeTakeFirstOrThrow();
  return about
    .where('action', '=', 'approve')
    .where('sequence', '>', Number(last ?? 0))
    .selectAll()
    .orderBy('sequence')
    .execute();
}

function approvalMissing(
  { model, version, approvals }: ApprovalsNeeded,
  by: string[],
  actor: string,
): RiskopsError {
  const more = approvals - by.length;
  const given = by.length === 0 ? 'nobody else did' : `so far: ${by.join(', ')}`;
  return new RiskopsError('APPROVAL_MISSING', {
    what: `Version ${version} of ${model} needs ${more} more approval${more === 1 ? '' : 's'}.`,
    why: `The policy asks for ${approvals} by people other than ${actor}; ${given}.`,
    fix: `as somebody else: riskops approve --model ${model} --version ${version} --reason "..."`,
    details: { model, version, needed: approvals, missing: more, approved_by: by },
  });
}

export interface ApprovalsNeeded {
  model: string;
  version: number;
  /** Who promotes: an approval of one's own does not count. */
  actor: string;
  approvals: number;
}

/**
 * Whether enough people have approved a version.
 * @throws RiskopsError APPROVAL_MISSING
 */
export async function checkApprovals(
  transaction: Transaction<Database>,
  needed: ApprovalsNeeded,
): Promise<void> {
  if (needed.approvals <= 0) return;
  const standing = await listApprovals(transaction, needed.model, needed.version);
  const others = new Map(standing.map(({ actor }) => [person(actor), actor]));
  others.delete(person(needed.actor));
  if (others.size >= needed.approvals) return;
  throw approvalMissing(needed, [...others.values()], needed.actor);
}

/** What the approver could see: the newest judgement of the version. */
async function newestJudgement(transaction: Transaction<Database>, model: string, version: number) {
  return transaction
    .selectFrom('holdout_uses')
    .select(['verdict', 'gate_report_sha256'])
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/**
 * Puts on record that a person approves of this very version. It changes nothing that is current; a promotion whose
 * policy asks for approvals counts those by others than its actor. One that stands already is not repeated.
 * @throws RiskopsError MODEL_NOT_FOUND, VERSION_NOT_FOUND, OPTION_INVALID (no reason, or it is current already)
 */
export async function approveVersion(store: Store, options: ApproveOptions): Promise<ApprovalRecord> {
  const actor = actorText(options.actor);
  const reason = reasonText(options.reason);
  if (reason === '')
    throw new RiskopsError('OPTION_INVALID', {
      what: 'An approval needs a reason.',
      why: 'The history says what was looked at.',
      fix: `riskops approve --version ${options.version} --reason "..."`,
    });
  const { model, version, stage } = await getVersion(store, options.model, options.version);
  if (stage === 'current')
    throw new RiskopsError('OPTION_INVALID', {
      what: `Version ${version} of ${model} is current already.`,
      why: 'There is nothing left to approve.',
      fix: `riskops history ${model}`,
    });
  return store.write(async (transaction) => {
    const standing = await listApprovals(transaction, model, version);
    const own = standing.find((row) => person(row.actor) === person(actor));
    if (own !== undefined) return { ...own, changed: false };
    const judgement = await newestJudgement(transaction, model, version);
    const row = await appendPromotion(transaction, {
      promotion_id: uuidv7(),
      model,
      action: 'approve',
      from_version: null,
      to_version: version,
      actor,
      reason,
      verdict: judgement?.verdict ?? null,
      gate_report_sha256: judgement?.gate_report_sha256 ?? null,
      promoted_at: new Date().toISOString(),
    });
    return { ...row, changed: true };
  });
}
