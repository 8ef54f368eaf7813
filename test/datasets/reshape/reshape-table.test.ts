import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AGGREGATES, parseReshape } from '../../../src/datasets/reshape/parse-reshape.js';
import { reshapeTable } from '../../../src/datasets/reshape/reshape-table.js';
import { columnOf, takeRows } from '../../../src/datasets/table.js';
import { errorOf, numbers, tableOf, texts, valuesOf } from '../support/tables.js';

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', 'shape.json'), 'utf8'));
const nan = (values: (number | null)[]) => values.map((value) => value ?? Number.NaN);

function longTable() {
  const { at, unit, sensor, value } = vectors.long;
  return tableOf(
    numbers('at', at, 'date'),
    texts('unit', unit),
    texts('sensor', sensor),
    numbers('value', nan(value)),
  );
}

const pivot = { index: ['at', 'unit'], names: 'sensor', values: 'value', aggregate: 'mean' };
const rule = (more: object = {}) => parseReshape({ every: '1h', time: 'at', pivot: { ...pivot, ...more } });

describe('pivot', () => {
  test.each(AGGREGATES)('%s is what pandas makes of the same rows', (aggregate) => {
    const wide = reshapeTable(longTable(), rule({ aggregate }));
    expect(wide.columns.map(({ name }) => name)).toEqual(Object.keys(vectors.wide[aggregate]));
    for (const [name, wanted] of Object.entries<(number | string | null)[]>(vectors.wide[aggregate])) {
      const values = valuesOf(wide, name);
      expect(values).toHaveLength(wanted.length);
      for (const [i, value] of wanted.entries()) {
        if (typeof value === 'number') expect(values[i], `${name} ${i}`).toBeCloseTo(value, 9);
        else expect(values[i], `${name} ${i}`).toBe(value);
      }
    }
  });

  test('rows in another order give the same table', () => {
    const table = longTable();
    const backwards = takeRows(
      table,
      Int32Array.from({ length: table.rowCount }, (_, i) => table.rowCount - 1 - i),
    );
    expect(reshapeTable(backwards, rule({ aggregate: 'max' }))).toEqual(
      reshapeTable(table, rule({ aggregate: 'max' })),
    );
  });

  test('expected names are columns in their order, be they there or not; any other is an error with the nearest', async () => {
    const expect3 = ['vibration', 'temp', 'pressure', 'humidity'];
    const wide = reshapeTable(longTable(), rule({ expect: expect3 }));
    expect(wide.columns.slice(2).map(({ name }) => name)).toEqual(expect3);
    expect(valuesOf(wide, 'humidity').every((value) => value === null)).toBe(true);
    const error = await errorOf(() =>
      reshapeTable(longTable(), rule({ expect: ['vibration', 'temperature', 'pressure'] })),
    );
    expect(error).toMatchObject({ code: 'RESHAPE_INVALID', exitCode: 2 });
    expect(error.message).toContain('"temp", which the rule does not expect');
    const slip = await errorOf(() =>
      reshapeTable(longTable(), rule({ expect: ['vibraton', 'temp', 'pressure'] })),
    );
    expect(slip.why).toContain('did you mean "vibraton"?');
  });

  test('the last number is the one with the latest time, wherever its row stands', () => {
    const hour = 3_600_000;
    const table = tableOf(
      numbers('at', [hour + 5, hour + 9, hour + 7], 'date'),
      texts('sensor', ['a', 'a', 'a']),
      numbers('value', [1, 2, 3]),
    );
    const json = { every: '1h', time: 'at', pivot: { ...pivot, index: ['at'], aggregate: 'last' } };
    expect(valuesOf(reshapeTable(table, parseReshape(json)), 'a')).toEqual([2]);
  });

  test('types: counts are whole, means are not, the others are as they were', () => {
    const table = tableOf(
      numbers('t', [1, 1, 2], 'integer'),
      texts('s', ['a', 'b', 'a']),
      numbers('v', [1, 2, 4], 'integer'),
    );
    const typeOf = (aggregate: string) =>
      columnOf(
        reshapeTable(table, parseReshape({ pivot: { index: ['t'], names: 's', values: 'v', aggregate } })),
        'a',
      ).type;
    expect(['mean', 'count', 'max', 'sum', 'last'].map(typeOf)).toEqual([
      'number',
      'integer',
      'integer',
      'integer',
      'integer',
    ]);
  });
});

test('a time alone is floored, also before 1970', () => {
  const table = tableOf(numbers('at', [-1, 0, 3_600_001, 7_199_999], 'date'), numbers('v', [1, 2, 3, 4]));
  const floored = reshapeTable(table, parseReshape({ every: '1h', time: 'at' }));
  expect(valuesOf(floored, 'at')).toEqual([-3_600_000, 0, 3_600_000, 3_600_000]);
  expect(valuesOf(floored, 'v')).toEqual([1, 2, 3, 4]);
});

describe('what does not fit is one error', () => {
  test.each<[string, object, RegExp]>([
    [
      'a column that is not there',
      { pivot: { ...pivot, values: 'valu' } },
      /no column "valu".*did you mean "value"/,
    ],
    ['values that are text', { pivot: { ...pivot, values: 'unit', index: ['at'] } }, /"unit".*type category/],
    ['a time that is no date', { every: '1h', time: 'value' }, /"value".*type number/],
    [
      'a name that is an index column too',
      { pivot: { ...pivot, expect: ['unit', 'temp', 'pressure', 'vibration'] } },
      /second column "unit"/,
    ],
  ])('%s', async (_, json, text) => {
    const error = await errorOf(() => reshapeTable(longTable(), parseReshape(json)));
    expect(`${error.message} ${error.why}`).toMatch(text);
  });

  test('a row without a name or a time', async () => {
    const table = tableOf(
      numbers('t', [1, Number.NaN], 'integer'),
      texts('s', ['a', 'b']),
      numbers('v', [1, 2]),
    );
    const json = { pivot: { index: ['t'], names: 's', values: 'v', aggregate: 'max' } };
    expect(await errorOf(() => reshapeTable(table, parseReshape(json)))).toMatchObject({
      code: 'DATA_ROW_INVALID',
      message: 'Row 2 has no value in "t".',
    });
  });

  test.each<[unknown, RegExp]>([
    [null, /not an object/],
    [{}, /neither every nor pivot/],
    [{ every: '1 hour', time: 'at' }, /every is "1 hour"/],
    [{ every: '1h' }, /does not name the time/],
    [{ pivto: {} }, /unknown key "pivto".*did you mean "pivot"/],
    [{ pivot: { ...pivot, aggregate: 'median' } }, /aggregate is none of/],
    [{ pivot: { ...pivot, index: [] } }, /names no column/],
    [{ pivot: { ...pivot, index: ['sensor'] } }, /a column twice/],
    [{ pivot: { ...pivot, expect: ['a', 'a'] } }, /an entry twice/],
    [{ every: '1h', time: 'value', pivot }, /cannot be the names or the values/],
  ])('%j', async (json, why) => {
    const error = await errorOf(() => parseReshape(json));
    expect(error.code).toBe('RESHAPE_INVALID');
    expect(error.why).toMatch(why);
  });
});
