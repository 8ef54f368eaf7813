import type { SlackChannel } from '../alerts-config.js';
import { slackText } from '../message.js';
import { postJson } from './post-json.js';
import type { Send } from './send-answer.js';

/** Posts `{ text }`, which Slack's incoming webhooks take, and those of Mattermost and Rocket.Chat. */
export const sendSlack: Send<SlackChannel> = (channel, message, options) =>
  postJson(
    channel,
    JSON.stringify({ text: slackText(message) }),
    { 'idempotency-key': message.delivery_id },
    options,
  );
