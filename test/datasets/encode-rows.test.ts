import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileEncoder, encodeRows } from '../../src/datasets/encode-rows.js';
import { encodeTable } from '../../src/datasets/encode-table.js';
import type { Signature } from '../../src/datasets/signature.js';
import { readOptionsFor, signatureOf } from '../../src/datasets/signature.js';
import { encodeTarget } from '../../src/datasets/target.js';
import { errorOf, numbers, readText, tableOf, texts } from './support/tables.js';

const signature: Signature = {
  features: [
    { name: 'age', type: 'integer', nullable: false, min: 20, max: 60 },
    { name: 'income', type: 'number', nullable: true, min: -1.5, max: 1e6 },
    { name: '지역', type: 'category', nullable: true, categories: ['부산', '서울'] },
    { name: 'since', type: 'date', nullable: false, min: Date.UTC(2020, 0, 1), max: Date.UTC(2024, 0, 1) },
    { name: 'good', type: 'boolean', nullable: false, min: 0, max: 1 },
    { name: 'grade', type: 'category', nullable: false, categories: ['01', '1.5', '10', 'x'] },
  ],
  target: { name: 'y', type: 'integer', classes: [0, 1] },
};
const ROW = [30, 2.5, '서울', '2021-05-06', true, '10'];
const NAMED = Object.fromEntries(ROW.map((value, i) => [signature.features[i].name, value]));
const CELLS = [30, 2.5, 1, Date.UTC(2021, 4, 6), 1, 2];

test('rows by position and by name give the same cells', () => {
  const reordered = Object.fromEntries(Object.entries(NAMED).reverse());
  const encoded = encodeRows([ROW, NAMED, reordered], signature);
  expect(encoded).toMatchObject({
    rowCount: 3,
    problems: [],
    problemCount: 0,
    warnings: [],
    warningCount: 0,
  });
  expect([...encoded.cells]).toEqual([...CELLS, ...CELLS, ...CELLS]);
});

/** The row with one value changed. */
const withValue = (name: string, value: unknown) => ({ ...NAMED, [name]: value });
const indexOf = (name: string) => signature.features.findIndex((feature) => feature.name === name);

test.each<[string, unknown, number, string | undefined]>([
  ['age', 30.0, 30, undefined],
  ['age', 19, 19, 'OUT_OF_RANGE'],
  ['age', null, Number.NaN, 'IMPUTED'],
  ['income', null, Number.NaN, undefined],
  ['income', -0, -0, undefined],
  ['income', 1e7, 1e7, 'OUT_OF_RANGE'],
  ['지역', ' 부산 ', 0, undefined],
  ['지역', '제주', -1, 'UNSEEN_CATEGORY'],
  ['지역', null, Number.NaN, undefined],
  ['지역', '', Number.NaN, undefined],
  ['지역', 'NA', Number.NaN, undefined],
  ['지역', '__proto__', -1, 'UNSEEN_CATEGORY'],
  ['since', '2025-01-01T00:00:00+09:00', Date.UTC(2024, 11, 31, 15), 'OUT_OF_RANGE'],
  ['good', 'No', 0, undefined],
  ['good', null, Number.NaN, 'IMPUTED'],
  ['grade', 10, 2, undefined],
  ['grade', 1, 0, undefined],
  ['grade', 1.5, 1, undefined],
  ['grade', 7, -1, 'UNSEEN_CATEGORY'],
  ['grade', null, Number.NaN, 'IMPUTED'],
])('%s: %j becomes %d, warning %s', (name, value, cell, code) => {
  const { cells, problems, warnings } = encodeRows([ROW, withValue(name, value)], signature);
  expect(problems).toEqual([]);
  expect(cells[6 + indexOf(name)]).toBe(cell);
  expect(warnings).toEqual(code === undefined ? [] : [{ row: 1, feature: name, code }]);
});

test.each<[string, unknown, string, string]>([
  ['age', '30', 'text "30"', 'a whole number'],
  ['age', 30.5, '30.5', 'a whole number'],
  ['age', true, 'true', 'a whole number'],
  ['income', Number.NaN, 'NaN', 'a number'],
  ['income', JSON.parse('1e400'), 'Infinity', 'a number'],
  ['income', 'NA', 'text "NA"', 'a number'],
  ['income', [1], 'an array', 'a number'],
  ['지역', 1, '1', 'text'],
  ['지역', false, 'false', 'text'],
  ['지역', { name: '서울' }, 'an object', 'text'],
  ['since', 1_700_000_000_000, '1700000000000', 'a date such as "2024-01-01"'],
  ['since', '2021-02-30', 'text "2021-02-30"', 'a date such as "2024-01-01"'],
  ['good', 1, '1', 'true or false'],
  ['good', 'maybe\u001b[31m', 'text "maybe\\\\x1b[31m"', 'true or false'],
])('%s: %j is a problem', (name, value, got, expected) => {
  const { problems, problemCount } = encodeRows([ROW, withValue(name, value)], signature);
  expect(problems).toEqual([{ row: 1, feature: name, code: 'WRONG_TYPE', got, expected }]);
  expect(problemCount).toBe(1);
});

describe('rows that are not whole', () => {
  test('every offending field is named, absent ones with the unknown field that was meant', () => {
    const { age, ...rest } = NAMED;
    const { problems, warnings } = encodeRows([{ ...rest, Age: age, income: 'much', extra: 1 }], signature);
    expect(problems).toEqual([
      { row: 0, feature: 'income', code: 'WRONG_TYPE', got: 'text "much"', expected: 'a number' },
      {
        row: 0,
        feature: 'age',
        code: 'ABSENT',
        got: 'nothing',
        expected: 'a whole number, or null when it is missing',
        hint: '"Age" is unknown: did you mean "age"?',
      },
    ]);
    expect(warnings.map(({ feature, code }) => [feature, code])).toEqual([
      ['Age', 'UNKNOWN_FIELD'],
      ['extra', 'UNKNOWN_FIELD'],
    ]);
  });

  test.each<[unknown, string]>([
    [[1, 2], 'FEATURE_SIZE_MISMATCH'],
    [[...ROW, 1], 'FEATURE_SIZE_MISMATCH'],
    [[], 'FEATURE_SIZE_MISMATCH'],
    [null, 'NOT_A_ROW'],
    ['x', 'NOT_A_ROW'],
    [7, 'NOT_A_ROW'],
  ])('%j', (row, code) => {
    expect(encodeRows([row], signature).problems).toMatchObject([{ row: 0, feature: null, code }]);
  });

  test('a problem in one row does not move the others, and long lists are cut at 100 but counted', () => {
    const rows = Array.from({ length: 60 }, () => ({
      ...withValue('age', '1'),
      income: false,
      more: 1,
      지역: '제주',
    }));
    const encoded = encodeRows([...rows, ROW], signature);
    expect([encoded.problems.length, encoded.problemCount]).toEqual([100, 120]);
    expect([encoded.warnings.length, encoded.warningCount]).toEqual([100, 120]);
    expect([...encoded.cells.slice(-6)]).toEqual(CELLS);
  });
});

test('features with the names of what objects inherit are absent until they are given', () => {
  const names = ['__proto__', 'constructor', 'toString'];
  const hostile: Signature = {
    features: names.map((name) => ({ name, type: 'number', nullable: false, min: 0, max: 9 })),
    target: signature.target,
  };
  const { encode } = compileEncoder(hostile);
  expect(encode([{}]).problems.map(({ feature, code }) => [feature, code])).toEqual(
    names.map((name) => [name, 'ABSENT']),
  );
  const given = encode([JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}')]);
  expect([...given.cells]).toEqual([1, 2, 3]);
  expect(given).toMatchObject({ problemCount: 0, warningCount: 0 });
  expect(
    encode([JSON.parse('{"__proto__": {"age": 1}, "constructor": 2, "toString": 3}')]).problems,
  ).toMatchObject([{ feature: '__proto__', code: 'WRONG_TYPE', got: 'an object' }]);
});

test('a number that two categories could mean is neither, unless one is written so', () => {
  const codes = (...categories: string[]) => {
    const features = [{ name: 'code', type: 'category' as const, nullable: false, categories }];
    return encodeRows([[1]], { ...signature, features }).cells[0];
  };
  expect([codes('01', '1.0'), codes('001', '01', '1'), codes('01', 'x')]).toEqual([-1, 2, 0]);
});

test('a missing mark of the training file is one in JSON too', () => {
  const { encode } = compileEncoder({ ...signature, missing: ['-999', '없음'] });
  const { cells, warnings } = encode([
    { ...NAMED, income: -999, 지역: '없음', grade: -999 },
    withValue('지역', 'NA'),
  ]);
  expect([cells[1], cells[2], cells[5]]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect(warnings).toEqual([
    { row: 0, feature: 'grade', code: 'IMPUTED' },
    { row: 1, feature: '지역', code: 'UNSEEN_CATEGORY' },
  ]);
});

describe('from a table', () => {
  const table = tableOf(
    numbers('more', [1, 1]),
    texts('지역', ['제주', '서울']),
    numbers('age', [30, Number.NaN], 'integer'),
  );
  const of = (...names: string[]): Signature => ({
    ...signature,
    features: names.map((name) => signature.features[indexOf(name)]),
  });

  test('cells are in the order of the signature', () => {
    expect([...encodeTable(table, of('age', '지역'))]).toEqual([30, -1, Number.NaN, 1]);
  });

  test('a whole number is a number, but otherwise types must agree', async () => {
    const wide = { ...signature, features: [{ name: 'age', type: 'number' as const, nullable: false }] };
    expect([...encodeTable(table, wide)]).toEqual([30, Number.NaN]);
    const error = await errorOf(() => encodeTable(tableOf(numbers('지역', [1])), of('지역')));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', fix: expect.stringContaining('"category"') });
    expect((await errorOf(() => encodeTable(table, of('income')))).code).toBe('COLUMN_NOT_FOUND');
  });
});

test('the rows of a file give the same cells from the table and as JSON', async () => {
  const cell = {
    n: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: null }),
    i: fc.option(fc.integer(), { nil: null }),
    c: fc.option(fc.constantFrom('서울', '부산', 'a "b", c', '한\n줄', '2'), { nil: null }),
    d: fc.option(fc.constantFrom('2024-02-29', '2021-01-01 10:20', '1999-12-31T23:59:59.5Z'), { nil: null }),
    b: fc.option(fc.boolean(), { nil: null }),
  };
  const types = { n: 'number', i: 'integer', c: 'category', d: 'date', b: 'boolean' } as const;
  const names = Object.keys(types) as (keyof typeof types)[];
  const text = (value: unknown) => {
    if (value === null) return '';
    return typeof value === 'string'
      ? `"${value.replaceAll('"', '""')}"`
      : Object.is(value, -0)
        ? '-0'
        : String(value);
  };
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record(cell), { minLength: 2, maxLength: 12 }), async (rows) => {
      const lines = rows.map((row, i) => [...names.map((name) => text(row[name])), i % 2].join(','));
      const csv = `${[...names, 'y'].join(',')}\n${lines.join('\n')}\n`;
      const schema = Object.fromEntries(names.map((name) => [name, { type: types[name] }]));
      const { table } = await readText(csv, { schema });
      const half = Int32Array.from({ length: Math.ceil(rows.length / 2) }, (_, i) => i);
      const learned = signatureOf(table, names, half, encodeTarget(table, 'y'));
      const again = await readText(csv, readOptionsFor(learned));
      const encoded = encodeRows(rows, learned);
      expect(encoded.problems).toEqual([]);
      expect(encoded.cells).toEqual(encodeTable(table, learned));
      expect(encoded.cells).toEqual(encodeTable(again.table, learned));
      expect(
        encodeRows(
          rows.map((row) => names.map((name) => row[name])),
          learned,
        ).cells,
      ).toEqual(encoded.cells);
    }),
    { numRuns: 60, seed: 9 },
  );
});
