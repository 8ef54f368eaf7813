import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { momentText } from '../tracking/search/moments.js';
import { printable } from '../util/text.js';
import type { PromotionRow } from './audit.js';
import { getModel, listModels } from './models.js';

/**
 * The moment in UTC as records have it; a day without an hour begins at midnight UTC.
 * @throws RiskopsError OPTION_INVALID
 */
export function toUtc(text: string): string {
  const moment = momentText(text);
  if (moment !== undefined) return moment;
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(text, 80)}" is not a moment.`,
    why: 'It must be a day of the calendar, or a time with its zone (Z for UTC).',
    fix: 'write it like 2026-03-01T12:00Z',
  });
}

/**
 * Promotions, rollbacks, retirements and approvals, newest first by their order in the chain (clocks may have gone back).
 * @throws RiskopsError MODEL_NOT_FOUND, OPTION_INVALID
 */
export async function listHistory(
  store: Store,
  model?: string,
  { limit = 50 }: { limit?: number } = {},
): Promise<PromotionRow[]> {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new RiskopsError('OPTION_INVALID', {
      what: `The limit must be a whole number from 1, and is ${limit}.`,
    });
  }
  const name = model === undefined ? undefined : (await getModel(store, model)).name;
  return store.db
    .selectFrom('promotions')
    .selectAll()
    .$if(name !== undefined, (query) => query.where('model', '=', name ?? ''))
    .orderBy('sequence', 'desc')
    .limit(limit)
    .execute();
}

/**
 * What was in force at a moment: a promotion, a rollback, or a retirement (`to_version` null: none was current); null
 * when no version was current yet. The chain's order decides where clocks went back.
 * @param isoTime a day (its beginning in UTC), or a time with its zone
 * @throws RiskopsError MODEL_NOT_FOUND, OPTION_INVALID
 */
export async function currentAt(store: Store, model: string, isoTime: string): Promise<PromotionRow | null> {
  const at = toUtc(isoTime);
  const { name } = await getModel(store, model);
  const row = await store.db
    .selectFrom('promotions')
    .selectAll()
    .where('model', '=', name)
    .where('promoted_at', '<=', at)
    .where('action', '!=', 'approve')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/**
 * What made a model's current version current; null when none is.
 * @throws RiskopsError MODEL_NOT_FOUND
 */
export async function promotionInForce(store: Store, model: string): Promise<PromotionRow | null> {
  const { name } = await getModel(store, model);
  const row = await store.db
    .selectFrom('current_versions as c')
    .innerJoin('promotions as p', 'p.promotion_id', 'c.promotion_id')
    .selectAll('p')
    .where('c.model', '=', name)
    .executeTakeFirst();
  return row ?? null;
}

/** What was in force of one model at a moment. */
export interface InForce {
  model: string;
  /** null: none was current. */
  version: number | null;
  /** What made it so: a promotion, a rollback or a retirement; null when nothing was done yet. */
  by: PromotionRow | null;
}

/**
 * Which version of a model, or of every model, was current at a moment.
 * @throws RiskopsError as `currentAt`
 */
export async function allCurrentAt(store: Store, isoTime: string, model?: string): Promise<InForce[]> {
  const names =
    model === undefined
      ? (await listModels(store)).map(({ name }) => name)
      : [(await getModel(store, model)).name];
  toUtc(isoTime);
  const found: InForce[] = [];
  for (const name of names) {
    const by = await currentAt(store, name, isoTime);
    found.push({ model: name, version: by?.to_version ?? null, by });
  }
  return found;
}
