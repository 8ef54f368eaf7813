import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readTable } from '../../src/datasets/read-table.js';
import { errorOf, fileOf, valuesOf } from './support/tables.js';

const read = (text: string | Uint8Array, name = 'rows.ndjson', options = {}) =>
  readTable(fileOf(text, name), options);
const typesOf = (schema: { columns: { name: string; type: string }[] }) =>
  Object.fromEntries(schema.columns.map(({ name, type }) => [name, type]));

const LINES = [
  '{"이름": "가", "n": 1, "x": 0.5, "on": true, "day": "2026-01-31"}',
  '',
  '{"n": -2, "이름": null, "x": 1e3, "on": false, "more": "late", "day": "2026-02-01 12:30"}',
  '{"이름": "", "n": null, "x": 3, "day": "NA"}',
];

describe('ndjson', () => {
  test.each([
    ['lines', LINES.join('\n'), 'a.ndjson'],
    [
      'lines with CRLF and a byte order mark, packed',
      gzipSync(`\ufeff${LINES.join('\r\n')}\r\n`),
      'a.jsonl.gz',
    ],
    ['a list in one document', `[${LINES.filter((line) => line !== '').join(',\n')}]`, 'a.json'],
  ])('%s', async (_, content, name) => {
    const { table, schema } = await read(content, name);
    expect(typesOf(schema)).toEqual({
      이름: 'category',
      n: 'integer',
      x: 'number',
      on: 'boolean',
      day: 'date',
      more: 'category',
    });
    expect(valuesOf(table, '이름')).toEqual(['가', null, null]);
    expect(valuesOf(table, 'n')).toEqual([1, -2, null]);
    expect(valuesOf(table, 'x')).toEqual([0.5, 1000, 3]);
    expect(valuesOf(table, 'on')).toEqual([1, 0, null]);
    expect(valuesOf(table, 'more')).toEqual([null, 'late', null]);
    expect(valuesOf(table, 'day')).toEqual([Date.UTC(2026, 0, 31), Date.UTC(2026, 1, 1, 12, 30), null]);
  });

  test('one object over several lines is a row of its own', async () => {
    expect(valuesOf((await read('{\n  "a": 1,\n  "b": "x"\n}\n', 'one.json')).table, 'a')).toEqual([1]);
  });

  test('values of several types are read as their texts would be', async () => {
    const { table, schema } = await read(
      '{"a": 1, "b": "7", "c": true}\n{"a": "x", "b": 8, "c": 2}\n{"a": 2.5, "b": "9", "c": "no"}',
    );
    expect(typesOf(schema)).toEqual({ a: 'category', b: 'integer', c: 'category' });
    expect(valuesOf(table, 'a')).toEqual(['1', 'x', '2.5']);
    expect(valuesOf(table, 'b')).toEqual([7, 8, 9]);
  });

  test('no digit of a long number is lost, and texts that look like one stay as they are', async () => {
    const { table, schema } = await read(
      '{"id": 9007199254740993, "t": "a 12345678901234567890 \\" 1e400"}\n{"id": 5, "t": ""}\n',
    );
    expect(valuesOf(table, 'id')).toEqual(['9007199254740993', '5']);
    expect(schema.columns[0].note).toContain('2^53');
    expect(valuesOf(table, 't')).toEqual(['a 12345678901234567890 " 1e400', null]);
    const whole = await read('{"v": 9007199254740993.5}\n{"v": 1e300}\n{"v": -0}\n');
    expect(valuesOf(whole.table, 'v')).toEqual([2 ** 53 + 2, 1e300, -0]);
  });

  test('hostile keys are keys like any other', async () => {
    const { table } = await read('{"__proto__": 1, "constructor": 2}\n');
    expect(table.columns.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['0']).toBeUndefined();
  });

  test('rules and missing marks hold', async () => {
    const options = {
      schema: { a: { type: 'category' as const }, b: { type: 'number' as const } },
      missing: ['-999'],
    };
    const { table, schema } = await read('{"a": 1, "b": 2}\n{"a": 2, "b": -999}\n', 'x.ndjson', options);
    expect(typesOf(schema)).toEqual({ a: 'category', b: 'number' });
    expect(valuesOf(table, 'b')).toEqual([2, null]);
    expect(await errorOf(() => read('{"a": 1}\n', 'x.ndjson', options))).toMatchObject({
      code: 'COLUMN_NOT_FOUND',
    });
  });
});

test.each<[string, string | Uint8Array, string, RegExp]>([
  [
    'a list in a cell',
    '{"a": 1}\n\n{"a": [1]}\n',
    'DATA_ROW_INVALID',
    /line 3, key "a": the value is a list/,
  ],
  ['an object in a cell', '{"a": {"b": 1}}\n', 'DATA_ROW_INVALID', /line 1, key "a": the value is an object/],
  ['a row that is no object', '{"a": 1}\n7\n', 'DATA_ROW_INVALID', /line 2, it is not an object/],
  ['a line that is no JSON', '{"a": 1}\n{"a": \n', 'DATA_ROW_INVALID', /line 2, it is no JSON/],
  ['a byte that is not UTF-8', Buffer.from([123, 0xff, 125, 10]), 'DATA_UNREADABLE', /Line 1 is not UTF-8/],
  ['nothing', '\n\n', 'DATA_UNREADABLE', /no rows/],
  [
    'packing that is cut short',
    gzipSync('{"a": 1}\n'.repeat(5000)).subarray(0, 60),
    'DATA_UNREADABLE',
    /gzip packing/,
  ],
  [
    'a word among numbers, with the line it stands on',
    `${'{"a": 1}\n\n'.repeat(60)}{"a": "x"}\n`,
    'DATA_ROW_INVALID',
    /line 121, column "a": "x" is not a whole number/,
  ],
])('%s is one error', async (_, content, code, text) => {
  const error = await errorOf(() => read(content));
  expect(error.code).toBe(code);
  expect(`${error.message} ${error.why}`).toMatch(text);
});
