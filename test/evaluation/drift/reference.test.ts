import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareColumn } from '../../../src/evaluation/drift/compare.js';
import {
  BINS,
  binEnds,
  categoryReference,
  dateReference,
  MOST_MARKS,
  numberReference,
  valuesIn,
} from '../../../src/evaluation/drift/reference.js';
import {
  cellOf,
  chooseSeasons,
  countSeasonal,
  placeInSeasons,
  reweigh,
} from '../../../src/evaluation/drift/seasons.js';
import { seededRandom } from '../../../src/util/random.js';

const draws = (count: number, draw: (random: () => number, row: number) => number, seed = 1) => {
  const random = seededRandom(seed);
  return Float64Array.from({ length: count }, (_, row) => draw(random, row));
};

test('the rows at and between the marks are those of the data, whatever it is', () => {
  const value = fc.oneof(
    fc.double({ noNaN: false }),
    fc.integer({ min: -3, max: 3 }),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 400 }), (list) => {
      const values = Float64Array.from(list);
      const reference = numberReference(values);
      const { marks, at, between, missing } = reference;
      const finite = values.filter(Number.isFinite);
      expect(marks.length).toBeLessThanOrEqual(MOST_MARKS);
      expect(missing).toBe(values.length - finite.length);
      expect(valuesIn(reference)).toBe(finite.length);
      expect([reference.mean, reference.deviation].every(Number.isFinite)).toBe(true);
      let below = 0;
      for (const [i, mark] of marks.entries()) {
        if (i > 0) expect(mark).toBeGreaterThan(marks[i - 1]);
        below += between[i] + at[i];
        expect(below).toBe(finite.filter((other) => other <= mark).length);
        expect(at[i]).toBe(finite.filter((other) => other === mark).length);
      }
      const ends = binEnds(reference);
      expect(ends.length).toBeLessThanOrEqual(BINS);
      if (marks.length > 0) expect(ends.at(-1)).toBe(marks.length - 1);
    }),
    { numRuns: 200 },
  );
});

test('bins of many values have a tenth of the rows each, and ties stay whole', () => {
  const reference = numberReference(draws(20_000, (random) => random()));
  const ends = binEnds(reference);
  expect(ends).toHaveLength(BINS);
  for (const [bin, end] of ends.entries()) expect(reference.marks[end]).toBeCloseTo((bin + 1) / 10, 1);
  const half = numberReference(draws(20_000, (random) => (random() < 0.5 ? 0 : random())));
  expect(half.at[0]).toBeGreaterThan(9_000);
  expect(binEnds(half).length).toBeLessThan(BINS);
});

test('a mark is no value of a row, unless many rows share it', () => {
  const values = draws(5_000, (random, row) => (row % 4 === 0 ? 0.123456789012 : random()));
  const { marks } = numberReference(values);
  expect(marks).toContain(0.123456789012);
  const long = marks.filter((mark) => String(mark).length > 10);
  // The shared one, the least and the greatest.
  expect(long.length).toBeLessThanOrEqual(3);
});

test('categories keep the most frequent ones by their codes, dates their range', () => {
  const codes = Float64Array.from([2, 2, 2, 0, 0, -1, Number.NaN]);
  expect(categoryReference(codes)).toEqual({
    kind: 'categories',
    missing: 1,
    codes: [2, 0],
    counts: [3, 2],
    other: 0,
    unseen: 1,
  });
  const many = categoryReference(Float64Array.from({ length: 200 }, (_, i) => i % 100));
  expect([many.codes.length, many.other]).toEqual([40, 120]);
  expect(dateReference(Float64Array.from([5, Number.NaN, 3]))).toEqual({
    kind: 'dates',
    missing: 1,
    rows: 3,
    range: { min: 3, max: 5 },
  });
  expect(dateReference(new Float64Array(0)).range).toBeNull();
});

test('the same rows are no drift, in every kind of column', () => {
  const columns = [
    draws(1_000, (random) => random() * 1e300),
    draws(1_000, () => 7),
    draws(1_000, (random) => (random() < 0.5 ? Number.NaN : Math.floor(3 * random()))),
    new Float64Array(1_000).fill(Number.NaN),
  ];
  for (const values of columns) {
    const { values: found, missing } = compareColumn(numberReference(values), values);
    expect(found?.p ?? 1).toBeGreaterThan(0.99);
    expect(found?.effect ?? 0).toBeLessThan(1e-9);
    expect(missing.p ?? 1).toBeGreaterThan(0.5);
  }
  expect(compareColumn(numberReference(columns[0]), new Float64Array(0))).toMatchObject({
    rows: 0,
    values: null,
  });
});

const HOUR = 3_600_000;
const MONDAY = Date.parse('2026-03-02T00:00:00Z');

test('hours of the week count from Monday, before 1970 as well', () => {
  expect(cellOf(MONDAY, 1)).toBe(0);
  expect(cellOf(MONDAY - 1, 1)).toBe(167);
  expect(cellOf(MONDAY + 25 * HOUR, 4)).toBe(6);
  expect(cellOf(Date.parse('1969-12-29T10:00:00Z'), 1)).toBe(10);
  expect(cellOf(Number.NaN, 24)).toBe(-1);
});

test('blocks of the week are as fine as the rows allow', () => {
  const hourly = (rows: number) => Float64Array.from({ length: rows }, (_, row) => MONDAY + row * HOUR);
  expect(chooseSeasons(hourly(168 * 30), 200)).toMatchObject({ hours: 1 });
  expect(chooseSeasons(hourly(168 * 30), 50)).toMatchObject({ hours: 4 });
  expect(chooseSeasons(hourly(168 * 2), 200)).toMatchObject({ hours: 24, cells: [0, 1, 2, 3, 4, 5, 6] });
  expect(chooseSeasons(hourly(24), 200)).toBeNull();
  const weekly = Float64Array.from({ length: 500 }, (_, week) => MONDAY + week * 168 * HOUR);
  expect(chooseSeasons(weekly, 200)).toBeNull();
});

/** Amounts that are high in the morning, whatever the day; and half of them missing at night. */
function seasonal(rows: number, seed: number) {
  const times = Float64Array.from({ length: rows }, (_, row) => MONDAY + row * HOUR);
  const values = draws(
    rows,
    (random, row) => {
      const hour = row % 24;
      if (hour < 4 && random() < 0.5) return Number.NaN;
      return random() + (hour >= 8 && hour < 12 ? 2 : 0);
    },
    seed,
  );
  return { times, values };
}

test('a window of mornings is drift beside all hours, and none beside mornings; what changed in the mornings is drift', () => {
  const { times, values } = seasonal(168 * 40, 3);
  const seasons = chooseSeasons(times, 200)!;
  const plain = numberReference(values);
  const places = placeInSeasons(seasons, times);
  const reference = { ...plain, seasonal: countSeasonal(plain, values, places, seasons.cells.length) };
  const window = seasonal(168 * 10, 4);
  const isMorning = window.times.map((time) =>
    Number(cellOf(time, 1) % 24 >= 8 && cellOf(time, 1) % 24 < 12),
  );
  const mornings = window.values.filter((_, row) => isMorning[row] === 1);
  const morningPlaces = placeInSeasons(
    seasons,
    window.times.filter((_, row) => isMorning[row] === 1),
  );
  const rows = new Array<number>(seasons.cells.length).fill(0);
  for (const place of morningPlaces) rows[place]++;

  const beside = reweigh(reference, rows)!;
  expect(compareColumn(plain, mornings).values?.effect).toBeGreaterThan(0.5);
  const same = compareColumn(beside, mornings);
  expect(same.values?.p).toBeGreaterThan(0.01);
  expect(same.values?.effect).toBeLessThan(0.1);
  expect(same.missing).toMatchObject({ share: 0, reference: 0 });
  expect(Math.abs(same.shift ?? 9)).toBeLessThan(0.1);
  const moved = compareColumn(
    beside,
    mornings.map((value) => value - 0.5),
  );
  expect(moved.values?.p).toBeLessThan(1e-6);
  // The mornings of the reference alone, not all of its rows, are what the test counts.
  expect(valuesIn(beside)).toBeLessThan((168 * 40) / 5);
  expect(valuesIn(beside)).toBeGreaterThan((168 * 40) / 8);
  expect(
    reweigh(
      reference,
      rows.map(() => 0),
    ),
  ).toBeNull();
});
