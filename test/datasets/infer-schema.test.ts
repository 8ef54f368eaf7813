import { expect, test } from 'vitest';
import { countText, emptyTally, inferType } from '../../src/datasets/infer-schema.js';
import { readText, valuesOf } from './support/tables.js';

function infer(...cells: string[]) {
  const tally = emptyTally();
  for (const cell of cells) countText(tally, cell, 1);
  return inferType(tally);
}

test.each<[string, string[]]>([
  ['integer', ['1', '-2', '1e3']],
  ['number', ['1', '2.5']],
  ['number', ['1.0', '12345678901234567890']],
  ['category', ['12345678901234567890', '12345678901234567891']],
  ['category', ['005930', '123456']],
  ['category', ['0x10', '0x11']],
  ['category', ['1e309', '1e310']],
  ['boolean', ['true', 'FALSE', 'True']],
  ['category', ['true', 'false', 'maybe']],
  ['category', ['yes', 'no']],
  ['category', ['Y', 'N']],
  ['date', ['2026-01-01', '2026-01-02 10:00', '2026-02']],
  ['category', ['2026-01-01', '어제', '오늘']],
  ['category', ['1234-56-78', '2234-56-78']],
  ['category', ['서울', '부산']],
  ['category', ['1', '2', 'A', 'B']],
])('%s: %j', (type, cells) => {
  expect(infer(...cells).type).toBe(type);
});

test('an odd cell is a mistake when it is alone or among 5 %, and a sign of a category otherwise', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));
  expect(infer(...numbers(4), 'x').type).toBe('integer');
  expect(infer(...numbers(3), 'x').type).toBe('category');
  expect(infer(...numbers(10), 'x', 'y').type).toBe('category');
  expect(infer(...numbers(95), ...'abcde').type).toBe('integer');
  expect(infer(...numbers(94), ...'abcdef').type).toBe('category');
  expect(infer(...numbers(94), ...'abcdef').note).toBe('94 of 100 values are numbers, the others are not');
});

test('what a number would lose is kept as text, and the schema says so', async () => {
  const { table, schema } = await readText(
    '종목,주민,n\n005930,12345678901234567,1\n000660,12345678901234568,2\n',
  );
  expect(valuesOf(table, '종목')).toEqual(['005930', '000660']);
  expect(valuesOf(table, '주민')).toEqual(['12345678901234567', '12345678901234568']);
  expect(schema.columns[0].note).toContain('leading zeros');
  expect(schema.columns[1].note).toContain('2^53');
  const typed = await readText('a\n005930\n000660\n', { schema: { a: { type: 'integer' } } });
  expect(valuesOf(typed.table, 'a')).toEqual([5930, 660]);
});

test('missing marks: the usual ones, or those that are named; numbers count by value', async () => {
  const marks = ['NA', 'N/A', 'n/a', 'NaN', 'nan', 'null', 'NULL', 'None', '?', '-', '', ' '];
  const { schema, table } = await readText(`a,b\n${marks.map((mark) => `${mark},x`).join('\n')}\n7,x\n`);
  expect(schema.columns[0]).toMatchObject({
    type: 'integer',
    missing: marks.length,
    distinct: 1,
    nullable: true,
  });
  expect(valuesOf(table, 'a').at(-1)).toBe(7);
  const named = await readText('a,b\n-999,NA\n-999.0,없음\n5,x\n', { missing: ['-999', '없음'] });
  expect(valuesOf(named.table, 'a')).toEqual([null, null, 5]);
  expect(valuesOf(named.table, 'b')).toEqual(['NA', null, 'x']);
});

test('a column that changes its mind late is still read as a whole', async () => {
  const codes = Array.from({ length: 2000 }, (_, i) => (i < 1500 ? `${i % 7}.0` : 'A'));
  const { table, schema } = await readText(`code,n\n${codes.map((code, i) => `${code},${i}`).join('\n')}\n`);
  expect(schema.columns[0]).toMatchObject({ type: 'category', distinct: 8 });
  expect(valuesOf(table, 'code')).toEqual(codes);
  expect(valuesOf(table, 'n')).toEqual(codes.map((_, i) => i));
});
