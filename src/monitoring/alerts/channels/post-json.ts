import { packageVersion } from '../../../util/package.js';
import { printable } from '../../../util/text.js';
import type { SlackChannel, WebhookChannel } from '../alerts-config.js';
import { postSafely, type SafeAnswer, UnsafeAddress } from '../safe-request.js';
import { missingSecret, type SendAnswer, type SendOptions } from './send-answer.js';

const LONGEST_WAIT_MS = 6 * 3_600_000;

/** `Retry-After` in milliseconds: seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterMs(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_WAIT_MS);
}

function judge({ status, headers, text }: SafeAnswer, now: Date): SendAnswer {
  const answer = `HTTP ${status}${text === '' ? '' : `: ${text}`}`;
  if (status >= 200 && status < 300) return { ok: true, answer };
  if (status >= 300 && status < 400)
    return { ok: false, final: true, answer: `HTTP ${status}: a redirect, which is not followed` };
  const isTemporary = status >= 500 || status === 408 || status === 429;
  return {
    ok: false,
    answer,
    final: !isTemporary,
    retryAfterMs: isTemporary ? retryAfterMs(headers['retry-after'], now) : undefined,
  };
}

/** Posts a body to a channel's URL, and says what came of it. */
export async function postJson(
  { url, urlEnv, allowPrivate, timeoutMs }: WebhookChannel | SlackChannel,
  body: string,
  headers: Record<string, string>,
  { secret, now, resolve }: SendOptions,
): Promise<SendAnswer> {
  const target = url ?? secret(urlEnv ?? '');
  if (target === undefined) return missingSecret(urlEnv ?? '');
  try {
    const answer = await postSafely({
      url: target,
      headers: {
        'content-type': 'application/json',
        'user-agent': `riskops/${packageVersion()}`,
        ...headers,
      },
      body,
      allowPrivate,
      timeoutMs,
      resolve,
    });
    return judge(answer, now());
  } catch (error) {
    const isUnsafe = error instanceof UnsafeAddress;
    const answer = faultText(error as NodeJS.ErrnoException);
    return {
      ok: false,
      final: isUnsafe,
      isAway: !isUnsafe,
      answer: isUnsafe ? `not sent: ${answer}` : answer,
    };
  }
}

/** Several addresses that all refuse come as one error without a message. */
function faultText(error: NodeJS.ErrnoException): string {
  const [first = error] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  return printable(first.message || error.code || 'the connection failed', 300);
}
