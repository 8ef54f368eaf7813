import { expect, test } from 'vitest';
import { encodeRows } from '../../src/datasets/encode-rows.js';
import { RiskopsError } from '../../src/errors.js';
import { protocolRoutes } from '../../src/protocols/all.js';
import { mlflowError } from '../../src/protocols/mlflow/refuse.js';
import { openApp, openTestStore } from '../serving/support.js';
import { asker, serveProtocols } from './support.js';

const rows = [
  { income: 0.5, age: 40, region: '서울', owner: true },
  { income: null, age: 60, region: '부산', owner: false },
];
const columns = ['region', 'income', 'owner', 'age'];
const data = [
  ['서울', 0.5, true, 40],
  ['부산', null, false, 60],
];
const positional = [
  [0.5, 40, '서울', true],
  [null, 60, '부산', false],
];
const byColumn = { income: [0.5, null], age: [[40], [60]], region: ['서울', '부산'], owner: [true, false] };
const csv = 'age,income,region,owner,more\n40,0.5,서울,true,x\n60,,부산,FALSE,y\n';

async function setUp() {
  const { ask } = await serveProtocols('binary', { limits: { rows: 3 } });
  const { body: own } = await ask('/predict', { inputs: rows });
  const predictions = own.predictions.map(({ prediction }: { prediction: number }) => prediction);

  return { ask, own, predictions };
}

test('every form is answered as /predict answers it, and by nothing else', async () => {
  const { ask, predictions } = await setUp();
  const forms: [string, object][] = [
    ['dataframe_split', { dataframe_split: { columns, index: [0, 1], data } }],
    ['dataframe_split without columns', { dataframe_split: { data: positional } }],
    ['dataframe_records', { dataframe_records: rows }],
    ['instances, objects', { instances: rows }],
    ['instances, arrays', { instances: positional }],
    ['inputs, arrays', { inputs: positional }],
    ['inputs, objects', { inputs: rows }],
    ['inputs, columns', { inputs: byColumn, params: {} }],
  ];
  for (const [name, body] of forms)
    expect({ name, ...(await ask('/invocations', body)) }).toMatchObject({
      name,
      status: 200,
      body: { predictions },
    });
  expect((await ask('/invocations', forms[0][1])).body).toEqual({ predictions });
});

test('CSV is answered by one document, or by lines where lines are accepted', async () => {
  const { ask, predictions } = await setUp();
  const type = { 'content-type': 'text/csv; charset=utf-8' };
  expect((await ask('/invocations', csv, type)).body).toEqual({ predictions });
  expect((await ask('/invocations', csv, { ...type, accept: '*/*' })).body).toEqual({ predictions });
  const lines = await ask('/invocations', csv, { ...type, accept: 'application/x-ndjson' });
  expect(lines.headers['content-type']).toContain('application/x-ndjson');
  expect(lines.body.split('\n').length).toBe(4);
  const streamed = await ask('/invocations', `${csv}${'40,1,서울,true,x\n'.repeat(9)}`, {
    ...type,
    accept: 'text/csv',
  });
  expect(streamed.body.trimEnd().split('\n').length).toBe(12);
  const rowsOut = await ask('/invocations', rows.map((row) => JSON.stringify(row)).join('\n'), {
    'content-type': 'application/x-ndjson',
  });
  expect(JSON.parse(rowsOut.body.split('\n')[1]).prediction).toBe(predictions[1]);
});

test('params that are known change the answer', async () => {
  const { ask, own, predictions } = await setUp();
  const params = async (given: object) =>
    (await ask('/invocations', { instances: rows, params: given })).body;
  const classes = own.predictions.map((row: { class: string }) => row.class);
  expect((await params({ predict_method: 'predict' })).predictions).toEqual(classes);
  expect((await params({ predict_method: 'predict_proba' })).predictions).toEqual(
    predictions.map((positive: number) => [1 - positive, positive]),
  );
  expect((await params({ prediction_ids: true })).prediction_ids).toHaveLength(2);
});

const wrong: [string, unknown, RegExp][] = [
  ['no form', {}, /exactly one of/],
  ['two forms', { inputs: rows, instances: rows }, /it has 2/],
  ['an unknown field', { instance: rows }, /did you mean "instances"/],
  ['a list', rows, /must be a JSON object/],
  ['no rows', { instances: [] }, /no rows/],
  ['a mix', { instances: [rows[0], 1] }, /mixes/],
  ['records that are none', { dataframe_records: [1] }, /array of objects/],
  ['no data', { dataframe_split: { columns } }, /columns and data/],
  ['a row of another length', { dataframe_split: { columns, data: [[1]] } }, /row 0 has 1 values/],
  [
    'a column twice',
    { dataframe_split: { columns: ['age', 'age'], data: [[1, 2]] } },
    /"age" is given twice/,
  ],
  ['columns of other lengths', { inputs: { ...byColumn, age: [1] } }, /"age" has 1 values/],
  ['columns of objects', { inputs: { age: [{}] } }, /no flat array/],
  ['an unknown parameter', { instances: rows, params: { temperature: 1 } }, /unknown name "temperature"/],
  ['an unknown method', { instances: rows, params: { predict_method: 'go' } }, /predict_method/],
  ['params that are none', { instances: rows, params: 1 }, /params is no object/],
  ['a value of another type', { instances: [{ ...rows[0], age: 'x' }] }, /age: text "x"/],
  [
    'features that are not there, also beside a value of another type',
    { instances: [{ age: 'x' }] },
    /^Row 0 lacks "income", "region", "owner"; the model takes all of its features\.$/,
  ],
  [
    'a feature under another name',
    { instances: [rows[0], { ...rows[1], region: undefined, regoin: '서울' }] },
    /^Row 1 lacks "region"; .*: "regoin" is unknown: did you mean "region"\?$/,
  ],
];
test('what does not fit is a BAD_REQUEST in the shape of MLflow', async () => {
  const { ask } = await setUp();
  for (const [name, body, message] of wrong) {
    const answer = await ask('/invocations', body as object);
    expect({ name, status: answer.status, ...answer.body }).toEqual({
      ...{ name, status: 400, error_code: 'BAD_REQUEST', message: expect.stringMatching(message) },
    });
  }
});

test('limits and media types have its shape too', async () => {
  const { ask } = await setUp();
  const many = await ask('/invocations', { instances: [...rows, ...rows] });
  expect([many.status, many.body.error_code]).toEqual([413, 'BAD_REQUEST']);
  const long = await ask('/invocations', csv + '40,1,서울,true,x\n'.repeat(9), {
    'content-type': 'text/csv',
  });
  expect([long.status, long.body.error_code]).toEqual([413, 'BAD_REQUEST']);
  const odd = await ask('/invocations', csv.replace('60,,', '60,'), { 'content-type': 'text/csv' });
  expect([odd.status, odd.body.message]).toEqual([400, expect.stringContaining('4 fields')]);
  const type = await ask('/invocations', 'x', { 'content-type': 'text/html' });
  expect([type.status, type.body.error_code]).toEqual([415, 'BAD_REQUEST']);
  const broken = await ask('/invocations', '{"a', { 'content-type': 'application/json' });
  expect([broken.status, broken.body.error_code]).toEqual([400, 'BAD_REQUEST']);
});

test('of many classes the likeliest, and the probability of each', async () => {
  const { ask } = await serveProtocols('multiclass');
  const { body: own } = await ask('/predict', { inputs: rows });
  const { body } = await ask('/invocations', {
    instances: rows,
    params: { predict_method: 'predict_proba' },
  });
  expect(body.predictions).toEqual(
    own.predictions.map((row: { probabilities: object }) => Object.values(row.probabilities)),
  );
  expect((await ask('/invocations', { instances: rows })).body.predictions).toEqual(
    own.predictions.map((row: { class: string }) => row.class),
  );
});

test('/ping is a line end, 200 with a model and 404 without', async () => {
  const { ask } = await serveProtocols();
  const withModel = await ask('/ping');
  expect(withModel.status).toBe(200);
  const { app } = await openApp((await openTestStore()).places, { routes: protocolRoutes });
  const none = await app.inject({ method: 'GET', url: '/ping' });
  expect([none.statusCode, none.body]).toEqual([404, '\n']);
  const answer = await asker(app)('/invocations', { instances: rows });
  expect([answer.status, answer.body.error_code]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
});

test('of what a row lacks twelve are named and the rest are counted, as far as it is known', () => {
  const names = Array.from({ length: 130 }, (_, i) => `f${i}`);
  const told = (count: number, rows: readonly object[] = [{}]) => {
    const features = names.slice(0, count).map((name) => ({ name, type: 'number' as const, nullable: true }));
    const { problems, problemCount } = encodeRows(rows, {
      features,
      target: { name: 'y', type: 'number', classes: null },
    });
    const details = { problems, problem_count: problemCount };
    const { body } = mlflowError(new RiskopsError('VALIDATION_ERROR', { what: 'It does not fit.', details }));
    return (body as { message: string }).message;
  };
  const twelve = names.slice(0, 12).map((name) => `"${name}"`);
  expect(told(12)).toBe(`Row 0 lacks ${twelve.join(', ')}; the model takes all of its features.`);
  expect(told(13)).toContain('"f11" and 1 more;');
  expect(told(21, [{}, {}, {}, {}, {}])).toContain('"f11" and 9 more;');
  expect(told(130)).toContain('"f11" and at least 88 more;');
});
