import { gzipSync } from 'node:zlib';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { readTable } from '../../src/datasets/read-table.js';
import { errorOf, fileOf, valuesOf } from './support/tables.js';

const fileWith = (columnData: ColumnSource[], options = {}) =>
  fileOf(Buffer.from(parquetWriteBuffer({ columnData, ...options })), 'rows.parquet');

const DAY = Date.UTC(2026, 0, 31);
const COLUMNS: ColumnSource[] = [
  { name: 'x', data: [1.5, null, Number.NaN, -0], type: 'DOUBLE' },
  { name: 'whole', data: [1, 2, 3, 4], type: 'DOUBLE' },
  { name: 'n', data: [1, 2, null, 4], type: 'INT32' },
  { name: 'big', data: [1n, 2n, 9007199254740991n, null], type: 'INT64' },
  { name: 'huge', data: [1n, 9007199254740993n, 2n, 3n], type: 'INT64' },
  { name: '이름', data: ['가', '나', null, '가'], type: 'STRING' },
  { name: 'zip', data: ['007', '010', '100', '200'], type: 'STRING' },
  { name: 'on', data: [true, false, null, true], type: 'BOOLEAN' },
  { name: 'at', data: [new Date(DAY), null, new Date(DAY + 1), new Date(0)], type: 'TIMESTAMP' },
];

test.each([
  ['SNAPPY', {}],
  ['groups of rows', { rowGroupSize: 3 }],
  ['GZIP', { codec: 'GZIP', compressors: { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) } }],
])('types and values, nulls and NaN: %s', async (_, options) => {
  const { table, schema, source } = await readTable(fileWith(COLUMNS, options));
  expect(schema.columns.map(({ name, type }) => [name, type])).toEqual([
    ['x', 'number'],
    ['whole', 'number'],
    ['n', 'integer'],
    ['big', 'integer'],
    ['huge', 'category'],
    ['이름', 'category'],
    ['zip', 'category'],
    ['on', 'boolean'],
    ['at', 'date'],
  ]);
  expect(valuesOf(table, 'x')).toEqual([1.5, null, null, -0]);
  expect(valuesOf(table, 'big')).toEqual([1, 2, 9007199254740991, null]);
  expect(valuesOf(table, 'huge')).toEqual(['1', '9007199254740993', '2', '3']);
  expect(valuesOf(table, '이름')).toEqual(['가', '나', null, '가']);
  expect(valuesOf(table, 'on')).toEqual([1, 0, null, 1]);
  expect(valuesOf(table, 'at')).toEqual([DAY, null, DAY + 1, 0]);
  expect(schema.delimiter).toBeUndefined();
  expect(source).toMatchObject({ rowCount: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('a rule changes the type, and a value that does not fit it names its row', async () => {
  const path = fileWith([{ name: 'x', data: [1, 2.5, 3], type: 'DOUBLE' }]);
  expect(valuesOf((await readTable(path, { schema: { x: { type: 'category' } } })).table, 'x')).toEqual([
    '1',
    '2.5',
    '3',
  ]);
  const error = await errorOf(() => readTable(path, { schema: { x: { type: 'integer' } } }));
  expect(error.message).toContain('row 2, column "x": "2.5" is not a whole number');
  const infinite = fileWith([
    { name: 'x', data: [...new Array(99).fill(1), Number.POSITIVE_INFINITY], type: 'DOUBLE' },
  ]);
  expect((await errorOf(() => readTable(infinite))).message).toContain('row 100, column "x": "Infinity"');
});

test('decimals are the numbers that their digits say', async () => {
  const schema = [
    { name: 'root', num_children: 1 },
    {
      name: 'd',
      type: 'INT64',
      converted_type: 'DECIMAL',
      scale: 2,
      precision: 18,
      repetition_type: 'REQUIRED',
    },
  ];
  const cents = [35, 1999, -7, 0].map(BigInt);
  const path = fileWith([{ name: 'd', data: cents }], { schema });
  expect(valuesOf((await readTable(path)).table, 'd')).toEqual([0.35, 19.99, -0.07, 0]);
});

test('nested columns and damaged files are one error each', async () => {
  const structure = [
    { name: 'root', num_children: 1 },
    { name: 'deep', num_children: 1, repetition_type: 'OPTIONAL' },
    { name: 'x', type: 'INT32', repetition_type: 'OPTIONAL' },
  ];
  for (const options of [{}, { schema: structure }]) {
    const error = await errorOf(() =>
      readTable(fileWith([{ name: 'deep', data: [{ x: 1 }, { x: 2 }] }], options)),
    );
    expect(error.code).toBe('DATA_UNREADABLE');
    expect(error.message).toContain('the column "deep" holds lists or structures');
  }
  const whole = Buffer.from(parquetWriteBuffer({ columnData: COLUMNS }));
  for (const damaged of [
    whole.subarray(0, 40),
    whole.subarray(20),
    Buffer.alloc(0),
    Buffer.from('a,b\n1,2\n'),
    flipped(whole),
  ]) {
    const path = fileOf(damaged, 'bad.parquet');
    expect((await errorOf(() => readTable(path))).code).toBe('DATA_UNREADABLE');
  }
});

/** The bytes with the length of the footer turned into nonsense. */
function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(0x7fffffff, copy.length - 8);
  return copy;
}
