import type { FastifyInstance } from 'fastify';
import { expect, test, vi } from 'vitest';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import {
  addVersion,
  fitModel,
  goodRow,
  openApp,
  openTestStore,
  promote,
  signature,
  storeWithModel,
} from './support.js';

const row = [0.5, 40, '서울', true];

async function post(app: FastifyInstance, payload: unknown, url = '/predict') {
  const answer = await app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json' },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

test('a row by position, by name, alone or among others gets the same answer', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  const other = { income: null, age: 70, region: '부산', owner: false };
  const bodies = [
    { features: row },
    { features: [row] },
    { inputs: goodRow },
    { inputs: [goodRow] },
    { inputs: [goodRow, other] },
    { features: [row, [null, 70, '부산', false]] },
  ];
  const answers = [];
  for (const body of bodies) answers.push(await post(app, body));
  const [{ body: first }] = answers;
  expect(first).toEqual({
    prediction_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
    model: 'credit',
    version: 1,
    run_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    threshold: 0.4,
    prediction: expect.any(Number),
    class: first.prediction >= 0.4 ? 'bad' : 'good',
    predictions: [{ prediction_id: first.prediction_id, prediction: first.prediction, class: first.class }],
  });
  for (const { status, body } of answers) {
    expect(status).toBe(200);
    expect(body.predictions[0].prediction).toBe(first.prediction);
    expect(body.prediction_id).toBe(body.predictions[0].prediction_id);
  }
  const [byName, byPosition] = answers.slice(4);
  expect(byName.body.predictions[1].prediction).toBe(byPosition.body.predictions[1].prediction);
  expect(byName.body.prediction).toBeUndefined();
  expect(byName.body.class).toBeUndefined();
});

test('the answer over HTTP is the offline score, bit for bit, and odd values are told', async () => {
  const store = await openTestStore();
  const file = await fitModel(1);
  await addVersion(store, file);
  await promote(store, 1);
  const { app } = await openApp(store.places);
  const { body } = await post(app, {
    inputs: [goodRow, { income: 7, age: 30, region: '대구', owner: null }],
  });
  const cells = Float64Array.from([0.5, 40, 1, 1, 7, 30, -1, Number.NaN]);
  const scores = body.predictions.map(({ prediction }: { prediction: number }) => prediction);
  expect(scores).toEqual([...file.predictor.predictCells(cells, 2)]);
  expect(body.warnings).toEqual([
    { row: 1, feature: 'income', code: 'OUT_OF_RANGE' },
    { row: 1, feature: 'region', code: 'UNSEEN_CATEGORY' },
    { row: 1, feature: 'owner', code: 'IMPUTED' },
  ]);
  expect(body.warning_count).toBe(3);
});

test('a regression has no class and no threshold', async () => {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1, 'regression'));
  await promote(store, 1);
  const { app } = await openApp(store.places);
  const { body } = await post(app, { features: row });
  expect(Object.keys(body).sort()).toEqual([
    'model',
    'prediction',
    'prediction_id',
    'predictions',
    'run_id',
    'version',
  ]);
  expect(body.prediction).toBeCloseTo(-40_000, -3);
});

test('every offending field of every row is named', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  const { status, body } = await post(app, {
    inputs: [goodRow, { income: '1', Age: 40, region: 3, owner: 'maybe' }],
  });
  expect(status).toBe(422);
  expect(body).toMatchObject({
    ok: false,
    error: { code: 'VALIDATION_ERROR', details: { problem_count: 4 } },
  });
  const found = body.error.details.problems.map(({ row: at, feature, code }: Record<string, unknown>) => [
    at,
    feature,
    code,
  ]);
  expect(found).toEqual([
    [1, 'income', 'WRONG_TYPE'],
    [1, 'region', 'WRONG_TYPE'],
    [1, 'owner', 'WRONG_TYPE'],
    [1, 'age', 'ABSENT'],
  ]);
});

test('a field too many, a renamed one and one that is left out: told or refused, and never NaN or null', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  const { income, ...rest } = goodRow;
  const tooMany = await post(app, { inputs: { ...goodRow, debt: 3, 'x\u001b': null } });
  expect([tooMany.status, tooMany.body.prediction]).toEqual([200, expect.any(Number)]);
  expect(tooMany.body.prediction).toBe((await post(app, { inputs: goodRow })).body.prediction);
  expect(tooMany.body.warnings).toEqual([
    { row: 0, feature: 'debt', code: 'UNKNOWN_FIELD' },
    { row: 0, feature: 'x\\x1b', code: 'UNKNOWN_FIELD' },
  ]);
  expect(tooMany.body.warning_count).toBe(2);
  for (const inputs of [
    rest,
    { ...rest, incom: income },
    { ...rest, income: '1' },
    { ...rest, income: 'NaN' },
    { ...rest, income: '' },
    { ...rest, income: [income] },
    { ...goodRow, age: null },
    { ...goodRow, age: 40.5 },
  ]) {
    const { status, body } = await post(app, { inputs });
    // What may be missing is filled in, and the answer says so.
    const isFilled = status === 200 && Number.isFinite(body.prediction) && body.warning_count > 0;
    expect([inputs, isFilled || (status === 422 && body.error.code === 'VALIDATION_ERROR')]).toEqual([
      inputs,
      true,
    ]);
    expect([inputs, status]).toEqual([
      inputs,
      inputs === rest || 'incom' in inputs ? 422 : expect.any(Number),
    ]);
  }
  expect((await post(app, { inputs: { ...rest, income: 1e308 } })).body).toMatchObject({
    prediction: expect.toSatisfy(Number.isFinite),
    warnings: [{ row: 0, feature: 'income', code: 'OUT_OF_RANGE' }],
  });
});

test('in a long batch too, rows are counted from its start', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  const rows: Record<string, unknown>[] = Array.from({ length: 900 }, () => ({ ...goodRow }));
  rows[850].income = 7;
  const { body } = await post(app, { inputs: rows });
  expect(body.predictions).toHaveLength(900);
  expect(body.warnings).toEqual([{ row: 850, feature: 'income', code: 'OUT_OF_RANGE' }]);
  rows[899].age = 'old';
  const refused = await post(app, { inputs: rows });
  expect(refused.body.error.details.problems).toMatchObject([
    { row: 899, feature: 'age', code: 'WRONG_TYPE' },
  ]);
});

test.each([
  ['too few values', { features: [1, 2] }, 400, 'FEATURE_SIZE_MISMATCH'],
  ['one row of another length', { features: [row, []] }, 400, 'FEATURE_SIZE_MISMATCH'],
  ['no values', { features: [] }, 422, 'VALIDATION_ERROR'],
  ['no rows', { inputs: [] }, 422, 'VALIDATION_ERROR'],
  ['neither form', {}, 422, 'VALIDATION_ERROR'],
  ['both forms', { features: row, inputs: goodRow }, 422, 'VALIDATION_ERROR'],
  ['an unknown key', { features: row, feature: row }, 422, 'VALIDATION_ERROR'],
  ['a scalar', { features: 3 }, 422, 'VALIDATION_ERROR'],
  ['an object for an array', { features: goodRow }, 422, 'VALIDATION_ERROR'],
  ['text for an object', { inputs: 'x' }, 422, 'VALIDATION_ERROR'],
  ['rows that are no rows', { inputs: [1, null, 'x'] }, 422, 'VALIDATION_ERROR'],
  ['rows and values mixed', { features: [row, 3] }, 422, 'VALIDATION_ERROR'],
  ['nested values', { features: [[0.5], 40, {}, []] }, 400, 'FEATURE_SIZE_MISMATCH'],
  ['an array for the body', [row], 400, 'BODY_INVALID'],
  ['null for the body', null, 400, 'BODY_INVALID'],
  ['a number too large', `{"features":[1e999,40,"서울",true]}`, 422, 'VALIDATION_ERROR'],
  ['NaN', `{"features":[NaN,40,"서울",true]}`, 400, 'BODY_INVALID'],
  ['a prototype key', `{"inputs":{"__proto__":{"income":1}}}`, 400, 'BODY_INVALID'],
  ['an empty body', '', 400, 'BODY_INVALID'],
  ['a deep array', `{"features":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 400, 'BODY_INVALID'],
  ['a deep value', `{"features":[1,${'['.repeat(10_000)}${']'.repeat(10_000)},2,3]}`, 400, 'BODY_INVALID'],
  ['a deep object', `{"inputs":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`, 400, 'BODY_INVALID'],
])('%s: refused', async (_name, body, status, code) => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  const answer = await post(app, body);
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  expect(answer.body).toMatchObject({ ok: false, request_id: answer.headers['x-request-id'] });
  await vi.waitFor(async () => expect((await post(app, { features: row })).status).toBe(200), {
    timeout: 10_000,
  });
});

test('the length that is expected is told', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  const { body } = await post(app, { features: [row, [1]] });
  expect(body.error.details).toEqual({
    expected_n_features: signature.features.length,
    got_n_features: 1,
    row: 1,
  });
});

test('more rows, or bytes, than the limit are refused', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places, { limits: { rows: 3, bodyBytes: 2_000 } });
  expect((await post(app, { features: [row, row, row] })).status).toBe(200);
  const rows = await post(app, { features: [row, row, row, row] });
  expect([rows.status, rows.body.error.code]).toEqual([413, 'TOO_MANY_ROWS']);
  const bytes = await post(app, { features: [0.5, 40, 'x'.repeat(2_000), true] });
  expect([bytes.status, bytes.body.error.code]).toEqual([413, 'BODY_TOO_LARGE']);
  expect(bytes.body.error.details).toEqual({ limit_bytes: 2_000 });
});

test('several models: by name, by default, or told that one must be chosen', async () => {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1));
  await promote(store, 1);
  await addVersion(store, await fitModel(2, 'regression'), '매출');
  await promote(store, 1, '매출');
  const { app } = await openApp(store.places);
  const none = await post(app, { features: row });
  expect([none.status, none.body.error.code]).toEqual([400, 'MODEL_AMBIGUOUS']);
  const byName = await post(app, { features: row }, `/models/${encodeURIComponent('매출')}/predict`);
  expect([byName.status, byName.body.model]).toEqual([200, '매출']);
  const unknown = await post(app, { features: row }, '/models/kredit/predict');
  expect([unknown.status, unknown.body.error.code]).toEqual([404, 'NO_CURRENT_MODEL']);
  const { app: withDefault } = await openApp(store.places, { model: 'credit' });
  expect((await post(withDefault, { features: row })).body.model).toBe('credit');
});

test('log sync: the entry is on disk before the answer, as the request sent it', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places, { log: { mode: 'sync' } });
  const headers = { 'content-type': 'application/json', 'x-request-id': 'case-7' };
  const answer = await app.inject({
    method: 'POST',
    url: '/predict',
    headers,
    payload: { inputs: [goodRow, goodRow] },
  });
  const { predictions } = answer.json();
  for (const { prediction_id, prediction, class: found } of predictions) {
    expect(await readPredictions(store, { id: prediction_id })).toEqual([
      {
        id: prediction_id,
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        request_id: 'case-7',
        model: 'credit',
        version: 1,
        inputs: goodRow,
        prediction,
        class: found,
      },
    ]);
  }
});

test('while the log cannot be written, predictions go on and /ready says degraded, and then no more', async () => {
  const store = await storeWithModel();
  const { app, context } = await openApp(store.places, { log: { mode: 'buffered', maxRows: 5 } });
  const blocker = openConnection(store.places.database);
  blocker.exec('BEGIN IMMEDIATE');
  for (let i = 0; i < 300; i++) expect((await post(app, { features: row })).status).toBe(200);
  expect(context.log.state().pending).toBeLessThanOrEqual(250);
  const ready = () => app.inject({ method: 'GET', url: '/ready' }).then((answer) => answer.json());
  await vi.waitFor(
    async () => expect((await ready()).warnings?.[0]).toMatch(/log is not written \(50 entries/),
    { timeout: 5_000 },
  );
  blocker.exec('COMMIT');
  blocker.close();
  await vi.waitFor(async () => expect(await ready()).toMatchObject({ ready: true, degraded: false }), {
    timeout: 5_000,
  });
  expect((await app.inject({ method: 'GET', url: '/metrics' })).body).toContain(
    'riskops_prediction_log_dropped_rows 50',
  );
});

test('log sync: without its entry there is no answer', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places, { log: { mode: 'sync' }, limits: { requestMs: 500 } });
  const blocker = openConnection(store.places.database);
  blocker.exec('BEGIN IMMEDIATE');
  const { status, body } = await post(app, { features: row });
  expect([status, body.error.code]).toEqual([503, 'STORE_BUSY']);
  blocker.exec('COMMIT');
  blocker.close();
  await vi.waitFor(async () => expect((await post(app, { features: row })).status).toBe(200), {
    timeout: 10_000,
  });
});
