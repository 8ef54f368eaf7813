import { createHmac } from 'node:crypto';
import type { WebhookChannel } from '../alerts-config.js';
import { postJson } from './post-json.js';
import { missingSecret, type Send } from './send-answer.js';

/**
 * `t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256 over the time, a full stop and the body as it was sent. The time is signed too, so
 * that a receiver can refuse what was recorded and sent again later.
 */
function signature(key: string, body: string, at: Date): string {
  const time = Math.floor(at.getTime() / 1000);
  return `t=${time},v1=${createHmac('sha256', key).update(`${time}.${body}`).digest('hex')}`;
}

/** Posts the message as JSON. */
export const sendWebhook: Send<WebhookChannel> = async (channel, message, options) => {
  const body = JSON.stringify(message);
  const headers: Record<string, string> = {
    'idempotency-key': message.delivery_id,
    'x-riskops-event': message.event,
  };
  if (channel.secretEnv !== null) {
    const key = options.secret(channel.secretEnv);
    // An unsigned message would be refused, or worse, taken.
    if (key === undefined) return missingSecret(channel.secretEnv);
    headers['x-riskops-signature'] = signature(key, body, options.now());
  }
  return postJson(channel, body, headers, options);
};
