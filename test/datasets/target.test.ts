import { expect, test } from 'vitest';
import type { Column } from '../../src/datasets/table.js';
import { encodeTarget, type TargetWishes } from '../../src/datasets/target.js';
import { errorOf, numbers, tableOf, texts } from './support/tables.js';

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

test.each<[string, Column, TargetWishes, RegExp]>([
  ['one value', numbers('y', [3, 3, Number.NaN]), {}, /same value, 3/],
  ['one value for a regression', numbers('y', [3, 3]), { task: 'regression' }, /same value/],
  ['no value', texts('y', [null, null]), {}, /misses it/],
  ['three classes', texts('y', ['a', 'b', 'c']), {}, /more than two classes: "a", "b", "c"/],
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
