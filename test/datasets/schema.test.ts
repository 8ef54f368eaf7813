import { expect, test } from 'vitest';
import { describeSchema, parseSchema, readOptionsOf, schemaToJson } from '../../src/datasets/schema.js';
import { toJson, toPrettyJson } from '../../src/util/json.js';
import { errorOf, readText } from './support/tables.js';

const CSV =
  'id;금액;지역;가입일;우수\n1;1.5;서울;2026-01-31;true\n2;;부산;2026-02-01;false\n3;2.5;서울;NA;true\n';

test('what is known of each column, in JSON and as rows to print', async () => {
  const { schema } = await readText(CSV);
  expect(schema.delimiter).toBe(';');
  expect(schema.columns).toEqual([
    { name: 'id', type: 'integer', nullable: false, missing: 0, distinct: 3, min: 1, max: 3 },
    { name: '금액', type: 'number', nullable: true, missing: 1, distinct: 2, min: 1.5, max: 2.5 },
    {
      name: '지역',
      type: 'category',
      nullable: false,
      missing: 0,
      distinct: 2,
      categories: ['부산', '서울'],
    },
    {
      name: '가입일',
      type: 'date',
      nullable: true,
      missing: 1,
      distinct: 2,
      min: Date.UTC(2026, 0, 31),
      max: Date.UTC(2026, 1, 1),
    },
    { name: '우수', type: 'boolean', nullable: false, missing: 0, distinct: 2, min: 0, max: 1 },
  ]);
  expect(parseSchema(JSON.parse(toJson(schemaToJson(schema))))).toEqual(schema);
  expect(parseSchema(toPrettyJson(schemaToJson(schema)))).toEqual(schema);
  expect(describeSchema(schema).map((row) => row.join('|'))).toEqual([
    'column|type|missing|distinct|values|note',
    'id|integer|0|3|1 .. 3|',
    '금액|number|1|2|1.5 .. 2.5|',
    '지역|category|0|2|부산, 서울|',
    '가입일|date|1|2|2026-01-31 .. 2026-02-01|',
    '우수|boolean|0|2|false, true|',
  ]);
});

test('a schema edited by hand decides types, missing marks and what may be missing', async () => {
  const edited = parseSchema({
    columns: [
      { name: 'id', type: 'category' },
      { name: '금액', type: 'number', nullable: false },
    ],
    missing: ['3'],
  });
  const read = await readText(
    CSV.replace(';;', ';9;').replace('NA', '3'),
    readOptionsOf(edited, { strict: true }),
  );
  expect(read.schema.columns[0]).toMatchObject({ type: 'category', missing: 1, categories: ['1', '2'] });
  expect(read.schema.columns[3]).toMatchObject({ type: 'date', missing: 1 });
  expect((await errorOf(() => readText(CSV, readOptionsOf(edited, { strict: true })))).code).toBe(
    'DATA_ROW_INVALID',
  );
});

test('distinct values are counted whatever their range', async () => {
  const values = ['0.5', '3', '1e12', '-1e12', '3', '0.5', '-0.0', '0'];
  const { schema } = await readText(`a,b\n${values.map((value, i) => `${value},${i % 3}`).join('\n')}\n`);
  expect(schema.columns.map(({ distinct }) => distinct)).toEqual([5, 3]);
});

test.each<[unknown, RegExp]>([
  ['{"columns": [', /no JSON/],
  [[], /not an object/],
  [{}, /lacks the key "columns"/],
  [
    { columns: [{ name: 'a', typ: 'number' }] },
    /columns\[0\] has the unknown key "typ": did you mean "type"\?/,
  ],
  [{ columns: [{ name: 'a', type: 'float' }] }, /columns\[0\].type is none of number, integer/],
  [{ columns: [{ name: 1, type: 'number' }] }, /columns\[0\].name is not text/],
  [{ columns: [{ name: 'a', type: 'number', nullable: 'no' }] }, /nullable is not true or false/],
  [
    {
      columns: [
        { name: 'a', type: 'number' },
        { name: 'a', type: 'date' },
      ],
    },
    /a name twice/,
  ],
  [{ columns: [], missings: [] }, /did you mean "missing"/],
  ['{"columns": [], "__proto__": {"missing": []}}', /unknown key "__proto__"/],
])('%j is refused', async (json, why) => {
  expect(await errorOf(() => parseSchema(json))).toMatchObject({
    code: 'SCHEMA_INVALID',
    exitCode: 2,
    why: expect.stringMatching(why),
  });
});
