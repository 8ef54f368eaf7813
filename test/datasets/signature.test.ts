import { describe, expect, test } from 'vitest';
import { parseSignature } from '../../src/datasets/parse-signature.js';
import { readTable } from '../../src/datasets/read-table.js';
import { readOptionsFor, signatureOf } from '../../src/datasets/signature.js';
import { encodeTarget } from '../../src/datasets/target.js';
import { toJson } from '../../src/util/json.js';
import { errorOf, fileOf, numbers, tableOf, texts } from './support/tables.js';

const table = tableOf(
  numbers('y', [0, 1, 0, 1, 1]),
  numbers('age', [20, 40, Number.NaN, 30, 99], 'integer'),
  texts('지역', ['서울', '부산', '서울', null, '제주']),
  numbers('__proto__', [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 5]),
);
const target = encodeTarget(table, 'y');
const names = ['age', '지역', '__proto__'];

test('ranges, categories and missing values are those of the training rows alone', () => {
  expect(signatureOf(table, names, Int32Array.of(0, 1, 2), target, ['NA'])).toEqual({
    features: [
      { name: 'age', type: 'integer', nullable: true, min: 20, max: 40 },
      { name: '지역', type: 'category', nullable: false, categories: ['부산', '서울'] },
      { name: '__proto__', type: 'number', nullable: true },
    ],
    target: { name: 'y', type: 'number', classes: [0, 1] },
    missing: ['NA'],
  });
});

test('it comes back from JSON as it was', () => {
  const signature = signatureOf(table, names, Int32Array.of(0, 1, 2, 3, 4), target);
  expect(parseSignature(JSON.parse(toJson(signature)))).toEqual(signature);
});

test('a file to score is read with the types and missing marks of training', async () => {
  const first = await readTable(fileOf('code,n,y\n1.0,1,0\nA,2.5,1\nB,없음,0\n'), { missing: ['없음'] });
  const learned = signatureOf(
    first.table,
    ['code', 'n'],
    Int32Array.of(0, 1, 2),
    encodeTarget(first.table, 'y'),
    first.schema.missing,
  );
  const { table: other } = await readTable(fileOf('n,code\n없음,7\n3,NA\n'), readOptionsFor(learned));
  expect(other.columns).toMatchObject([
    { name: 'n', type: 'number', values: Float64Array.of(Number.NaN, 3) },
    { name: 'code', type: 'category', categories: ['7', 'NA'] },
  ]);
  const lacking = await errorOf(() => readTable(fileOf('n,kode\n1,2\n'), readOptionsFor(learned)));
  expect(lacking).toMatchObject({ code: 'COLUMN_NOT_FOUND', why: expect.stringContaining('"kode"') });
});

describe('a hostile signature is refused by the name of its fault', () => {
  const feature = { name: 'a', type: 'number', nullable: false, min: 0, max: 1 };
  const target = { name: 'y', type: 'integer', classes: [0, 1] };
  const of = (...features: unknown[]) => ({ features, target });
  test.each<[unknown, RegExp]>([
    [null, /not an object/],
    [[], /not an object/],
    [{ features: [] }, /lacks the key "target"/],
    [of(), /features is empty/],
    [of(feature, feature), /a name twice/],
    [of({ ...feature, nam: 'a' }), /unknown key "nam": did you mean "name"/],
    [of({ ...feature, name: 7 }), /features\[0\].name is not text/],
    [of({ ...feature, type: 'float' }), /type is none of/],
    [of({ ...feature, type: ['number'] }), /type is none of/],
    [of({ ...feature, min: '0' }), /min is not a finite number/],
    [of({ ...feature, max: Number.POSITIVE_INFINITY }), /max is not a finite number/],
    [of({ name: 'a', type: 'number', nullable: false, min: 0 }), /max is not a finite number/],
    [of({ ...feature, min: 2 }), /min above its max/],
    [of({ ...feature, type: 'date', max: 1e300 }), /beyond all dates/],
    [of({ ...feature, categories: [] }), /has categories, but/],
    [of({ name: 'a', type: 'category', nullable: false }), /categories is not a list/],
    [of({ name: 'a', type: 'category', nullable: false, categories: ['x', 'x'] }), /an entry twice/],
    [of({ name: 'a', type: 'category', nullable: false, categories: [1] }), /categories\[0\] is not text/],
    [of({ name: 'a', type: 'category', nullable: false, categories: [], min: 0 }), /has a range/],
    [
      of(...Array.from({ length: 10_001 }, (_, i) => ({ ...feature, name: `f${i}` }))),
      /10001 entries, more than 10000/,
    ],
    [
      JSON.parse(`{"features": [${toJson(feature)}], "target": ${toJson(target)}, "__proto__": {}}`),
      /unknown key "__proto__"/,
    ],
    [{ features: [feature], target: { ...target, classes: [1, 1] } }, /two or more different values/],
    [{ features: [feature], target: { ...target, classes: [0, 1, '1'] } }, /two or more different values/],
    [{ features: [feature], target: { ...target, classes: [0] } }, /two or more different values/],
    [
      { features: [feature], target: { ...target, classes: Array.from({ length: 51 }, (_, i) => i) } },
      /51 entries, more than 50/,
    ],
    [
      { features: [feature], target: { ...target, classes: [0, null] } },
      /classes\[1\] is not a finite number/,
    ],
    [{ features: [feature], target, missing: 'NA' }, /missing is not a list/],
  ])('%#', async (json, why) => {
    const error = await errorOf(() => parseSignature(json));
    expect(error.code).toBe('MODEL_FILE_INVALID');
    expect(error.why).toMatch(why);
  });
});
