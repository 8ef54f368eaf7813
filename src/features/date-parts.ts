/** Parts of dates as numbers: the calendar's fields, and points on a circle for those that come round again. */
const FIELDS = {
  hour: (local: Date) => local.getUTCHours(),
  /** As in ISO 8601: Monday is 1, Sunday is 7. */
  weekday: (local: Date) => local.getUTCDay() || 7,
  day: (local: Date) => local.getUTCDate(),
  dayofyear: (local: Date) => 1 + (startOfDay(local) - startOfYear(local, 0)) / DAY,
  month: (local: Date) => local.getUTCMonth() + 1,
  quarter: (local: Date) => 1 + Math.floor(local.getUTCMonth() / 3),
  year: (local: Date) => local.getUTCFullYear(),
  weekend: (local: Date) => (local.getUTCDay() % 6 === 0 ? 1 : 0),
};

/** How much of its round a field has gone through, from 0 to less than 1. */
const ROUNDS = {
  hour: (local: Date) => FIELDS.hour(local) / 24,
  weekday: (local: Date) => (FIELDS.weekday(local) - 1) / 7,
  month: (local: Date) => (FIELDS.month(local) - 1) / 12,
  dayofyear: (local: Date) =>
    (FIELDS.dayofyear(local) - 1) / ((startOfYear(local, 1) - startOfYear(local, 0)) / DAY),
};

type Field = keyof typeof FIELDS;
type Round = keyof typeof ROUNDS;
export type Part = Field | `${Round}_${'sin' | 'cos'}`;

export const PARTS: readonly Part[] = [
  ...(Object.keys(FIELDS) as Field[]),
  ...(Object.keys(ROUNDS) as Round[]).flatMap((round): Part[] => [`${round}_sin`, `${round}_cos`]),
];

const DAY = 86_400_000;
/** 400 years: the calendar is the same again. */
const ERA = 146_097 * DAY;
/** A zone's clock is asked at these times only; between two that agree it was not changed. */
const STEP = 3_600_000;
const MOST_CACHED = 200_000;

const startOfDay = (local: Date) => Math.floor(local.getTime() / DAY) * DAY;

/** Date.UTC takes years 0-99 for 1900-1999; 400 years later the calendar is the same. */
const startOfYear = (local: Date, later: number) =>
  Date.UTC(local.getUTCFullYear() + later + 400, 0, 1) - ERA;

const formatterOf = (zone: string) =>
  new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });

/** Whether this machine knows the zone. */
export function isZone(zone: string): boolean {
  try {
    return zone.length > 0 && formatterOf(zone) !== undefined;
  } catch {
    return false;
  }
}

/** How many milliseconds the clock of a zone is ahead of UTC at a time. */
function offsetAt(format: Intl.DateTimeFormat, time: number): number {
  const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  const year = part['era'].startsWith('B') ? 1 - Number(part['year']) : Number(part['year']);
  const [month, day, hour, minute, second] = ['month', 'day', 'hour', 'minute', 'second'].map((name) =>
    Number(part[name]),
  );
  const local = Date.UTC(year + 400, month - 1, day, hour, minute, second) - ERA;
  return local - Math.floor(time / 1000) * 1000;
}

/** The offset of a zone; what was asked lately is kept, for a formatter takes microseconds. */
function offsetsOf(zone: string): (time: number) => number {
  if (zone === 'UTC') return () => 0;
  const format = formatterOf(zone);
  const cache = new Map<number, number>();
  const atStep = (step: number) => {
    let offset = cache.get(step);
    if (offset === undefined) {
      if (cache.size >= MOST_CACHED) cache.clear();
      offset = offsetAt(format, step * STEP);
      cache.set(step, offset);
    }
    return offset;
  };
  return (time) => {
    const step = Math.floor(time / STEP);
    const offset = atStep(step);
    return offset === atStep(step + 1) ? offset : offsetAt(format, time);
  };
}

/** Beyond these no calendar has a date. */
const MOST_TIME = 8.6e15 - 2 * DAY;

/** The part of a time in milliseconds UTC, on the clock of a zone; missing for a time that no calendar has. */
export function datePartsOf(part: Part, zone: string): (time: number) => number {
  const offsetOf = offsetsOf(zone);
  const [round, wave] = part.split('_') as [Round, 'sin' | 'cos' | undefined];
  const partOf =
    wave === undefined
      ? FIELDS[part as Field]
      : (local: Date) => Math[wave](2 * Math.PI * ROUNDS[round](local));
  return (time) => (Math.abs(time) <= MOST_TIME ? partOf(new Date(time + offsetOf(time))) : Number.NaN);
}
