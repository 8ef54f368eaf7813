import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { RiskopsError } from '../errors.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { appendPromotion, type PromotionRow } from './audit.js';
import { checkPointerIsOurs, projectPointer } from './current.js';
import { actorText, reasonText } from './record-text.js';

export interface PromotionRecord extends PromotionRow {
  /** False when the version was current already: the record is the one that made it so. */
  changed: boolean;
}

/** What is current, as the database says it under the write lock. */
export type Current = { version: number; promotion_id: string } | null;

export interface CurrentChange {
  model: string;
  action: PromotionRow['action'];
  /** null: none is current from now on. */
  to: number | null;
  actor: string;
  reason: string;
  verdict: PromotionRow['verdict'];
  gateReportSha256: string | null;
  /** Whether the current version is still the one that the decision was made on. */
  isExpected(current: Current): boolean;
  /** What else must hold, looked at under the write lock. */
  check?(transaction: Transaction<Database>, actor: string): Promise<void>;
}

function currentChanged(change: CurrentChange, current: Current): RiskopsError {
  const now = current === null ? 'no version is current' : `version ${current.version} is current`;
  return new RiskopsError('CURRENT_CHANGED', {
    what: `The current model of ${change.model} changed meanwhile; ${change.to === null ? 'nothing was retired' : `version ${change.to} was not made current`}.`,
    why: `Another promotion, rollback or retirement came between: now ${now}.`,
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
    what: `${to_version === null ? `${model} is retired` : `Version ${to_version} of ${model} is current`} in the database, but current.json could not be written.`,
    why: `${printable(message)} Until that is mended, the model that was served before goes on being served.`,
    fix: 'riskops doctor --fix',
    details: { model, version: to_version, promotion_id, pointer: store.places.currentModel },
    cause,
  });
}

/** A version may have gone to the trash since it was read. */
async function checkIsKept(
  transaction: Transaction<Database>,
  model: string,
  version: number,
): Promise<void> {
  const mark = await transaction
    .selectFrom('version_marks')
    .select('deleted_at')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if ((mark?.deleted_at ?? null) === null) return;
  throw new RiskopsError('VERSION_NOT_FOUND', {
    what: `Version ${version} of ${model} is in the trash.`,
    why: `It was deleted on ${mark?.deleted_at}.`,
    details: { model, version },
  });
}

async function setCurrent(
  transaction: Transaction<Database>,
  { model, to_version: version, promotion_id }: PromotionRow,
): Promise<void> {
  if (version === null) {
    await transaction.deleteFrom('current_versions').where('model', '=', model).execute();
    return;
  }
  await transaction
    .insertInto('current_versions')
    .values({ model, version, promotion_id })
    .onConflict((conflict) => conflict.column('model').doUpdateSet({ version, promotion_id }))
    .execute();
}

/** Compare-and-set and the record of it, in one transaction. */
function writeChange(store: Store, change: CurrentChange): Promise<PromotionRecord> {
  const { model, to, isExpected, check, gateReportSha256, ...rest } = change;
  return store.write(async (transaction) => {
    const current =
      (await transaction
        .selectFrom('current_versions')
        .selectAll()
        .where('model', '=', model)
        .executeTakeFirst()) ?? null;
    if (current !== null && current.version === to) {
      const made = transaction
        .selectFrom('promotions')
        .selectAll()
        .where('promotion_id', '=', current.promotion_id);
      return { ...(await made.executeTakeFirstOrThrow()), changed: false };
    }
    if (!isExpected(current)) throw currentChanged(change, current);
    if (to !== null) await checkIsKept(transaction, model, to);
    await check?.(transaction, change.actor);
    const row = await appendPromotion(transaction, {
      ...rest,
      promotion_id: uuidv7(),
      model,
      from_version: current?.version ?? null,
      to_version: to,
      gate_report_sha256: gateReportSha256,
      promoted_at: new Date().toISOString(),
    });
    await setCurrent(transaction, row);
    return { ...row, changed: true };
  });
}

/**
 * Makes a version current, or none: the row is committed first, the pointer is written from the database after it.
 * @throws RiskopsError OPTION_INVALID, CURRENT_CHANGED, VERSION_NOT_FOUND, POINTER_INVALID (nothing is changed), STORE_IO (the row stands, the pointer does not)
 */
export async function changeCurrent(store: Store, change: CurrentChange): Promise<PromotionRecord> {
  const actor = actorText(change.actor);
  const reason = reasonText(change.reason);
  await checkPointerIsOurs(store);
  const record = await writeChange(store, { ...change, actor, reason });
  try {
    await projectPointer(store);
  } catch (error) {
    throw pointerFailed(store, record, error);
  }
  return record;
}
