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
function readMoment(text: string, name: string, now = Date.now()): string {
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
 * Refuses a time that ends before it begins: it would look like one without data.
 * @param from anything that sorts by time: UTC times, or ids of predictions
 * @param begin what the one who asked called `from`, and `end` what `to`
 * @throws RiskopsError OPTION_INVALID
 */
export function refuseReversed(
  from: string,
  to: string,
  begin = `since is ${from}`,
  end = `until is ${to}`,
): void {
  if (from <= to) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: 'until is before since.',
    why: `${begin}, and ${end}.`,
    fix: 'exchange the two, or leave out until: it is now then',
  });
}

/**
 * From when to when, as people write it; each may be left out.
 * @param nameOf the two as the caller knows them, for errors: `--since`
 * @param otherwise the beginning when none is given; the first prediction when left out
 * @throws RiskopsError OPTION_INVALID for what is no moment, and for a time without a moment in it that is over
 */
export function readRange(
  { since, until }: { since?: string | undefined; until?: string | undefined },
  nameOf: (key: 'since' | 'until') => string,
  otherwise?: string,
): { from?: string; to?: string } {
  const now = Date.now();
  const begin = since ?? otherwise;
  const [sinceName, untilName] = [nameOf('since'), nameOf('until')];
  const from = begin === undefined ? undefined : readMoment(begin, sinceName, now);
  const to = until === undefined ? undefined : readMoment(until, untilName, now);
  if (from !== undefined && to !== undefined) {
    const isDefault = since === undefined ? ` (${otherwise} when not given)` : '';
    refuseReversed(from, to, `${sinceName} is ${from}${isDefault}`, `${untilName} is ${to}`);
    if (from === to) throw noTimeIn(`${untilName} is the same moment as ${sinceName}`, `Both are ${from}.`);
  }
  if (from !== undefined && Date.parse(from) > now)
    throw noTimeIn(
      `${sinceName} is yet to come`,
      `It is ${from}, and now it is ${new Date(now).toISOString()}.`,
    );
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function noTimeIn(what: string, why: string): RiskopsError {
  const fix = 'since a moment before until and before now, such as 7d';
  return new RiskopsError('OPTION_INVALID', { what: `${what}: there is no time between.`, why, fix });
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
