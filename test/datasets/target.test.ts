import { expect, test } from 'vitest';
import type { Column } from '../../src/datasets/table.js';
import { encodeTarget, type TargetWishes } from '../../src/datasets/target.js';
import { errorOf, numbers, tableOf, texts } from './support/tables.js';

const many = (count: number) => Array.from({ length: count }, (_, i) => `c${1000 + i}`);
const encode = (column: Column, wishes?: TargetWishes) => encodeTarget(tableOf(column), 'y', wishes);

test('two values are classes, and the positive one is the larger, true, or the second in sorted order', () => {
  expect(encode(numbers('y', [2, 1, 2], 'integer'))).toEqual({
    name: 'y',
    type: 'integer',
    task: 'binary',
    y: Float64Array.of(1, 0, 1),
    classes: [1, 2],
    missingRows: 0,
  });
  expect(encode(numbers('y', [1, 0, 1], 'boolean')).classes).toEqual([false, true]);
  expect(encode(texts('y', ['정상', '부도', '정상']))).toMatchObject({
    classes: ['부도', '정상'],
    y: Float64Array.of(1, 0, 1),
  });
  expect(encode(numbers('y', [-0.5, 10, 9.5, 10])).task).toBe('regression');
  expect(encode(numbers('y', [9, 10], 'integer')).classes).toEqual([9, 10]);
});

test('the positive class can be named, as a value or as its text', () => {
  for (const positive of [1, '1']) {
    expect(encode(numbers('y', [2, 1, 2]), { positive })).toMatchObject({
      classes: [2, 1],
      y: Float64Array.of(0, 1, 0),
    });
  }
  expect(encode(texts('y', ['정상', '부도']), { positive: '부도' })).toMatchObject({
    classes: ['정상', '부도'],
    y: Float64Array.of(0, 1),
  });
  expect(encode(numbers('y', [1, 0], 'boolean'), { positive: 'false' })).toMatchObject({
    classes: [true, false],
    y: Float64Array.of(0, 1),
  });
});

test('numbers are a regression, also two of them when asked; missing targets are counted and stay missing', () => {
  expect(encode(numbers('y', [1, 2.5, Number.NaN, 3]))).toMatchObject({
    task: 'regression',
    classes: null,
    missingRows: 1,
    y: Float64Array.of(1, 2.5, Number.NaN, 3),
  });
  expect(encode(numbers('y', [0, 1, 1]), { task: 'regression' })).toMatchObject({
    task: 'regression',
    y: Float64Array.of(0, 1, 1),
  });
  expect(encode(texts('y', ['a', null, 'b']))).toMatchObject({
    missingRows: 1,
    y: Float64Array.of(0, Number.NaN, 1),
  });
});

test('text of three to fifty values is a multiclass task, and so are whole numbers where it is asked for', () => {
  expect(encode(texts('y', ['부도', 'b', null, 'a', 'b']))).toEqual({
    name: 'y',
    type: 'category',
    task: 'multiclass',
    y: Float64Array.of(2, 1, Number.NaN, 0, 1),
    classes: ['a', 'b', '부도'],
    missingRows: 1,
  });
  expect(encode(numbers('y', [10, -3, 9, Number.NaN, 10], 'integer'), { task: 'multiclass' })).toMatchObject({
    task: 'multiclass',
    y: Float64Array.of(2, 0, 1, Number.NaN, 2),
    classes: [-3, 9, 10],
    missingRows: 1,
  });
  expect(encode(numbers('y', [3, 1, 2])).task).toBe('regression');
  const fifty = encode(texts('y', many(50)));
  expect(fifty.classes).toHaveLength(50);
  expect(fifty.y).toEqual(Float64Array.from({ length: 50 }, (_, i) => i));
});

test.each<[string, Column, TargetWishes, RegExp]>([
  ['one value', numbers('y', [3, 3, Number.NaN]), {}, /same value, 3/],
  ['one value for a regression', numbers('y', [3, 3]), { task: 'regression' }, /same value/],
  ['no value', texts('y', [null, null]), {}, /misses it/],
  [
    'three classes as two',
    texts('y', ['a', 'b', 'c']),
    { task: 'binary' },
    /more than two classes: "a", "b", "c"/,
  ],
  ['51 classes', texts('y', many(51)), {}, /more than 50 classes: "c1000", .*"c1004", .../],
  [
    '51 numbers as classes',
    numbers(
      'y',
      many(51).map((_, i) => i),
    ),
    { task: 'multiclass' },
    /more than 50/,
  ],
  ['two values as many classes', texts('y', ['a', 'b']), { task: 'multiclass' }, /two classes, "a", "b"/],
  [
    'fractions as classes',
    numbers('y', [1, 2, 2.5]),
    { task: 'multiclass' },
    /whole numbers, and it holds 2.5/,
  ],
  ['a positive class of many', texts('y', ['a', 'b', 'c']), { positive: 'a' }, /many classes/],
  ['three numbers as classes', numbers('y', [1, 2, 3]), { task: 'binary' }, /more than two classes/],
  ['text for a regression', texts('y', ['a', 'b']), { task: 'regression' }, /needs numbers/],
  ['a date', numbers('y', [0, 86_400_000, 3], 'date'), {}, /date/],
  [
    'an unknown class',
    texts('y', ['a', 'b']),
    { positive: 'c' },
    /"c" is not one of its two values, "a" and "b"/,
  ],
  ['a class for a regression', numbers('y', [1, 2, 3]), { positive: 1 }, /number to predict/],
])('%s cannot be learned', async (_, column, wishes, why) => {
  expect(await errorOf(() => encode(column, wishes))).toMatchObject({
    code: 'TARGET_INVALID',
    exitCode: 65,
    why: expect.stringMatching(why),
  });
});
