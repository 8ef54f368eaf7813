import type { ReadSecret } from '../alerts-config.js';
import type { AlertMessage } from '../message.js';
import type { Resolve } from '../safe-request.js';

/** What became of one attempt; `answer` is one printable line. */
export type SendAnswer =
  | { ok: true; answer: string }
  | {
      ok: false;
      answer: string;
      /** Another attempt would end the same way. */
      final: boolean;
      /** How long the receiver asks to be left alone. */
      retryAfterMs?: number;
      /** Nobody was there: whatever else waits for this channel need not be tried now. */
      isAway?: boolean;
    };

export interface SendOptions {
  secret: ReadSecret;
  now: () => Date;
  resolve?: Resolve;
}

/** A way to tell people. It never throws for what the receiver does. */
export type Send<C> = (channel: C, message: AlertMessage, options: SendOptions) => Promise<SendAnswer>;

/** A secret that should be there and is not; a later attempt may find it. */
export function missingSecret(variable: string): SendAnswer {
  return { ok: false, final: false, isAway: true, answer: `the variable ${variable} is not set` };
}
