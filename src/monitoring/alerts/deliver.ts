import type { Store } from '../../storage/store.js';
import type { Channel } from './alerts-config.js';
import { send } from './channels/all.js';
import type { SendOptions } from './channels/send-answer.js';
import { claimDelivery, giveUpOld, recordAttempt } from './claim.js';
import type { AlertMessage } from './message.js';

export interface DeliverOptions extends SendOptions {
  channels: readonly Channel[];
  /** No message is begun after so long; 30 s. */
  budgetMs?: number;
  /** Aborted: no message is begun any more. */
  signal?: AbortSignal;
}

/** One attempt, as it went. */
export interface Attempt {
  delivery_id: string;
  channel: string;
  rule: string;
  event: AlertMessage['event'];
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  answer: string;
  ms: number;
}

/** Beyond the time that a message may take: writing down what came of it. */
const LEASE_MARGIN_MS = 30_000;
/** A mail may take three times its time limit. */
const leaseOf = ({ timeoutMs }: Channel) => 3 * timeoutMs + LEASE_MARGIN_MS;

async function deliverTo(channel: Channel, store: Store, options: DeliverOptions): Promise<Attempt[]> {
  const { now, signal, budgetMs = 30_000 } = options;
  const until = performance.now() + budgetMs;
  const attempts: Attempt[] = [];
  while (performance.now() < until && signal?.aborted !== true) {
    const delivery = await claimDelivery(store, channel.name, leaseOf(channel), now());
    if (delivery === undefined) break;
    const message: AlertMessage = JSON.parse(delivery.message_json);
    const begun = performance.now();
    const said = await send(channel, message, options);
    const ms = Math.round(performance.now() - begun);
    const state = await recordAttempt(store, delivery, said, now());
    const { delivery_id, rule, event } = message;
    const { answer } = said;
    attempts.push({
      ...{ delivery_id, channel: channel.name, rule, event, state },
      ...{ attempts: delivery.attempts, answer, ms },
    });
    // Where nobody is there, each message of the channel would only wait out its time.
    if (!said.ok && said.isAway === true) break;
  }
  return attempts;
}

/**
 * Sends what is due, each channel by itself so that a slow one holds up no other, and writes down what came of it. Any number of
 * processes may do so at once.
 */
export async function deliverDue(store: Store, options: DeliverOptions): Promise<Attempt[]> {
  await giveUpOld(store, options.now());
  const settled = await Promise.allSettled(
    options.channels.map((channel) => deliverTo(channel, store, options)),
  );
  // All have ended before an error goes on: the store may be closed then.
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
}
