/**
 * Dates in cells: ISO 8601 only, read as UTC unless the text names an offset, so that no machine's zone and no
 * summer time can shift a day. All arithmetic is on the calendar; the local clock is never asked.
 */

const SHAPE =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/;

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : MONTH_DAYS[month - 1];
}

/** Milliseconds of an offset such as `+09:00` or `-0530`; undefined when it is none on earth. */
function offsetMilliseconds(text: string): number | undefined {
  if (text === 'Z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(-2));
  if (hours > 15 || minutes > 59) return undefined;
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Whether the text is written like a day (`2026-02-30`), be there such a day or not. */
export function looksLikeDate(text: string): boolean {
  return text.length >= 10 && SHAPE.test(text);
}

/**
 * Milliseconds since 1970-01-01 UTC of `YYYY-MM`, `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS[.fff]]`, also with `T` and
 * with `Z` or an offset. Undefined for anything else, days that no calendar has and hour 24 included.
 */
export function parseDate(text: string): number | undefined {
  const parts = SHAPE.exec(text);
  if (parts === null) return undefined;
  const year = Number(parts[1]);
  const month = Number(parts[2]);
  if (month < 1 || month > 12) return undefined;
  const day = parts[3] === undefined ? 1 : Number(parts[3]);
  if (day < 1 || day > daysInMonth(year, month)) return undefined;
  const hour = Number(parts[4] ?? 0);
  const minute = Number(parts[5] ?? 0);
  const second = Number(parts[6] ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const millisecond = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3));
  const offset = offsetMilliseconds(parts[8] ?? 'Z');
  if (offset === undefined) return undefined;
  // Date.UTC takes years 0-99 for 1900-1999; 400 years later the calendar is the same.
  const shifted = Date.UTC(year + 400, month - 1, day, hour, minute, second, millisecond);
  return shifted - 146_097 * 86_400_000 - offset;
}

/** A date value as text: `YYYY-MM-DD`, with the time in UTC when it is not midnight. `parseDate` reads it back. */
export function formatDate(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  if (text.endsWith('T00:00:00.000Z')) return text.slice(0, 10);
  return text.endsWith('.000Z') ? `${text.slice(0, 19)}Z` : text;
}
