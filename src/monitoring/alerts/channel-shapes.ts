import * as z from 'zod';
import { lineText, parsedText, timeoutSeconds, variable, wordOf } from './shapes.js';

/** What each kind of channel may say in the config. */
const url = {
  url: lineText.optional(),
  urlEnv: variable.optional(),
  allowPrivate: z.boolean().default(false),
  timeoutSeconds: timeoutSeconds.default(10),
};

/** An address or `Name <address>`; its last word has an @. */
const mailAddress = parsedText((text) => {
  if (text.length <= 320 && /^[^\u0000-\u001f\u007f,;]*[^\s<>@,;]+@[^\s<>@,;]+>?$/.test(text)) return text;
  throw new Error('is a mail address like "riskops@example.com"');
});

export const channelShapes = {
  webhook: z.strictObject({ kind: z.literal('webhook'), ...url, secretEnv: variable.optional() }),
  slack: z.strictObject({ kind: z.literal('slack'), ...url }),
  email: z.strictObject({
    kind: z.literal('email'),
    host: lineText,
    port: z.number().int().min(1).max(65535).optional(),
    secure: wordOf(['tls', 'starttls', 'none'] as const).optional(),
    user: lineText.optional(),
    passwordEnv: variable.optional(),
    from: mailAddress,
    to: z.union([mailAddress.transform((one) => [one]), z.array(mailAddress).min(1).max(50)]),
    timeoutSeconds: timeoutSeconds.default(15),
  }),
  command: z.strictObject({
    kind: z.literal('command'),
    command: z.array(z.string().min(1).max(4_096)).min(1),
    timeoutSeconds: timeoutSeconds.default(30),
  }),
};

type ChannelKind = keyof typeof channelShapes;
/** As it stands in a config, and with its defaults. */
export type ChannelInput = z.input<(typeof channelShapes)[ChannelKind]>;
export type WrittenChannel = z.infer<(typeof channelShapes)[ChannelKind]>;
