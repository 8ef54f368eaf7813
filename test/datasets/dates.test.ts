import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { formatDate, looksLikeDate, parseDate } from '../../src/datasets/dates.js';

const zone = process.env['TZ'];
afterEach(() => {
  process.env['TZ'] = zone;
});

test.each([
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['1949-07', '1949-07-01T00:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['0001-01-01', '0001-01-01T00:00:00.000Z'],
  ['0000-02-29', '0000-02-29T00:00:00.000Z'],
  ['9999-12-31 23:59:59', '9999-12-31T23:59:59.000Z'],
  ['2026-01-31 14:05', '2026-01-31T14:05:00.000Z'],
  ['2026-01-31T14:05:06.7', '2026-01-31T14:05:06.700Z'],
  ['2026-01-31T14:05:06.123456Z', '2026-01-31T14:05:06.123Z'],
  ['2026-01-31T00:30:00+09:00', '2026-01-30T15:30:00.000Z'],
  ['2026-01-31 23:30-0530', '2026-02-01T05:00:00.000Z'],
])('%s is %s', (text, iso) => {
  expect(parseDate(text)).toBe(new Date(iso).getTime());
});

test.each([
  '2026-02-30',
  '2025-02-29',
  '1900-02-29',
  '2026-00-01',
  '2026-13-01',
  '2026-01-00',
  '2026-01-01 24:00',
  '2026-01-01T23:60',
  '2026-01-01T23:59:60',
  '2026-01-01T10:00+25:00',
])('%s looks like a date and is none', (text) => {
  expect(looksLikeDate(text)).toBe(true);
  expect(parseDate(text)).toBeUndefined();
});

test.each([
  '2026-1-1',
  '20260101',
  '2026',
  '2026-01-01Z',
  '01/02/2026',
  '2026-01-01 5:00',
  '2026-01-01\n',
  '',
])('%j does not look like a date', (text) => {
  expect(looksLikeDate(text)).toBe(false);
  expect(parseDate(text)).toBeUndefined();
});

// Each zone skips or repeats an hour, or a whole day, at one of these times.
test('no zone and no summer time shifts a date', () => {
  const days = [
    '2024-03-10',
    '2024-03-10 02:30',
    '2018-11-04 00:30',
    '2011-12-30',
    '2024-10-27 02:30',
    '1988-05-08 02:30',
  ];
  const read = (name: string) => {
    process.env['TZ'] = name;
    return days.map((day) => [parseDate(day), formatDate(parseDate(day)!)]);
  };
  const wanted = read('UTC');
  expect(wanted.map(([, text]) => text).slice(0, 2)).toEqual(['2024-03-10', '2024-03-10T02:30:00Z']);
  for (const name of [
    'Asia/Ulaanbaatar',
    'Asia/Seoul',
    'America/New_York',
    'America/Sao_Paulo',
    'Pacific/Apia',
    'Europe/London',
  ]) {
    expect(read(name)).toEqual(wanted);
  }
});

test('what is written is read back', () => {
  const moment = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(moment, fc.constantFrom(1, 1000, 86_400_000), (time, step) => {
      const value = Math.floor(time / step) * step;
      expect(parseDate(formatDate(value))).toBe(value);
    }),
    { numRuns: 1000, seed: 3 },
  );
});
