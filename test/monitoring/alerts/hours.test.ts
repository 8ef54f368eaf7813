import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAwake, parseHours, spanBack } from '../../../src/monitoring/alerts/hours.js';
import { parseSpan, spanText } from '../../../src/monitoring/alerts/span.js';

const hours = (zone: string, ...texts: string[]) => ({ zone, ranges: texts.map(parseHours) });
const at = (time: string) => new Date(time);

test('hours are those of the clock on the wall of their zone', () => {
  const work = hours('Asia/Seoul', 'Mon-Fri 09:00-18:00');
  // Seoul is nine hours ahead: Friday 17:59, 18:00, Monday 08:59, 09:00 there.
  expect(isAwake(work, at('2026-03-06T08:59:59.999Z'))).toBe(true);
  expect(isAwake(work, at('2026-03-06T09:00:00.000Z'))).toBe(false);
  expect(isAwake(work, at('2026-03-08T23:59:59.999Z'))).toBe(false);
  expect(isAwake(work, at('2026-03-09T00:00:00.000Z'))).toBe(true);
  expect(isAwake(null, at('2026-03-08T03:00:00.000Z'))).toBe(true);
});

test('hours follow summer time, and a night belongs to the day that it begins on', () => {
  const vienna = hours('Europe/Vienna', 'Mon 08:00-09:00');
  // The last Monday of winter time and the first one of summer time.
  expect(isAwake(vienna, at('2026-03-23T07:30:00Z'))).toBe(true);
  expect(isAwake(vienna, at('2026-03-30T07:30:00Z'))).toBe(false);
  expect(isAwake(vienna, at('2026-03-30T06:30:00Z'))).toBe(true);
  const night = hours('Europe/Vienna', 'Sat 22:00-06:00');
  expect(isAwake(night, at('2026-03-29T03:59:00Z'))).toBe(true);
  expect(isAwake(night, at('2026-03-29T04:01:00Z'))).toBe(false);
  expect(isAwake(night, at('2026-03-27T23:00:00Z'))).toBe(false);
});

test('the hour that comes twice counts twice, and the one that is skipped does not', () => {
  const night = (zone: string) => hours(zone, 'daily 00:00-04:00');
  // New York: 2026-11-01 has 02:00 twice (an hour more), 2026-03-08 has none.
  const from = (to: string, span: number) => spanBack(night('America/New_York'), at(to), span).toISOString();
  expect(from('2026-11-01T12:00:00Z', 5 * 3_600_000)).toBe('2026-11-01T04:00:00.000Z');
  expect(from('2026-03-08T12:00:00Z', 3 * 3_600_000)).toBe('2026-03-08T05:00:00.000Z');
  // The first and the second 01:15 of that night are both before 01:30.
  const early = hours('America/New_York', 'daily 00:00-01:30');
  expect(isAwake(early, at('2026-11-01T05:15:00Z'))).toBe(true);
  expect(isAwake(early, at('2026-11-01T06:15:00Z'))).toBe(true);
  expect(isAwake(early, at('2026-11-01T06:45:00Z'))).toBe(false);
});

test('silence on a Monday morning began on Friday, when only working hours count', () => {
  const work = hours('UTC', 'Mon-Fri 08:00-18:00');
  expect(spanBack(work, at('2026-03-09T09:00:00Z'), 2 * 3_600_000)).toEqual(at('2026-03-06T17:00:00Z'));
  expect(spanBack(work, at('2026-03-09T09:00:00Z'), 100 * 3_600_000)).toEqual(at('2026-02-23T09:00:00Z'));
  expect(spanBack(null, at('2026-03-09T09:00:00Z'), 1_000)).toEqual(at('2026-03-09T08:59:59Z'));
});

test('ranges that overlap count once, and hours of one day a week come to an end', () => {
  const both = hours('UTC', 'Mon-Fri 08:00-18:00', 'daily 10:00-12:00', 'Sun 22:00-09:00');
  expect(spanBack(both, at('2026-03-09T18:00:00Z'), 20 * 3_600_000)).toEqual(at('2026-03-08T22:00:00Z'));
  const rare = spanBack(hours('UTC', 'Mon 08:00-08:01'), at('2026-03-09T09:00:00Z'), parseSpan('400d'));
  expect(Number.isNaN(rare.getTime())).toBe(false);
});

test('going back by a span leaves that much of awake time behind, in any zone', () => {
  const zones = fc.constantFrom(
    'UTC',
    'Asia/Kolkata',
    'America/New_York',
    'Pacific/Apia',
    'Australia/Lord_Howe',
  );
  const start = Date.parse('2026-01-01T00:00:00Z');
  const minutes = fc.integer({ min: 0, max: 525_600 });
  fc.assert(
    fc.property(zones, minutes, fc.integer({ min: 1, max: 700 }), (zone, offset, span) => {
      const open = hours(zone, 'Mon-Fri 08:00-18:00', 'Sat 22:00-02:30');
      const to = new Date(start + offset * 60_000);
      let left = span;
      // Minute by minute, which is slow and plainly right.
      let reached = to.getTime();
      while (left > 0) {
        reached -= 60_000;
        if (isAwake(open, new Date(reached))) left--;
      }
      expect(spanBack(open, to, span * 60_000).getTime()).toBe(reached);
    }),
    { numRuns: 4, seed: 7 },
  );
});

test.each([
  ['Mon-Fri', 'is like'],
  ['Mon-Fry 08:00-18:00', 'did you mean "Fri"?'],
  ['Mon 8:00-18:00', '"8:00"'],
  ['Mon 08:00-25:00', '"25:00"'],
  ['Mon 08:00-08:00', 'without length'],
])('%s are no hours, and it says why', (text, why) => {
  expect(() => parseHours(text)).toThrow(why);
});

test('a length of time is read, and written back', () => {
  expect(['90s', '15m', '24h', '7d'].map(parseSpan)).toEqual([90_000, 900_000, 86_400_000, 604_800_000]);
  expect([90_000, 900_000, 86_400_000].map(spanText)).toEqual(['90s', '15m', '1d']);
  for (const text of ['', '5', '5 weeks', '-1h', '401d', '1e3s']) expect(() => parseSpan(text)).toThrow();
});
