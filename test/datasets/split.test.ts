import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTable } from '../../src/datasets/read-table.js';
import { readOptionsOf } from '../../src/datasets/schema.js';
import { type Parts, parseSplit, type Split, splitRows } from '../../src/datasets/split.js';
import { appendRows, type Table } from '../../src/datasets/table.js';
import { encodeTarget } from '../../src/datasets/target.js';
import { errorOf, fileOf, numbers, tableOf, texts, UCI_FILE } from './support/tables.js';

test.each<[string, Split]>([
  ['random:0.2', { kind: 'random', fraction: 0.2 }],
  ['random:.25', { kind: 'random', fraction: 0.25 }],
  ['every:5:4', { kind: 'every', every: 5, remainder: 4 }],
  ['time:date:0.2', { kind: 'time', column: 'date', fraction: 0.2 }],
  ['group:회사: 이름:0.3', { kind: 'group', column: '회사: 이름', fraction: 0.3 }],
  ['file:C:\\data\\test.csv', { kind: 'file', path: 'C:\\data\\test.csv' }],
])('%s', (text, split) => {
  expect(parseSplit(text)).toEqual(split);
});

test.each([
  'random',
  'random:',
  'random:0',
  'random:1',
  'random:1.5',
  'random:-0.2',
  'random:20%',
  'random:0x1',
  'random:1e-1',
  'every:5',
  'every:5:5',
  'every:1:0',
  'every:5:-1',
  'every:5:4:3',
  'time:0.2',
  'time::0.2',
  'time:date',
  'group:a:2',
  'file:',
  'kfold:5',
  '',
  ':',
])('%j is no split', async (text) => {
  expect(await errorOf(() => parseSplit(text))).toMatchObject({ code: 'SPLIT_INVALID', exitCode: 2 });
});

/** Every row is in one part, and only there. */
function expectComplete({ train, test }: Parts, rowCount: number): void {
  expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: rowCount }, (_, i) => i));
}

const share = (rows: Int32Array, y: Float64Array) => rows.reduce((sum, row) => sum + y[row], 0) / rows.length;

describe('on the bundled data', async () => {
  const { table } = await readTable(UCI_FILE);
  const target = encodeTarget(table, 'class');

  test('every:5:4 takes row i when i mod 5 is 4, and nothing else', () => {
    const { train, test } = splitRows(parseSplit('every:5:4'), table, { seed: 0, target });
    expect([test.length, train.length]).toEqual([6000, 24_000]);
    expect([...test]).toEqual(Array.from({ length: 6000 }, (_, i) => 5 * i + 4));
    expectComplete({ train, test }, 30_000);
  });

  test('random:0.2 keeps the share of the classes and repeats with its seed', () => {
    const parts = splitRows(parseSplit('random:0.2'), table, { seed: 3, target });
    expectComplete(parts, 30_000);
    expect(parts.test).toHaveLength(6000);
    expect(share(parts.test, target.y)).toBeCloseTo(share(parts.train, target.y), 4);
    expect(splitRows(parseSplit('random:0.2'), table, { seed: 3, target })).toEqual(parts);
    const other = splitRows(parseSplit('random:0.2'), table, { seed: 4, target }).test;
    const common = other.filter((row) => parts.test.includes(row)).length;
    expect(common / 6000).toBeGreaterThan(0.15);
    expect(common / 6000).toBeLessThan(0.25);
  });
});

const fraction = fc.double({ min: 0.05, max: 0.95, noNaN: true });
const keys = (most: number) =>
  fc.array(fc.integer({ min: -most, max: most }), { minLength: 2, maxLength: 60 });

/** The parts, or undefined where the data allow none. */
function tryToSplit(split: Split, table: Table, seed: number): Parts | undefined {
  try {
    return splitRows(split, table, { seed });
  } catch {
    return undefined;
  }
}

describe('properties', () => {
  test('time: all of the test part is later, equal times stay together, the cut is the nearest that can be', () => {
    fc.assert(
      fc.property(keys(12), fraction, (times, share) => {
        const table = tableOf(numbers('t', times, 'integer'));
        const parts = tryToSplit({ kind: 'time', column: 't', fraction: share }, table, 0);
        const distinct = new Set(times).size;
        expect(parts === undefined).toBe(distinct === 1);
        if (parts === undefined) return;
        expectComplete(parts, times.length);
        const at = (rows: Int32Array) => Array.from(rows, (row) => times[row]);
        expect(Math.max(...at(parts.train))).toBeLessThan(Math.min(...at(parts.test)));
        for (const rows of [parts.train, parts.test])
          expect(at(rows)).toEqual(at(rows).sort((a, b) => a - b));
        const goal = Math.round(times.length * share);
        const sizes = [...new Set(times)]
          .map((cut) => times.filter((time) => time >= cut).length)
          .filter((size) => size < times.length);
        const nearest = Math.min(...sizes.map((size) => Math.abs(size - goal)));
        expect(Math.abs(parts.test.length - goal)).toBe(nearest);
      }),
      { numRuns: 400, seed: 11 },
    );
  });

  test('group: groups stay whole, and the seed decides', () => {
    fc.assert(
      fc.property(keys(6), fraction, fc.integer({ min: 0, max: 1000 }), (groups, share, seed) => {
        const table = tableOf(texts('g', groups.map(String)));
        const split: Split = { kind: 'group', column: 'g', fraction: share };
        const parts = tryToSplit(split, table, seed);
        expect(parts === undefined).toBe(new Set(groups).size === 1);
        if (parts === undefined) return;
        expectComplete(parts, groups.length);
        const inTest = new Set(Array.from(parts.test, (row) => groups[row]));
        for (const row of parts.train) expect(inTest.has(groups[row])).toBe(false);
        expect(tryToSplit(split, table, seed)).toEqual(parts);
      }),
      { numRuns: 400, seed: 12 },
    );
  });

  test('random: disjoint, complete, of the size that was asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fraction, fc.integer(), (count, share, seed) => {
        const table = tableOf(
          numbers(
            'x',
            Array.from({ length: count }, (_, i) => i),
          ),
        );
        const parts = splitRows({ kind: 'random', fraction: share }, table, { seed });
        expectComplete(parts, count);
        expect(parts.test.length).toBe(Math.min(count - 1, Math.max(1, Math.round(count * share))));
      }),
      { numRuns: 200, seed: 13 },
    );
  });
});

test('groups come near to their share when they are many', () => {
  const table = tableOf(
    numbers(
      'g',
      Array.from({ length: 10_000 }, (_, i) => i % 100),
      'integer',
    ),
  );
  expect(splitRows(parseSplit('group:g:0.2'), table, { seed: 5 }).test).toHaveLength(2000);
});

test('file: the rows of the second file are the test part, read with the types of the first', async () => {
  const first = await readTable(fileOf('code,y\n1,0\nA,1\nB,0\nC,1\n'));
  const second = await readTable(fileOf('y,code,more\n1,7,x\n0,8,x\n'), readOptionsOf(first.schema));
  const table = appendRows(first.table, second.table);
  const target = encodeTarget(table, 'y');
  const parts = splitRows(parseSplit('file:test.csv'), table, { seed: 0, target, firstFileRows: 4 });
  expect(parts).toEqual({ train: Int32Array.of(0, 1, 2, 3), test: Int32Array.of(4, 5) });
});

test('rows without a target are in no part, and do not move the others', () => {
  const y = Array.from({ length: 20 }, (_, i) => (i % 7 === 3 ? Number.NaN : i));
  const table = tableOf(
    numbers('y', y),
    numbers('t', [...y.keys()]),
    numbers(
      'g',
      Array.from(y, (_, i) => i % 4),
    ),
  );
  const target = encodeTarget(table, 'y');
  for (const rule of ['random:0.3', 'every:5:4', 'time:t:0.2', 'group:g:0.25']) {
    const { train, test } = splitRows(parseSplit(rule), table, { seed: 0, target });
    expect([...train, ...test].sort((a, b) => a - b)).toEqual([...y.keys()].filter((row) => row % 7 !== 3));
    if (rule === 'every:5:4') expect([...test]).toEqual([4, 9, 14, 19]);
  }
});

test.each<[string, RegExp]>([
  ['every:9:8', /test part without rows/],
  ['time:same:0.2', /test part without rows/],
  ['group:same:0.2', /test part without rows/],
  ['file:other.csv', /test part without rows/],
  ['time:t:0.2', /test part with one class/],
  ['time:gap:0.2', /cannot be split by the column "gap"/],
  ['group:gap:0.2', /cannot be split by the column "gap"/],
  ['time:name:0.2', /cannot be split by the column "name"/],
])('%s is refused', async (rule, what) => {
  const table = tableOf(
    numbers('y', [0, 1, 0, 1, 1, 1]),
    numbers('t', [1, 2, 3, 4, 5, 6], 'date'),
    numbers('same', [1, 1, 1, 1, 1, 1]),
    numbers('gap', [1, 2, Number.NaN, 4, 5, 6]),
    texts('name', ['a', 'b', 'c', 'd', 'e', 'f']),
  );
  const target = encodeTarget(table, 'y');
  const error = await errorOf(() => splitRows(parseSplit(rule), table, { seed: 0, target }));
  expect(error.code).toBe('SPLIT_INVALID');
  expect(error.message).toMatch(what);
  const unknown = await errorOf(() => splitRows(parseSplit('time:tt:0.2'), table, { seed: 0 }));
  expect(unknown).toMatchObject({ code: 'COLUMN_NOT_FOUND', why: expect.stringContaining('"t"') });
});

describe('a target of many classes', () => {
  const names = Array.from({ length: 60 }, (_, row) => (row === 4 ? 'd' : ['a', 'b', 'c'][row % 3]));
  const table = tableOf(texts('y', names));
  const target = encodeTarget(table, 'y');

  test('a random split keeps the share of each, and a single row of one to learn from', () => {
    const { train, test } = splitRows(parseSplit('random:0.2'), table, { seed: 3, target });
    expectComplete({ train, test }, 60);
    for (const place of [0, 1, 2]) expect(test.filter((row) => target.y[row] === place)).toHaveLength(4);
    expect(train).toContain(4);
  });

  test('a class that only held-out rows have is named', async () => {
    expect(await errorOf(() => splitRows(parseSplit('every:5:4'), table, { seed: 0, target }))).toMatchObject(
      {
        code: 'SPLIT_INVALID',
        message: 'The split leaves the training part without rows of class "d".',
      },
    );
  });
});
