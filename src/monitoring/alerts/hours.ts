import { suggestWord } from '../../util/text.js';
import { instantOf, wallClock } from './zone-time.js';

/** Hours of some weekdays, by the clock on the wall. */
export interface HoursRange {
  /** 0 is Sunday. */
  days: number[];
  /** Minutes since midnight; `to` is beyond 1440 when the range ends on the next day. */
  from: number;
  to: number;
}

/** When a rule is awake. */
export interface Hours {
  zone: string;
  ranges: HoursRange[];
}

type Interval = [start: number, end: number];

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Days that are looked at together on the way back. */
const CHUNK_DAYS = 8;
/** Spans are at most 400 days; hours of one day a week must not make the way back endless. */
const MOST_CHUNKS = 100;

function dayNumber(word: string): number {
  const at = DAYS.indexOf(word.trim().toLowerCase());
  if (at < 0)
    throw new Error(
      `has the day "${word}"; ${suggestWord(word, ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])}`,
    );
  return at;
}

function parseDays(text: string): number[] {
  if (text.toLowerCase() === 'daily') return [0, 1, 2, 3, 4, 5, 6];
  return text.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(dayNumber);
    const count = ((last - first + 7) % 7) + 1;
    return Array.from({ length: count }, (_, i) => (first + i) % 7);
  });
}

function parseMinutes(text: string): number {
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(text) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  if (hour === undefined || Number(minute) > 59 || minutes > 1440)
    throw new Error(`has the time "${text}", which is none like 08:30`);
  return minutes;
}

/** `Mon-Fri 08:00-18:00`, `Sat,Sun 10:00-12:30`, `daily 22:00-06:00`; an Error that ends a sentence. */
export function parseHours(text: string): HoursRange {
  const [days, times, ...rest] = text.trim().split(/\s+/);
  const [start, end, ...more] = (times ?? '').split('-');
  if (end === undefined || rest.length > 0 || more.length > 0)
    throw new Error('is like "Mon-Fri 08:00-18:00", or a list of such');
  const from = parseMinutes(start);
  const to = parseMinutes(end);
  if (from === to || from === 1440) throw new Error('has a range without length');
  return { days: parseDays(days), from, to: to > from ? to : to + 1440 };
}

/** The awake stretches between two instants, in order and without overlap. */
function stretches({ zone, ranges }: Hours, from: number, to: number): Interval[] {
  const found: Interval[] = [];
  const firstDay = Math.floor(wallClock(zone, from) / DAY_MS) - 1;
  const lastDay = Math.floor(wallClock(zone, to) / DAY_MS);
  for (let day = firstDay; day <= lastDay; day++) {
    const weekday = new Date(day * DAY_MS).getUTCDay();
    for (const range of ranges) {
      if (!range.days.includes(weekday)) continue;
      const start = instantOf(zone, day * DAY_MS + range.from * MINUTE_MS, 'first');
      const end = instantOf(zone, day * DAY_MS + range.to * MINUTE_MS, 'last');
      if (end > from && start < to) found.push([Math.max(start, from), Math.min(end, to)]);
    }
  }
  found.sort((a, b) => a[0] - b[0]);
  return found.reduce<Interval[]>((merged, next) => {
    const last = merged.at(-1);
    if (last !== undefined && next[0] <= last[1]) last[1] = Math.max(last[1], next[1]);
    else merged.push(next);
    return merged;
  }, []);
}

/** Whether an instant is within the hours; without hours it always is. */
export function isAwake(hours: Hours | null, at: Date): boolean {
  return hours === null || stretches(hours, at.getTime(), at.getTime() + 1).length > 0;
}

/**
 * How far back one must go from `to` for so many milliseconds of the hours to have passed: two hours of silence on a Monday at
 * 09:00 begin on Friday afternoon, when only working hours count.
 */
export function spanBack(hours: Hours | null, to: Date, spanMs: number): Date {
  if (hours === null) return new Date(to.getTime() - spanMs);
  let left = spanMs;
  let end = to.getTime();
  for (let chunk = 0; chunk < MOST_CHUNKS; chunk++) {
    const start = end - CHUNK_DAYS * DAY_MS;
    for (const [from, until] of stretches(hours, start, end).reverse()) {
      if (until - from >= left) return new Date(until - left);
      left -= until - from;
    }
    end = start;
  }
  return new Date(end);
}
