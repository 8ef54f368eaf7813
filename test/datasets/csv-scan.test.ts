import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Odd, scanCsv } from '../../src/datasets/csv-scan.js';
import { readCsvText } from '../../src/datasets/read-csv.js';
import { contextOf, type ReadOptions, type ReadResult } from '../../src/datasets/read-options.js';
import { kernelModule } from '../../src/util/package.js';
import { errorOf, fileOf } from './support/tables.js';

/** A table so that two of them are equal when their bytes are: NaN, -0 and the types of the arrays too. */
function bytesOf({ table, ...rest }: ReadResult) {
  const columns = table.columns.map((column) =>
    column.type === 'category'
      ? { ...column, codes: Buffer.from(Int32Array.from(column.codes).buffer).toString('hex') }
      : { ...column, values: Buffer.from(Float64Array.from(column.values).buffer).toString('hex') },
  );
  return { rowCount: table.rowCount, columns, rest };
}

/** Both readers' tables must be the same; what the scanner finds odd is left to the other. Returns whether it was read. */
async function compare(
  content: string | Uint8Array,
  options: ReadOptions = {},
  path = fileOf(content),
): Promise<boolean> {
  writeFileSync(path, content);
  const scanned = await scanCsv(path, contextOf(options));
  if (scanned instanceof Odd) return false;
  expect(bytesOf(scanned)).toEqual(bytesOf(await readCsvText(path, contextOf(options))));
  return true;
}

test('the kernel is there to be tested', () => {
  expect(kernelModule('scan')).not.toBeNull();
});

const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`));
const written = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((value) => value.toFixed(4)),
  fc.tuple(digits(12), digits(12)).map(([whole, part]) => `${whole}.${part}`),
  fc.tuple(digits(3), fc.integer({ min: -330, max: 320 })).map(([whole, power]) => `${whole}e${power}`),
  digits(25),
  fc.constantFrom(
    '0',
    '-0',
    '+5',
    '.5',
    '5.',
    '-.5',
    '1E5',
    '1.5e+03',
    '007',
    '+007',
    '0001234567890123456',
    '9007199254740991',
    '9007199254740993',
  ),
);
const odd = fc.constantFrom(
  ...[
    '',
    ' ',
    'NA',
    ' NA ',
    '-',
    '?',
    'nan',
    '-999',
    '-999.0',
    '1e400',
    '0x10',
    '1_0',
    '1.2.3',
    '--1',
    'e5',
    '1e',
    '.',
    '+',
  ],
  ...[
    'abc',
    '가나',
    'a b',
    '\u00a0',
    'true',
    'FALSE',
    '2026-01-31',
    '2026-01-31 10:00:00',
    '2026-02-30',
    'x'.repeat(40),
  ],
);
const cell = fc.oneof({ weight: 12, arbitrary: written }, { weight: 2, arbitrary: odd });
const quoted = fc.constantFrom('"a"', '""', '"1.5"', '"a ""b"" c"', '"x,y"', '"2"', '" 3 "');
/** Columns are numbers, texts, or a bit of everything. */
const column = fc.oneof(
  { weight: 4, arbitrary: fc.array(written, { minLength: 12, maxLength: 12 }) },
  {
    weight: 2,
    arbitrary: fc.array(fc.integer({ min: -999, max: 5 }).map(String), { minLength: 12, maxLength: 12 }),
  },
  { weight: 2, arbitrary: fc.array(cell, { minLength: 12, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.array(odd, { minLength: 12, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.array(fc.oneof(cell, quoted), { minLength: 12, maxLength: 12 }) },
);

describe('what the scanner reads is what the careful reader reads', () => {
  test('whatever the cells', async () => {
    const table = fc.array(column, { minLength: 2, maxLength: 5 });
    const path = fileOf('');
    let [read, runs] = [0, 0];
    const seldom = fc.integer({ min: 0, max: 30 });
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.record({
          final: fc.boolean(),
          bom: fc.boolean(),
          blank: seldom,
          marks: fc.boolean(),
          typed: seldom,
        }),
        async (columns, delimiter, lineEnd, { final, bom, blank, marks, typed }) => {
          const lines = [
            columns.map((_, i) => `c${i}`),
            ...columns[0].map((_, row) => columns.map((cells) => cells[row])),
          ];
          const text = lines.map((fields) => fields.join(delimiter));
          if (blank < text.length) text.splice(blank, 0, blank % 2 === 0 ? '' : '  ');
          const options: ReadOptions = {
            delimiter,
            ...(marks ? { missing: ['-999', 'NA', 'a much longer mark'] } : {}),
            ...(typed < 4
              ? { schema: { c0: { type: (['number', 'integer', 'category', 'date'] as const)[typed] } } }
              : {}),
          };
          runs++;
          if (
            await compare((bom ? '\ufeff' : '') + text.join(lineEnd) + (final ? lineEnd : ''), options, path)
          )
            read++;
        },
      ),
      { numRuns: 200, seed: 11 },
    );
    expect(read / runs).toBeGreaterThan(0.4);
  }, 30_000);

  test('every double that is written in 17 digits or fewer, near the hard cases too', async () => {
    const hard = [
      '1e23',
      '8.5e22',
      '9007199254740993e0',
      '1.7976931348623157e308',
      '2.2250738585072014e-308',
      '5e-324',
      '1e-400',
    ];
    const near = [
      '6929495644600919.5',
      '3.7455744005952583e15',
      '2.2250738585072011e-308',
      '179769313486231580793e288',
      '100000000000000016777215',
    ];
    const values = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      numRuns: 5_000,
      seed: 3,
    });
    const texts = [
      ...hard,
      ...near,
      ...values.flatMap((value) => [String(value), value.toPrecision(17), value.toExponential(15)]),
    ];
    const lines = texts.filter((text) => Number.isFinite(Number(text))).map((text, i) => `${text},${i}`);
    expect(await compare(`x,i\n${lines.join('\n')}\n`)).toBe(true);
  });

  test('records and fields that lie across the pieces in which the file is read', async () => {
    const rows = Array.from(
      { length: 36_000 },
      (_, i) =>
        `${i},${i / 7},"text, ${i % 5000}",${i % 3 === 0 ? '' : 'ab'.repeat(i % 60)},2026-01-${10 + (i % 20)}`,
    );
    const text = `a,b,c,d,e\r\n${rows.join('\r\n')}`;
    expect(text.length).toBeGreaterThan(3 << 20);
    expect(await compare(text)).toBe(true);
    expect(await compare(gzipSync(text))).toBe(true);
  });

  test('a column that turns out to be text far behind its beginning', async () => {
    const rows = Array.from(
      { length: 5000 },
      (_, i) => `${i},${i < 4000 ? i : `id-${i}`},${i < 4500 ? '' : 'late'}`,
    );
    expect(await compare(`a,b,c\n${rows.join('\n')}\n`)).toBe(true);
  });

  test('more distinct texts than the first tables hold', async () => {
    const rows = Array.from(
      { length: 60_000 },
      (_, i) => `${i % 7},key ${i} of many that are as long as this one is`,
    );
    expect(await compare(`a,b\n${rows.join('\n')}\n`)).toBe(true);
  });

  test('many columns', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => `c${i}`);
    const rows = Array.from({ length: 70 }, (_, row) =>
      names.map((_, i) => (i === 5 ? `t${row}` : row * i)).join(','),
    );
    expect(await compare(`${names.join(',')}\n${rows.join('\n')}\n`)).toBe(true);
  });
});

test('whole numbers beyond 2^53 and leading zeros are text where they stand alone', async () => {
  const rows = [
    '9007199254740993,007,1234567890123456,+01',
    '9007199254740995,010,"0012345678901234567",+02',
  ];
  expect(await compare(`a,b,c,d\n${rows.join('\n')}\n`)).toBe(true);
});

test.each([
  ['a quote in a plain field', 'a,b\n1,5"\n'],
  ['a line end inside quotes', 'a,b\n1,"x\ny"\n'],
  ['text behind a quote', 'a,b\n1,"x"y\n'],
  ['a quote that is not closed', 'a,b\n1,"x\n'],
  ['a short record', 'a,b\n1,2\n3\n'],
  ['a long record', 'a,b\n1,2,3\n'],
  ['a zero byte', 'a,b\n1,\u0000\n'],
  ['a byte that is not UTF-8', Buffer.from([97, 44, 98, 10, 49, 44, 0xff, 10])],
  ['one column', 'a\n1\n\n2\n'],
  ['a name that stands twice', 'a,a\n1,2\n'],
  ['a header alone', 'a,b\n'],
  ['a cell that does not fit', `a,b\n${'1,2\n'.repeat(50)}x,2\n`],
])('%s is left to the careful reader', async (_, content) => {
  expect(await scanCsv(fileOf(content), contextOf({}))).toBeInstanceOf(Odd);
});

test('a delimiter that may be part of a number is left to the careful reader', async () => {
  expect(await scanCsv(fileOf('a-b\n1-2\n'), contextOf({ delimiter: '-' }))).toBeInstanceOf(Odd);
});

test('a file that is not there, or is packed badly, ends in the same error', async () => {
  for (const read of [scanCsv, readCsvText]) {
    expect((await errorOf(() => read('nowhere.csv', contextOf({})))).code).toBe('DATA_FILE_NOT_FOUND');
    const cut = fileOf(gzipSync('a,b\n1,2\n'.repeat(1000)).subarray(0, 40));
    expect((await errorOf(() => read(cut, contextOf({})))).why).toMatch(/gzip packing is broken/);
  }
});
