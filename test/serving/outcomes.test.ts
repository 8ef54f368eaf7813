import { expect, test } from 'vitest';
import { listOutcomes } from '../../src/monitoring/list-outcomes.js';
import { temporaryFolder } from '../support/temporary.js';
import { goodRow, openApp, placesIn, storeWithModel } from './support.js';

async function served(options: Parameters<typeof openApp>[1] = {}) {
  const store = await storeWithModel();
  const { app, context } = await openApp(store.places, {
    log: { mode: 'buffered' },
    entity: () => ['customer'],
    beside: () => ['customer'],
    ...options,
  });
  const post = async (url: string, payload: object) => {
    const { statusCode, body } = await app.inject({ method: 'POST', url, payload });
    return { status: statusCode, ...JSON.parse(body) };
  };
  const get = async (url: string) => {
    const { statusCode, body } = await app.inject({ method: 'GET', url });
    return { status: statusCode, ...JSON.parse(body) };
  };
  return { store, app, context, post, get };
}

test('an outcome right behind its answer is matched, and changes the accuracy', async () => {
  const { post, get, store } = await served();
  const rows = Array.from({ length: 40 }, (_, i) => ({ ...goodRow, income: i / 40, customer: `c${i}` }));
  const { predictions, warnings } = await post('/predict', { inputs: rows });
  expect(warnings).toBeUndefined();
  const ids = predictions.map((one: { prediction_id: string }) => one.prediction_id);
  const value = (i: number) => (i % 2 === 0 ? 'bad' : 'good');
  const byId = ids.slice(0, 20).map((id: string, i: number) => ({ prediction_id: id, value: value(i) }));
  expect(await post('/outcomes', { outcomes: byId })).toEqual({
    ...{
      status: 200,
      received: 20,
      added: 20,
      unchanged: 0,
      corrected: 0,
      unmatched: 0,
      early: 0,
      notes: [],
    },
  });
  expect((await get('/accuracy?since=1d')).overall).toMatchObject({
    ...{ predictions: 40, with_outcome: 20, too_few: '20 outcomes: too few, 30 are needed' },
  });
  const byThing = rows
    .slice(20)
    .map(({ customer }, i) => ({ model: 'credit', entity: customer, value: value(i) }));
  expect(await post('/outcomes', { outcomes: byThing })).toMatchObject({ added: 20, unmatched: 0 });
  const { overall, segments, versions, notes } = await get('/accuracy?since=1d&by=region&metric=brier');
  expect(versions).toMatchObject([{ version: 1, predictions: 40, with_outcome: 40, holdout: { auc: 0.75 } }]);
  expect(notes).toEqual([]);
  expect(overall).toMatchObject({ with_outcome: 40, positives: 20 });
  expect(segments).toMatchObject([{ segment: { region: '서울' }, metrics: [{ name: 'brier' }] }]);
  expect(await post('/outcomes', { ...byId[0], value: 'good' })).toMatchObject({ corrected: 1 });
  expect((await listOutcomes(store, { limit: 1 }))[0]).toMatchObject({ value: 'good', counts: true });
});

test('what does not fit is refused in the words of the row, and none of it is kept', async () => {
  const { post, get, store } = await served({ limits: { rows: 3 } });
  const { prediction_id } = await post('/predict', { inputs: goodRow });
  const good = { prediction_id, value: 'bad' };
  const error = (status: number, code: string) => ({ status, error: { code } });
  expect(await post('/outcomes', { outcomes: [good, { ...good, value: 'ugly' }] })).toMatchObject({
    ...error(422, 'VALIDATION_ERROR'),
    error: { details: { problems: [{ row: 1, field: 'value' }], problem_count: 1 } },
  });
  expect(await post('/outcomes', { outcomes: [] })).toMatchObject(error(422, 'VALIDATION_ERROR'));
  expect(await post('/outcomes', { outcomes: good })).toMatchObject(error(422, 'VALIDATION_ERROR'));
  expect(await post('/outcomes', { outcomes: [good], value: 1 })).toMatchObject(
    error(422, 'VALIDATION_ERROR'),
  );
  expect(await post('/outcomes', [good])).toMatchObject(error(400, 'BODY_INVALID'));
  const many = await post('/outcomes', { outcomes: [good, good, good, good] });
  expect(many).toMatchObject(error(413, 'TOO_MANY_ROWS'));
  expect(await listOutcomes(store)).toEqual([]);
  expect((await get('/accuracy')).notes).toEqual([
    expect.stringMatching(/^The last prediction carries no "customer"/),
  ]);
  expect(await get('/accuracy?since=soon')).toMatchObject(error(422, 'OPTION_INVALID'));
  expect(await get('/accuracy?model=none')).toMatchObject(error(404, 'MODEL_NOT_FOUND'));
  expect(await get('/accuracy?by=nosuch')).toMatchObject(error(422, 'OPTION_INVALID'));
  expect(await get('/accuracy?metric=rmse')).toMatchObject(error(422, 'OPTION_INVALID'));
  expect(await get('/accuracy?window=1s&since=30d')).toMatchObject(error(422, 'OPTION_INVALID'));
});

test('outcomes by entity are told when the config names none, and a time that ends before it begins is refused', async () => {
  const { post, get } = await served({ entity: () => [] });
  const { prediction_id } = await post('/predict', { inputs: goodRow });
  const outcomes = [
    { model: 'credit', entity: 'c1', value: 'bad' },
    { prediction_id, value: 'bad', observed_at: '2025-01-01' },
  ];
  expect(await post('/outcomes', { outcomes })).toMatchObject({
    ...{ status: 200, added: 2, unmatched: 0, early: 1 },
    notes: [
      expect.stringContaining('more than a day before the prediction'),
      expect.stringContaining('set "entity" of models.credit in the config'),
    ],
  });
  const refused = (message: string) => ({ status: 422, error: { code: 'OPTION_INVALID', message } });
  for (const url of ['/accuracy?since=1d&until=2d', '/drift?since=1d&until=2d', '/drift?until=2020-01-01'])
    expect(await get(url)).toMatchObject(refused(expect.stringMatching(/^until is before since\./)));
  expect(await get('/drift?reference=window:2026-03-02..2026-03-01')).toMatchObject(
    refused(expect.stringMatching(/^until is before since\. since is 2026-03-02/)),
  );
  const missing = { status: 404, error: { code: 'VERSION_NOT_FOUND' } };
  expect(await get('/accuracy?version=9')).toMatchObject(missing);
  expect(await get('/drift?version=9')).toMatchObject(missing);
});

test('without a store the route says so, and makes none', async () => {
  const places = placesIn(temporaryFolder());
  const { app } = await openApp(places);
  const payload = { model: 'credit', entity: 1, value: 1 };
  const { statusCode, body } = await app.inject({ method: 'POST', url: '/outcomes', payload });
  expect([statusCode, JSON.parse(body).error.code]).toEqual([503, 'STORE_NOT_FOUND']);
});
