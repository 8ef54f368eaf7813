import { expect, test } from 'vitest';
import { protocolRoutes } from '../../src/protocols/all.js';
import { readInferRequest } from '../../src/protocols/oip/read-request.js';
import { addVersion, fitModel, openApp, openTestStore, promote } from '../serving/support.js';
import { asker, serveProtocols } from './support.js';

const INFER = '/v2/models/credit/infer';

/** One tensor a feature, of two rows. */
const inputs = () => [
  { name: 'income', shape: [2], datatype: 'FP64', data: [0.5, 0.25] },
  { name: 'age', shape: [2, 1], datatype: 'INT32', data: [[40], [60]] },
  { name: 'region', shape: [2], datatype: 'BYTES', data: ['서울', '부산'] },
  { name: 'owner', shape: [2, 1], datatype: 'BOOL', data: [true, false] },
];

const rows = [
  { income: 0.5, age: 40, region: '서울', owner: true },
  { income: 0.25, age: 60, region: '부산', owner: false },
];

/** The tensors with one of them changed. */
const changed = (name: string, change: object) =>
  inputs().map((input) => (input.name === name ? { ...input, ...change } : input));

type Output = { name: string; datatype: string; shape: number[]; data: unknown[] };
const outputOf = (body: { outputs: Output[] }, name: string) =>
  body.outputs.find((output) => output.name === name);

/** A server with the model `credit`, and the check that a request is refused in the protocol's shape. */
async function setUp() {
  const { ask } = await serveProtocols();
  const refused = async (payload: object | string, message: RegExp, status = 400, url = INFER) => {
    const answer = await ask(url, payload, { 'content-type': 'application/json' });
    expect({ status: answer.status, keys: Object.keys(answer.body) }).toEqual({ status, keys: ['error'] });
    expect(answer.body.error).toMatch(message);
  };

  return { ask, refused };
}

test('1 live, 2 ready, 3 the server, 4 a model that is ready', async () => {
  const { ask } = await setUp();
  expect(await ask('/v2/health/live')).toMatchObject({ status: 200, body: { live: true } });
  expect(await ask('/v2/health/ready')).toMatchObject({ status: 200, body: { live: true, ready: true } });
  for (const url of ['/v2', '/v2/'])
    expect(await ask(url)).toMatchObject({
      status: 200,
      body: { name: 'riskops', version: expect.any(String), extensions: [] },
    });
  for (const url of ['/v2/models/credit/ready', '/v2/models/credit/versions/1/ready'])
    expect(await ask(url)).toMatchObject({ status: 200, body: { name: 'credit', ready: true } });
});

test('5 metadata lists inputs and outputs by their datatypes', async () => {
  const { ask } = await setUp();
  const { body } = await ask('/v2/models/credit');
  expect(body).toEqual({
    name: 'credit',
    versions: ['1'],
    platform: 'riskops_safetensors',
    inputs: [
      { name: 'income', datatype: 'FP64', shape: [-1] },
      { name: 'age', datatype: 'INT64', shape: [-1] },
      { name: 'region', datatype: 'BYTES', shape: [-1] },
      { name: 'owner', datatype: 'BOOL', shape: [-1] },
    ],
    outputs: [
      { name: 'prediction', datatype: 'FP64', shape: [-1] },
      { name: 'class', datatype: 'BYTES', shape: [-1] },
      { name: 'probabilities', datatype: 'FP64', shape: [-1, 2] },
      { name: 'prediction_id', datatype: 'BYTES', shape: [-1] },
    ],
  });
  expect((await ask('/v2/models/credit/versions/1')).body).toEqual(body);
});

test('6 an inference gives what /predict gives, 7 with its id', async () => {
  const { ask } = await setUp();
  const { status, body } = await ask(INFER, { id: '42', parameters: { trace: true }, inputs: inputs() });
  expect(status).toBe(200);
  const { body: own } = await ask('/predict', { inputs: rows });
  const predictions = own.predictions.map(({ prediction }: { prediction: number }) => prediction);
  expect(body).toMatchObject({ model_name: 'credit', model_version: '1', id: '42' });
  expect(outputOf(body, 'prediction')).toEqual({
    ...{ name: 'prediction', datatype: 'FP64', shape: [2], data: predictions },
  });
  expect(outputOf(body, 'class')?.data).toEqual(own.predictions.map((row: { class: string }) => row.class));
  expect(outputOf(body, 'probabilities')).toMatchObject({
    shape: [2, 2],
    data: [1 - predictions[0], predictions[0], 1 - predictions[1], predictions[1]],
  });
  expect(new Set(outputOf(body, 'prediction_id')?.data).size).toBe(2);
  expect('id' in (await ask(INFER, { inputs: inputs() })).body).toBe(false);
});

test('8 only the outputs that are wanted, 9 and none that is not there', async () => {
  const { ask, refused } = await setUp();
  const { body } = await ask(INFER, {
    inputs: inputs(),
    outputs: [{ name: 'class' }, { name: 'prediction' }],
  });
  expect(body.outputs.map(({ name }: Output) => name)).toEqual(['class', 'prediction']);
  await refused({ inputs: inputs(), outputs: [{ name: 'clas' }] }, /no output "clas"; did you mean "class"/);
});

test('10 a version that is served answers, 11 any other is not found, 12 nor is an unknown model', async () => {
  const { ask, refused } = await setUp();
  expect((await ask('/v2/models/credit/versions/1/infer', { inputs: inputs() })).body.model_version).toBe(
    '1',
  );
  for (const version of ['2', '01', 'latest', '-1'])
    await refused({ inputs: inputs() }, /is not served/, 404, `/v2/models/credit/versions/${version}/infer`);
  await refused({ inputs: inputs() }, /nobody/, 404, '/v2/models/nobody/infer');
  for (const url of ['/v2/models/nobody', '/v2/models/nobody/ready', '/v2/models/credit/versions/9/ready'])
    expect(await ask(url)).toMatchObject({ status: 404, body: { error: expect.any(String) } });
});

test('13 shapes and data that do not agree', async () => {
  const { refused } = await setUp();
  await refused({ inputs: changed('income', { shape: [3] }) }, /"income".*shape \[3\]/);
  await refused({ inputs: changed('income', { data: [1, 2, 3] }) }, /does not have the shape/);
  await refused({ inputs: changed('age', { data: [[40, 60]] }) }, /does not have the shape/);
  await refused({ inputs: changed('income', { shape: [1, 2] }) }, /\[n\] or \[n, 1\]/);
  await refused({ inputs: changed('income', { shape: [1], data: [1] }) }, /has 2 rows, and "income" has 1/);
});

test('14 shapes that are none', async () => {
  const { refused } = await setUp();
  for (const shape of [[-2], [2.5], [], ['2'], [1, 2, 1], 2, undefined, [null]])
    await refused({ inputs: changed('income', { shape }) }, /shape is not/);
  for (const shape of [[1e15], [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]])
    await refused({ inputs: changed('income', { shape }) }, /does not have the shape|limit is/, 400);
  await refused({ inputs: inputs().map((input) => ({ ...input, shape: [0], data: [] })) }, /no rows/);
});

test('15 names that are unknown, given twice or left out', async () => {
  const { refused } = await setUp();
  await refused({ inputs: changed('income', { name: 'incom' }) }, /no input "incom"; did you mean "income"/);
  await refused({ inputs: [...inputs(), inputs()[0]] }, /"income" is given twice/);
  await refused({ inputs: inputs().slice(1) }, /lacks "income"; the/);
  const features = Array.from({ length: 23 }, (_, i) => ({
    ...{ name: `f${i}`, type: 'number' as const, nullable: true },
  }));
  const two = ['f0', 'f1'].map((name) => ({ name, shape: [1], datatype: 'FP64', data: [1] }));
  expect(() => readInferRequest({ inputs: two }, { features, outputs: [], maxRows: 9 })).toThrow(
    /lacks "f2", .*"f13" and 9 more; the model takes all/,
  );
  await refused({ inputs: [] }, /no inputs/);
  await refused({ inputs: [{ ...inputs()[0], name: '' }] }, /inputs\[0\] has no name/);
});

test('16 datatypes that are unknown, cannot be JSON, or are not the feature’s', async () => {
  const { refused } = await setUp();
  await refused({ inputs: changed('income', { datatype: 'FLOAT' }) }, /datatype is "FLOAT"/);
  await refused({ inputs: changed('income', { datatype: 'FP16' }) }, /FP16 cannot be given/);
  await refused(
    { inputs: changed('income', { datatype: 'BYTES', data: ['1', '2'] }) },
    /BYTES cannot be "income"/,
  );
  await refused(
    { inputs: changed('owner', { datatype: 'BYTES', data: ['a', 'b'] }) },
    /BYTES cannot be "owner"/,
  );
  await refused({ inputs: changed('income', { datatype: 7 }) }, /datatype is not a text/);
});

test('17 elements that the datatype cannot hold', async () => {
  const { ask, refused } = await setUp();
  const wrong: Record<string, unknown[]> = {
    ...{
      UINT8: [-1, 256],
      INT8: [128],
      INT16: [40_000],
      INT32: [2 ** 31],
      UINT64: [-1, 2 ** 53],
      INT64: [1.5],
    },
    ...{ FP32: [1e39], FP64: ['1', true, [1]], BOOL: [1], BYTES: [1] },
  };
  const cases = Object.entries(wrong).flatMap(([datatype, values]) =>
    values.map((value) => [datatype, value]),
  );
  for (const [datatype, value] of cases)
    await refused(
      { inputs: changed('age', { shape: [2], datatype, data: [value, value] }) },
      /which is no|shape/,
    );
  const body = JSON.stringify({
    inputs: changed('age', { shape: [2], datatype: 'INT64', data: ['#', 1] }),
  });
  await refused(body.replace('"#"', '9007199254740993'), /does not hold it exactly/);
  await refused(body.replace('"#"', '1e400'), /which is no INT64/);
  for (const datatype of [
    'UINT8',
    'UINT16',
    'UINT32',
    'UINT64',
    'INT8',
    'INT16',
    'INT32',
    'INT64',
    'FP32',
    'FP64',
  ])
    expect((await ask(INFER, { inputs: changed('age', { datatype }) })).status).toBe(200);
});

test('18 what is not a request', async () => {
  const { ask, refused } = await setUp();
  await refused('[]', /must be a JSON object/);
  await refused('{"inputs": 1}', /inputs is no array/);
  await refused('{"inputs"', /not JSON/);
  await refused({ id: 42, inputs: inputs() }, /id of the request is no text/);
  await refused({ inputs: inputs(), parameters: { a: {} } }, /parameters/);
  await refused({ inputs: changed('income', { data: undefined }) }, /has no data/);
  const text = await ask(INFER, 'x', { 'content-type': 'text/plain' });
  expect([text.status, Object.keys(text.body)]).toEqual([415, ['error']]);
  const csv = await ask(INFER, 'x', { 'content-type': 'text/csv' });
  expect([csv.status, Object.keys(csv.body)]).toEqual([415, ['error']]);
});

test('19 values that do not fit the model name the row and the feature', async () => {
  const { ask, refused } = await setUp();
  await refused({ inputs: changed('age', { datatype: 'FP64', data: [[40], [60.5]] }) }, /row 1, age: 60\.5/);
  const missing = await ask(INFER, { inputs: changed('income', { data: [null, 0.25] }) });
  expect(missing.status).toBe(200);
});

test('20 one tensor of shape [n, features], flat or nested, where all are numbers', async () => {
  const { ask } = await serveProtocols('regression', {}, ['income', 'age', 'owner']);
  const values = [
    [0.5, 40, 1],
    [0.25, 60, 0],
  ];
  const infer = async (input: object) =>
    ask(INFER, { inputs: [{ name: 'x', shape: [2, 3], datatype: 'FP64', ...input }] });
  const { body: own } = await ask('/predict', {
    features: values.map(([income, age, owner]) => [income, age, owner === 1]),
  });
  const expected = own.predictions.map(({ prediction }: { prediction: number }) => prediction);
  for (const input of [{ data: values }, { data: values.flat() }, { data: values, datatype: 'FP32' }])
    expect(outputOf((await infer(input)).body, 'prediction')?.data).toEqual(expected);
  for (const data of [[values[0], [1, 2]], [...values, values[0]], [0.5, 40, 1], [values.flat()]])
    expect(await infer({ data })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('does not have the shape [2, 3]') },
    });
  expect((await infer({ data: [0.5, 40, 2, 0.5, 40, 1] })).body.error).toContain('owner: 2');
  const { ask: askText } = await serveProtocols();
  const text = { inputs: [{ name: 'x', shape: [1, 4], datatype: 'FP64', data: [0.5, 40, 1, 1] }] };
  expect(await askText(INFER, text)).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('region: 1') },
  });
});

test('a server without a model is live, and not ready', async () => {
  const store = await openTestStore();
  const { app } = await openApp(store.places, { routes: protocolRoutes });
  const ask = asker(app);
  expect((await ask('/v2/health/live')).status).toBe(200);
  expect(await ask('/v2/health/ready')).toMatchObject({
    status: 503,
    body: { ready: false, error: expect.any(String) },
  });
  expect((await ask('/v2/models/credit/ready')).status).toBe(404);
});

test('of many classes the likeliest with the probability of each; a regression has its value alone', async () => {
  const many = await serveProtocols('multiclass');
  const { body } = await many.ask(INFER, { inputs: inputs() });
  const { body: own } = await many.ask('/predict', { inputs: rows });
  expect(outputOf(body, 'class')?.data).toEqual(own.predictions.map((row: { class: string }) => row.class));
  expect(outputOf(body, 'probabilities')).toMatchObject({
    shape: [2, 3],
    data: own.predictions.flatMap((row: { probabilities: object }) => Object.values(row.probabilities)),
  });
  const value = await serveProtocols('regression');
  const answer = await value.ask(INFER, { inputs: inputs() });
  expect(answer.body.outputs.map(({ name }: Output) => name)).toEqual(['prediction', 'prediction_id']);
});

test('after a promotion the old number is not found, and too many rows are 413', async () => {
  const { store, ask } = await serveProtocols('binary', { limits: { rows: 1 } });
  expect(await ask(INFER, { inputs: inputs() })).toMatchObject({
    status: 413,
    body: { error: expect.stringContaining('limit is 1') },
  });
  await addVersion(store, await fitModel(2));
  await promote(store, 2);
  expect((await ask('/v2/models/credit')).body.versions).toEqual(['2']);
  expect((await ask('/v2/models/credit/versions/1')).status).toBe(404);
});
