import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTable } from '../../src/datasets/read-table.js';
import { readOptionsOf } from '../../src/datasets/schema.js';
import { columnOf, type NumericColumn } from '../../src/datasets/table.js';
import { temporaryFolder } from '../support/temporary.js';
import { errorOf, fileOf, readText, UCI_FILE, uciText, valuesOf } from './support/tables.js';

const RECORDS = [
  ['회사', '매출', '비고'],
  ['DL이앤씨', '12.5', 'said "no", twice'],
  ['GS건설', '-3', 'two\nlines'],
  ['현대 건설', '', 'plain'],
];

/** The records in a dialect; fields are quoted where they must be, or all of them. */
function write(delimiter: string, lineEnd: string, { all = false, final = true } = {}): string {
  const field = (text: string) =>
    all || /["\n\r,;\t|]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return RECORDS.map((record) => record.map(field).join(delimiter)).join(lineEnd) + (final ? lineEnd : '');
}

describe('dialects', () => {
  const dialects = [',', ';', '\t', '|'].flatMap((delimiter) =>
    ['\n', '\r\n', '\r'].flatMap((lineEnd) =>
      [true, false].map((all): [string, string, boolean] => [delimiter, lineEnd, all]),
    ),
  );
  test.each(dialects)('delimiter %j, line end %j, all quoted %j', async (delimiter, lineEnd, all) => {
    for (const bom of ['', '\ufeff']) {
      for (const final of [true, false]) {
        const { table, schema } = await readText(bom + write(delimiter, lineEnd, { all, final }));
        expect(schema.delimiter).toBe(delimiter);
        expect(table.rowCount).toBe(3);
        expect(valuesOf(table, '회사')).toEqual(['DL이앤씨', 'GS건설', '현대 건설']);
        expect(valuesOf(table, '매출')).toEqual([12.5, -3, null]);
        expect(valuesOf(table, '비고')).toEqual(['said "no", twice', 'two\nlines', 'plain']);
      }
    }
  });

  test('line ends that a file mixes all end lines, and blank lines are no rows', async () => {
    const { table } = await readText('a,b\r\n1,"x"\n2,"y"\r3,z\r\n\r\n  \n4,w');
    expect(valuesOf(table, 'a')).toEqual([1, 2, 3, 4]);
    expect(valuesOf(table, 'b')).toEqual(['x', 'y', 'z', 'w']);
  });

  test('decimal commas do not make the comma a delimiter', async () => {
    const { schema, table } = await readText('a;b\n1,5;2,5\n3,5;4,5\n');
    expect(schema.delimiter).toBe(';');
    expect(valuesOf(table, 'a')).toEqual(['1,5', '3,5']);
  });

  test('a delimiter can be named, and one that cannot delimit is refused', async () => {
    expect((await readText('a:b\n1:2\n', { delimiter: ':' })).table.columns).toHaveLength(2);
    expect((await errorOf(() => readText('a\n1\n', { delimiter: '\n' }))).code).toBe('OPTION_INVALID');
  });
});

describe('files', () => {
  test('the bundled data: 30,000 rows, the same from gzip, plain and CR-only text', async () => {
    const packed = await readTable(UCI_FILE);
    expect(packed.table.rowCount).toBe(30_000);
    expect(packed.source).toEqual({
      path: UCI_FILE,
      sha256: createHash('sha256').update(readFileSync(UCI_FILE)).digest('hex'),
      bytes: readFileSync(UCI_FILE).length,
      rowCount: 30_000,
    });
    // the file has 1e+05 and 1.2e+05 among its whole numbers
    expect(packed.schema.columns.map(({ type }) => type)).toEqual(new Array(25).fill('integer'));
    const text = uciText();
    const plain = await readText(text);
    const returns = await readText(`\ufeff${text.replaceAll('\r\n', '\r')}`);
    for (const other of [plain, returns]) expect(other.schema).toEqual(packed.schema);
    const lines = text
      .trim()
      .split('\r\n')
      .map((line) => line.split(','));
    for (const [i, name] of lines[0].entries()) {
      const wanted = bytesOf(lines.slice(1).map((line) => Number(line[i])));
      for (const { table } of [packed, plain, returns]) {
        const column = columnOf(table, name) as NumericColumn;
        expect(bytesOf(column.values).equals(wanted), name).toBe(true);
      }
    }
  });

  test('a missing file, a folder and near names', async () => {
    const path = fileOf('a\n1\n', 'credit.csv');
    const error = await errorOf(() => readTable(path.replace('credit', 'credti')));
    expect(error).toMatchObject({ code: 'DATA_FILE_NOT_FOUND', exitCode: 4 });
    expect(error.why).toContain('did you mean "credit.csv"?');
    expect(await errorOf(() => readTable(temporaryFolder()))).toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringContaining('holds no data files'),
    });
  });

  const korean = Buffer.from('이름,값\n', 'utf8');
  test.each<[string, Uint8Array | string, RegExp]>([
    ['empty', '', /empty/],
    ['a byte order mark alone', '\ufeff', /blanks/],
    ['a header alone', 'a,b\r\n', /nothing more/],
    ['a zero byte', 'a,b\n1,\u0000\n', /Byte 6 is zero/],
    ['an Excel workbook', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]), /Excel/],
    ['UTF-16', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), /UTF-16/],
    [
      'CP949',
      Buffer.concat([korean, Buffer.from([0xb0, 0xa1, 0x2c, 0x31, 0x0a])]),
      /Line 2, byte 11 .*0xb0.*CP949/,
    ],
    [
      'a stray byte',
      Buffer.concat([korean, Buffer.from('가,1\r\n나'), Buffer.from([0xff, 0x0a])]),
      /Line 3, byte 21 .*0xff/,
    ],
    ['gzip cut short', gzipSync('a,b\n1,2\n'.repeat(1000)).subarray(0, 40), /gzip packing is broken/],
    ['gzip with a flipped byte', flip(gzipSync('a,b\n1,2\n'.repeat(1000)), 20), /gzip packing is broken/],
  ])('%s is refused', async (_, content, why) => {
    const error = await errorOf(() => readText(content));
    expect(error.code).toBe('DATA_UNREADABLE');
    expect(error.why).toMatch(why);
  });

  test('a packed file that grows beyond the limit is refused, and so is a large plain one', async () => {
    const bomb = fileOf(gzipSync(Buffer.alloc(5_000_000, 'a,b\n1,2\n')));
    expect((await errorOf(() => readTable(bomb, { maxBytes: 1_000_000 }))).why).toContain(
      'more than the limit of 1000000',
    );
    expect((await errorOf(() => readTable(UCI_FILE, { maxBytes: 1000 }))).why).toContain('the limit is 1000');
  });
});

/** Quicker to compare than 30,000 numbers one by one. */
function bytesOf(values: ArrayLike<number>): Buffer {
  return Buffer.from(Float64Array.from(values).buffer);
}

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] ^= 0xff;
  return bytes;
}

describe('headers', () => {
  test('hostile names are names like any other', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a=b', '=1+1'];
    const { table } = await readText(`${names.join(',')}\n1,2,3,4,5,6\n`);
    expect(table.columns.map(({ name }) => name)).toEqual(names);
    expect(valuesOf(table, '__proto__')).toEqual([1]);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
    const typed = JSON.parse('{"__proto__": {"type": "category"}}');
    expect(
      valuesOf((await readText(`${names.join(',')}\n1,2,3,4,5,6\n`, { schema: typed })).table, '__proto__'),
    ).toEqual(['1']);
  });

  test('a name that stands twice is refused, an empty one is filled in', async () => {
    expect(await errorOf(() => readText('a,b, a\n1,2,3\n'))).toMatchObject({
      code: 'DATA_UNREADABLE',
      why: expect.stringContaining('Columns 1 and 3'),
    });
    const { schema } = await readText(',b,\n0,2,\n1,3,\n');
    expect(schema.columns.map(({ name, note }) => [name, note])).toEqual([
      ['column_1', 'the header has no name for it'],
      ['b', undefined],
      ['column_3', 'no value at all'],
    ]);
  });

  test.each(['7.4,0.7,0,9\n7.8,0.9,1,5\n', "0.23,5.07,-0.27,'-1'\n0.1,0.2,0.3,'1'\n"])(
    'a first line of numbers is no header: %j',
    async (text) => {
      expect((await errorOf(() => readText(text))).message).toContain('the columns have no names');
    },
  );
});

describe('rows that do not fit', () => {
  // the quoted line break and the blank line count as lines, as an editor counts them
  const before = 'id,age,note\r\n1,20,"two\r\nlines"\r\n\r\n2,21,x\r\n3,22,y\r\n4,23,z\r\n5,24,w\r\n';

  test.each<[string, string, RegExp, RegExp]>([
    [
      'a word among numbers',
      '6,abc,z\r\n7,26,z\r\n',
      /line 9, column "age": "abc" is not a whole number/,
      /integer/,
    ],
    ['a short row', '6,25\r\n', /line 9: 2 fields, but the header names 3/, /column 3, "note"/],
    ['a long row', '6,25,a,b c\r\n', /line 9: 4 fields, but the header names 3/, /Field 4 \("b c"\)/],
    [
      'an unclosed quote',
      '6,25,z\r\n7,26,"open\r\n8,27,z\r\n9,28,z\r\n',
      /line 10, column "note": the quoting/,
      /never closed/,
    ],
    [
      'text behind a quote',
      '6,"25"x,z\r\n7,26,z\r\n',
      /line 9, column "age": the quoting/,
      /Behind the closing quote/,
    ],
  ])('%s', async (_, rows, what, why) => {
    const error = await errorOf(() => readText(before + rows));
    expect(error).toMatchObject({ code: 'DATA_ROW_INVALID', exitCode: 65 });
    expect(error.message).toMatch(what);
    expect(error.why).toMatch(why);
  });

  test('the lines are the same with CR-only ends and after gzip', async () => {
    const text = `${before}6,abc,z\r\n`.replaceAll('\r\n', '\r');
    expect((await errorOf(() => readText(gzipSync(text)))).message).toContain('line 9, column "age": "abc"');
  });

  test('mostly numbers with a few words is a mistake that names the way out; the ways out work', async () => {
    const rows = Array.from({ length: 200 }, (_, i) =>
      i === 150 || i === 170 ? 'unknown' : i === 160 ? '1,5' : String(i),
    );
    const text = `a\tb\n${rows.map((value) => `${value}\tx`).join('\n')}\n`;
    const error = await errorOf(() => readText(text));
    expect(error.message).toContain('line 152, column "a": "unknown" is not a whole number below 2^53.');
    expect(error.why).toContain('2 more cells');
    expect(error.fix).toContain('"unknown" to the missing marks');
    expect(error.details).toMatchObject({ cells: [{ line: 152 }, { line: 162, value: '1,5' }], others: 2 });
    const typed = await readText(text, { schema: { a: { type: 'category' } } });
    expect(valuesOf(typed.table, 'a')).toEqual(rows);
    const marked = await readText(text, { missing: ['unknown', '1,5'] });
    expect(marked.schema.columns[0]).toMatchObject({ type: 'integer', missing: 3 });
  });

  test('days that no calendar has and hour 24 are refused with their line', async () => {
    for (const bad of [
      '2026-02-30',
      '2026-13-01',
      '2026-03-01 24:00',
      '2026-03-01T12:60:00Z',
      '2025-02-29',
    ]) {
      const error = await errorOf(() => readText(`day,y\n2026-03-01,1\n2026-03-02,2\n${bad},3\n`));
      expect(error.message).toContain(`line 4, column "day": "${bad}" is not a date`);
    }
  });

  test('missing values are refused where the schema is not nullable', async () => {
    const error = await errorOf(() => readText('a,b\n1,x\n,y\n', { schema: { a: { nullable: false } } }));
    expect(error.message).toContain('line 3, column "a": the value is missing');
    expect((await readText('a,b\n1,x\n,y\n', { schema: { b: { nullable: false } } })).table.rowCount).toBe(2);
  });

  test('an option for a column that is not there', async () => {
    const error = await errorOf(() => readText('age,b\n1,x\n', { schema: { agee: { type: 'number' } } }));
    expect(error).toMatchObject({ code: 'COLUMN_NOT_FOUND', why: expect.stringContaining('"age"') });
    expect(
      (await errorOf(() => readText('a\n1\n', { schema: { a: { type: 'float' as never } } }))).code,
    ).toBe('SCHEMA_INVALID');
  });
});

test('a file read again by its schema gives the same table, also when its cells alone would say otherwise', async () => {
  const first = await readText(
    'code,n,flag,day\n1.0,1,true,2026-01-01\nA,2.5,false,2026-01-02\n007,NA,TRUE,?\n',
  );
  const again = await readText('flag,code,n,day\n,7,3,2026-05\n', readOptionsOf(first.schema));
  expect(first.schema.columns.map(({ type }) => type)).toEqual(['category', 'number', 'boolean', 'date']);
  expect(Object.fromEntries(again.schema.columns.map(({ name, type }) => [name, type]))).toEqual({
    code: 'category',
    n: 'number',
    flag: 'boolean',
    day: 'date',
  });
});

test('whatever the cells, they come back as written', async () => {
  const cell = fc.string({ unit: 'grapheme' }).map((text) => `x${text.replaceAll('\u0000', '')}x`);
  const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom(',', ';', '\t', '|'),
      fc.constantFrom('\n', '\r\n', '\r'),
      async (rows, delimiter, lineEnd) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const text = [['first', 'second'], ...rows]
          .map((row) => row.map(quote).join(delimiter))
          .join(lineEnd);
        const read = await readText(text, { delimiter });
        expect(valuesOf(read.table, 'first')).toEqual(rows.map(([a]) => a));
        expect(valuesOf(read.table, 'second')).toEqual(rows.map(([, b]) => b));
      },
    ),
    { numRuns: 150, seed: 7 },
  );
});
