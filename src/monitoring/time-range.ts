import { RiskopsError } from '../errors.js';
import { momentBefore, momentText, spanMs } from '../tracking/search/moments.js';
import { printable } from '../util/text.js';

const SPAN = /^(\d{1,6})(ms|s|m|h|d|w)$/;

/** `7d`, `12h` or `30m` in milliseconds; undefined for what is no span, and for none at all such as `0d`. */
function spanOf(text: string): number | undefined {
  const [, amount, unit] = SPAN.exec(text.trim()) ?? [];
  const span = amount === undefined ? 0 : spanMs(Number(amount), unit);
  return span > 0 ? span : undefined;
}

/**
 * A moment as people write it: a day, a time with its zone, or how long ago (`30d`); in UTC.
 * @param name of the option, for the error: `--since`
 * @throws RiskopsError OPTION_INVALID
 */
export function readMoment(text: string, name: string, now = Date.now()): string {
  const span = spanOf(text);
  const moment = span === undefined ? momentText(text.trim()) : momentBefore(now, span);
  if (moment !== undefined) return moment;
  throw new RiskopsError('OPTION_INVALID', {
    what: `${name} is "${printable(text, 60)}", which is no moment.`,
    why: 'It is how long ago (30d, 12h), a day (2026-03-01), or a time with its zone (2026-03-01T12:00Z).',
    fix: `${name} 30d`,
  });
}

/**
 * A span of time as people write it, such as `7d`, in milliseconds.
 * @throws RiskopsError OPTION_INVALID
 */
export function readSpan(text: string, name: string): number {
  const span = spanOf(text);
  if (span !== undefined) return span;
  throw new RiskopsError('OPTION_INVALID', {
    what: `${name} is "${printable(text, 60)}", which is no span of time.`,
    why: 'It is a whole number of weeks (w), days (d), hours (h), minutes (m) or seconds (s).',
    fix: `${name} 7d`,
  });
}
