import { printable } from '../../../util/text.js';
import type { Channel } from '../alerts-config.js';
import type { AlertMessage } from '../message.js';
import { sendByCommand } from './command.js';
import { sendEmail } from './email.js';
import type { SendAnswer, SendOptions } from './send-answer.js';
import { sendSlack } from './slack.js';
import { sendWebhook } from './webhook.js';

/** Makes one attempt to bring a message to its channel. */
export async function send(
  channel: Channel,
  message: AlertMessage,
  options: SendOptions,
): Promise<SendAnswer> {
  try {
    switch (channel.kind) {
      case 'webhook':
        return await sendWebhook(channel, message, options);
      case 'slack':
        return await sendSlack(channel, message, options);
      case 'email':
        return await sendEmail(channel, message, options);
      case 'command':
        return await sendByCommand(channel, message, options);
    }
  } catch (error) {
    return { ok: false, final: false, answer: printable(String((error as Error).message ?? error), 300) };
  }
}
