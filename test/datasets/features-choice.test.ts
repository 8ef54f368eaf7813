import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { describeColumn } from '../../src/datasets/describe-column.js';
import { chooseFeatures, isIdentifier } from '../../src/datasets/features-choice.js';
import { readTable } from '../../src/datasets/read-table.js';
import type { Column } from '../../src/datasets/table.js';
import { errorOf, fileOf, numbers, tableOf, texts, UCI_FILE } from './support/tables.js';

const schemaOf = (columns: Column[]) => ({
  columns: columns.map((column) => describeColumn(column)),
  missing: [],
  delimiter: ',',
});

test('of the bundled data the ID is left out, and the other 23 columns are kept', async () => {
  const { table, schema } = await readTable(UCI_FILE);
  const { features, leftOut } = chooseFeatures(table, schema, { target: 'class' });
  expect(features).toHaveLength(23);
  expect(features).not.toContain('ID');
  expect(leftOut).toEqual([
    { name: 'ID', reason: 'an identifier: every row has its own value' },
    { name: 'class', reason: 'the target' },
  ]);
  const kept = chooseFeatures(table, schema, { target: 'class', keep: ['ID'], drop: ['AGE', 'SEX'] });
  expect(kept.features).toContain('ID');
  expect(kept.features).toHaveLength(22);
  expect(kept.leftOut).toContainEqual({ name: 'AGE', reason: 'dropped as asked' });
});

test.each<[boolean, string, number[] | string[]]>([
  [true, 'row', [1, 2, 3, 4]],
  [true, 'row', [2, 0, 3, 1]],
  [false, 'row', [2, 3, 4, 5]],
  [false, 'row', [1, 2, 3, 9]],
  [false, 'row', [1, 2, 3, 3]],
  [true, 'customer_id', [17, 4, 99, 5]],
  [true, 'customerId', [17, 4, 99, 5]],
  [true, 'ID', [17, 4, 99, 5]],
  [false, 'paid', [17, 4, 99, 5]],
  [false, 'customer_id', [17, 17, 99, 5]],
  [true, 'name', ['가', '나', '다', '라']],
  [false, 'name', ['가', '나', '다', '가']],
])('identifier %s: %s %j', (wanted, name, values) => {
  const column =
    typeof values[0] === 'string'
      ? texts(name, values as string[])
      : numbers(name, values as number[], 'integer');
  expect(isIdentifier(tableOf(column), describeColumn(column))).toBe(wanted);
});

test('doubles are an identifier where the same whole numbers in a CSV would be', async () => {
  const path = fileOf(
    Buffer.from(
      parquetWriteBuffer({
        columnData: [
          { name: 'row', data: [1, 2, 3, 4], type: 'DOUBLE' },
          { name: 'customer_id', data: [17, 4, 99, null], type: 'DOUBLE' },
          { name: 'area_id', data: [17.5, 4, 99, 5], type: 'DOUBLE' },
          { name: 'size', data: [1, 1.5, 3, 4], type: 'DOUBLE' },
          { name: 'y', data: [5, 7, 7, 5], type: 'DOUBLE' },
        ],
      }),
    ),
    'rows.parquet',
  );
  const csv = fileOf('row,customer_id,area_id,size,y\n1,17,17.5,1,5\n2,4,4,1.5,7\n3,99,99,3,7\n4,,5,4,5\n');
  for (const file of [path, csv]) {
    const { table, schema } = await readTable(file);
    expect(chooseFeatures(table, schema, { target: 'y' }).features).toEqual(['area_id', 'size']);
  }
});

test('each column that is left out has its reason', () => {
  const count = 2100;
  const each = <T>(value: (i: number) => T) => Array.from({ length: count }, (_, i) => value(i));
  const columns = [
    numbers(
      'x',
      each((i) => Math.sin(i)),
    ),
    numbers(
      'constant',
      each(() => 7),
    ),
    numbers(
      'constant where known',
      each((i) => (i % 2 === 0 ? 7 : Number.NaN)),
    ),
    numbers(
      'empty',
      each(() => Number.NaN),
    ),
    numbers(
      'day',
      each((i) => i * 86_400_000),
      'date',
    ),
    texts(
      'comment',
      each((i) => `text ${i >> 1}`),
    ),
    texts(
      'region',
      each((i) => (i % 3 === 0 ? '서울' : '부산')),
    ),
    numbers(
      'y',
      each((i) => i % 2),
    ),
  ];
  const table = tableOf(...columns);
  const { features, leftOut } = chooseFeatures(table, schemaOf(columns), { target: 'y' });
  expect(features).toEqual(['x', 'constant where known', 'region']);
  expect(leftOut).toEqual([
    { name: 'constant', reason: 'constant: every row has the same value' },
    { name: 'empty', reason: 'no value at all' },
    { name: 'day', reason: 'a date: good for a split by time, not for learning' },
    { name: 'comment', reason: '1050 categories, more than 1000' },
    { name: 'y', reason: 'the target' },
  ]);
  const kept = chooseFeatures(table, schemaOf(columns), {
    target: 'y',
    keep: ['day', 'comment', 'constant', 'empty'],
  });
  expect(kept.features).toEqual(['x', 'constant', 'constant where known', 'day', 'comment', 'region']);
  // What a recipe works on comes along; what is no column may be one that a step makes.
  const needed = chooseFeatures(table, schemaOf(columns), {
    target: 'y',
    drop: ['x'],
    needed: ['day', 'x_lag1', 'y', 'x'],
  });
  expect(needed.features).toEqual(['constant where known', 'day', 'region']);
});

test('a forecaster may learn from its own past alone', () => {
  const columns = [numbers('y', [0, 1, 1])];
  const wishes = { target: 'y', mayBeEmpty: true };
  expect(chooseFeatures(tableOf(...columns), schemaOf(columns), wishes).features).toEqual([]);
});

test('wishes that cannot be granted', async () => {
  const columns = [numbers('income', [1.5, 2.5, 2.5]), numbers('y', [0, 1, 1])];
  const choose = (wishes: object) =>
    errorOf(() => chooseFeatures(tableOf(...columns), schemaOf(columns), { target: 'y', ...wishes }));
  expect(await choose({ drop: ['incom'] })).toMatchObject({
    code: 'COLUMN_NOT_FOUND',
    why: expect.stringContaining('"income"'),
  });
  expect((await choose({ target: 'z' })).code).toBe('COLUMN_NOT_FOUND');
  expect((await choose({ keep: ['y'] })).code).toBe('OPTION_INVALID');
  expect((await choose({ keep: ['income'], drop: ['income'] })).code).toBe('OPTION_INVALID');
  expect((await choose({ drop: ['income'] })).code).toBe('FEATURES_INVALID');
});
