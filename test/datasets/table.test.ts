import { expect, test } from 'vitest';
import { appendRows, columnOf, takeRows } from '../../src/datasets/table.js';
import { errorOf, numbers, tableOf, texts, valuesOf } from './support/tables.js';

const first = tableOf(numbers('x', [1, Number.NaN]), texts('지역', ['서울', null]));

test('rows of a second table follow those of the first, categories keep their meaning, more columns are left out', () => {
  const second = tableOf(
    numbers('extra', [9, 9, 9]),
    texts('지역', ['부산', '서울', null]),
    numbers('x', [3, 4, 5]),
  );
  const joined = appendRows(first, second);
  expect(joined.rowCount).toBe(5);
  expect(joined.columns.map(({ name }) => name)).toEqual(['x', '지역']);
  expect(valuesOf(joined, 'x')).toEqual([1, null, 3, 4, 5]);
  expect(valuesOf(joined, '지역')).toEqual(['서울', null, '부산', '서울', null]);
  expect(valuesOf(takeRows(joined, [4, 2, 0]), '지역')).toEqual([null, '부산', '서울']);
});

test('a second table that lacks a column, or has it with another type', async () => {
  const lacking = await errorOf(() => appendRows(first, tableOf(numbers('X', [1]), texts('지역', ['서울']))));
  expect(lacking).toMatchObject({
    code: 'COLUMN_NOT_FOUND',
    why: expect.stringContaining('did you mean "X"?'),
  });
  const other = tableOf(numbers('x', [1], 'integer'), texts('지역', ['서울']));
  expect((await errorOf(() => appendRows(first, other))).code).toBe('INPUT_INVALID');
});

test('names of what objects inherit are no columns', async () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect((await errorOf(() => columnOf(first, name))).code).toBe('COLUMN_NOT_FOUND');
  }
});
