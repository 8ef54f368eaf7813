import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import type { PromotionRow } from './audit.js';
import { getModel } from './models.js';

/** A day, or a moment with its zone: `2026-03-01`, `2026-03-01T12:00Z`, `2026-03-01T12:00:00.000+09:00`. */
const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** The moment in UTC as records have it; a day without an hour begins at midnight UTC. */
function toUtc(text: string): string {
  const [, year, month, day] = MOMENT.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  const moment = new Date(text);
  if (isDay && !Number.isNaN(moment.getTime())) return moment.toISOString();
  throw new RiskopsError('OPTION_INVALID', {
    what: `"${printable(text, 80)}" is not a moment.`,
    why: 'It must be a day of the calendar, or a time with its zone (Z for UTC).',
    fix: 'write it like 2026-03-01T12:00Z',
  });
}

/**
 * Promotions and rollbacks, newest first by their order in the chain (clocks may have gone back).
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
 * The promotion or rollback that was in force at a moment; null when no version was current yet.
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
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}
