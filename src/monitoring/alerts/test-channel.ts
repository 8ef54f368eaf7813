import { v7 } from 'uuid';
import { RiskopsError } from '../../errors.js';
import { printable, suggestWord } from '../../util/text.js';
import type { AlertsConfig } from './alerts-config.js';
import { send } from './channels/all.js';
import type { SendOptions } from './channels/send-answer.js';
import type { AlertMessage } from './message.js';

export interface ChannelTested {
  channel: string;
  kind: string;
  ok: boolean;
  /** What the receiver said, or why there was none to say anything. */
  answer: string;
  ms: number;
  delivery_id: string;
}

/**
 * Sends one message of no alert, at once and without another attempt; the delivery log has none of it.
 * @throws RiskopsError CHANNEL_NOT_FOUND
 */
export async function testChannel(
  { channels }: AlertsConfig,
  name: string,
  options: SendOptions,
): Promise<ChannelTested> {
  const channel = channels.find((one) => one.name === name);
  if (channel === undefined) {
    const known = channels.map((one) => one.name);
    throw new RiskopsError('CHANNEL_NOT_FOUND', {
      what: `There is no channel "${printable(name, 80)}".`,
      why: suggestWord(name, known),
      details: { known },
    });
  }
  const at = options.now().toISOString();
  const message: AlertMessage = {
    ...{ delivery_id: v7(), alert_id: '', event: 'test', channel: name, rule: 'test', kind: 'test' },
    ...{ severity: 'info', model: null, subject: '', details: {}, first_at: at, at, times: 1 },
    summary: 'This is a test of the channel; nothing is wrong.',
  };
  const begun = performance.now();
  const { ok, answer } = await send(channel, message, options);
  const ms = Math.round(performance.now() - begun);
  return { channel: name, kind: channel.kind, ok, answer, ms, delivery_id: message.delivery_id };
}
