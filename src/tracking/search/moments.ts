/** A day, or a time with its zone: `2026-03-01`, `2026-03-01T12:00Z`, `2026-03-01T12:00:00.000+09:00`. */
const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Units of time in milliseconds. */
const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const isDay = (text: string): boolean => text.length === 10;

/** The moment in UTC as records have it, `2026-03-01T12:00:00.000Z`; a day is its beginning. Undefined when it is none. */
export function momentText(given: string): string | undefined {
  const text = given.toUpperCase();
  const [, year, month, day] = MOMENT.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isInCalendar = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  const moment = new Date(text);
  return isInCalendar && !Number.isNaN(moment.getTime()) ? moment.toISOString() : undefined;
}

/** `5` and `m` in milliseconds. */
export function spanMs(amount: number, unit: string): number {
  return amount * UNIT_MS[unit];
}

/** The moment `ms` before `now`; undefined beyond the calendar of four-digit years. */
export function momentBefore(now: number, ms: number): string | undefined {
  const moment = new Date(now - ms);
  const year = moment.getUTCFullYear();
  return year >= 0 && year <= 9999 ? moment.toISOString() : undefined;
}
