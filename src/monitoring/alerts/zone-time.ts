const formats = new Map<string, Intl.DateTimeFormat>();
const DAY_MS = 86_400_000;

/** An Error that ends a sentence when the machine knows no such time zone. */
export function checkTimeZone(zone: string): string {
  try {
    formatOf(zone);
    return zone;
  } catch {
    throw new Error('is a time zone like "Asia/Seoul" or "UTC"');
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/**
 * What a clock on the wall of the zone shows at an instant, as the milliseconds at which a clock in UTC shows the same:
 * arithmetic of days and hours is plain on it.
 */
export function wallClock(zone: string, at: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) part[type] = Number(value);
  const { year, month, day, hour, minute, second } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * The instant at which the zone's clock shows `wall`. An hour that comes twice in autumn gives the first or the last instant as asked;
 * a time that is skipped in spring is read as if the clock had not been put forward yet.
 */
export function instantOf(zone: string, wall: number, which: 'first' | 'last'): number {
  const before = wall - (wallClock(zone, wall - DAY_MS) - (wall - DAY_MS));
  const after = wall - (wallClock(zone, wall + DAY_MS) - (wall + DAY_MS));
  const found = [before, after].filter((at) => wallClock(zone, at) === wall);
  if (found.length === 0) return before;
  return which === 'first' ? Math.min(...found) : Math.max(...found);
}
