import { type Selectable, sql } from 'kysely';
import { v7 } from 'uuid';
import type { AlertDeliveriesTable } from '../../storage/database/schema.js';
import type { Store } from '../../storage/store.js';
import { seededRandom } from '../../util/random.js';
import type { SendAnswer } from './channels/send-answer.js';

export type Delivery = Selectable<AlertDeliveriesTable>;

/** So often a message is tried: over four and a half hours. */
export const MOST_ATTEMPTS = 8;
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 6 * 3_600_000;
/** What waits for longer is given up: nobody looked after the channel. */
const GIVE_UP_MS = 3 * 86_400_000;

const later = (now: Date, ms: number) => new Date(now.getTime() + ms).toISOString();

/** How long a message waits after so many attempts: three times as long after each, and up to a fifth more or less, so that many do not come back at once. */
export function waitAfter(deliveryId: string, attempts: number): number {
  const random = seededRandom(Number.parseInt(deliveryId.slice(-8), 16) || 0, attempts);
  return Math.min(FIRST_WAIT_MS * 3 ** (attempts - 1), LONGEST_WAIT_MS) * (0.8 + 0.4 * random());
}

/** Gives up messages that were tried often enough by senders that died, or wait for days. */
export async function giveUpOld(store: Store, now: Date): Promise<void> {
  const at = now.toISOString();
  const old = later(now, -GIVE_UP_MS);
  const isOver = sql<boolean>`state = 'waiting' AND (lease_until IS NULL OR lease_until <= ${at})
    AND (created_at < ${old} OR attempts >= ${MOST_ATTEMPTS})`;
  const found = await store.db
    .selectFrom('alert_deliveries')
    .select('delivery_id')
    .where(isOver)
    .limit(1)
    .execute();
  if (found.length === 0) return;
  await store.write((transaction) =>
    transaction
      .updateTable('alert_deliveries')
      .set({
        state: 'failed',
        next_at: null,
        answer: sql`coalesce(answer || '; ', '') || 'given up'`,
      })
      .where(isOver)
      .execute(),
  );
}

/**
 * Takes the oldest message of a channel that is due, for `leaseMs`: nobody else sends it until then. When the one who took it
 * dies, the lease ends and it is sent again, with the same id. Messages of one alert are sent in their order.
 */
export async function claimDelivery(
  store: Store,
  channel: string,
  leaseMs: number,
  now: Date,
): Promise<Delivery | undefined> {
  const at = now.toISOString();
  // Times far ahead come from a clock that was wrong when they were written.
  const isDue = sql<boolean>`state = 'waiting' AND channel = ${channel} AND attempts < ${MOST_ATTEMPTS}
    AND (next_at <= ${at} OR next_at > ${later(now, 2 * LONGEST_WAIT_MS)})
    AND (lease_until IS NULL OR lease_until <= ${at} OR lease_until > ${later(now, 4 * leaseMs)})
    AND NOT EXISTS (
      SELECT 1 FROM alert_deliveries AS earlier
      WHERE earlier.alert_id = alert_deliveries.alert_id AND earlier.channel = alert_deliveries.channel
        AND earlier.state = 'waiting' AND earlier.delivery_id < alert_deliveries.delivery_id
    )`;
  const due = store.db.selectFrom('alert_deliveries').select('delivery_id').where(isDue).limit(1);
  // Most looks find nothing, and need no lock.
  if ((await due.execute()).length === 0) return undefined;
  return store.write(async (transaction) => {
    const found = await transaction
      .selectFrom('alert_deliveries')
      .selectAll()
      .where(isDue)
      .orderBy('delivery_id')
      .limit(1)
      .executeTakeFirst();
    if (found === undefined) return undefined;
    const taken = {
      ...{ attempts: found.attempts + 1, tried_at: at },
      ...{ lease_id: v7(), lease_until: later(now, leaseMs) },
    };
    await transaction
      .updateTable('alert_deliveries')
      .set(taken)
      .where('delivery_id', '=', found.delivery_id)
      .execute();
    return { ...found, ...taken };
  });
}

/** What an attempt came to, and what follows from it. */
export async function recordAttempt(
  store: Store,
  delivery: Delivery,
  said: SendAnswer,
  now: Date,
): Promise<Delivery['state']> {
  const { delivery_id, lease_id, attempts } = delivery;
  const free = { answer: said.answer, lease_id: null, lease_until: null };
  if (said.ok) {
    const done = { ...free, state: 'delivered' as const, delivered_at: now.toISOString(), next_at: null };
    // It is delivered whoever holds the lease by now.
    await store.write((transaction) =>
      transaction.updateTable('alert_deliveries').set(done).where('delivery_id', '=', delivery_id).execute(),
    );
    return 'delivered';
  }
  const isOver = said.final || attempts >= MOST_ATTEMPTS;
  const wait = Math.max(waitAfter(delivery_id, attempts), said.retryAfterMs ?? 0);
  const after = isOver
    ? { state: 'failed' as const, next_at: null }
    : { state: 'waiting' as const, next_at: later(now, wait) };
  await store.write((transaction) =>
    transaction
      .updateTable('alert_deliveries')
      .set({ ...free, ...after })
      .where('delivery_id', '=', delivery_id)
      .where('lease_id', '=', lease_id)
      .execute(),
  );
  return after.state;
}
