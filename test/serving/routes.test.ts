import { renameSync, writeFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../src/serving/openapi.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { temporaryFolder } from '../support/temporary.js';
import { addVersion, fitModel, goodRow, openApp, placesIn, signature, storeWithModel } from './support.js';

async function get(app: FastifyInstance, url: string, headers: Record<string, string> = {}) {
  const answer = await app.inject({ method: 'GET', url, headers });
  const isJson = String(answer.headers['content-type']).startsWith('application/json');
  return { status: answer.statusCode, body: isJson ? answer.json() : answer.body, headers: answer.headers };
}

test('life with a model', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  expect((await get(app, '/health')).body.model_loaded).toBe(false);
  const { run_id } = (await get(app, '/model')).body;
  expect((await get(app, '/health')).body).toEqual({
    status: 'ok',
    model_loaded: true,
    timestamp: expect.stringMatching(/Z$/),
  });
  expect((await get(app, '/ready')).body).toEqual({
    ready: true,
    degraded: false,
    model: 'credit',
    version: 1,
    run_id,
  });
  expect((await get(app, '/version')).body).toEqual({
    service: 'riskops',
    package: { name: 'riskops', version: expect.any(String) },
    node: process.versions.node,
    platform: { system: process.platform, machine: process.arch },
    git: null,
    model: {
      name: 'credit',
      version: 1,
      run_id,
      expected_n_features: 4,
      learner: 'logistic',
      task: 'binary',
    },
  });
});

test('life without a model: alive, not ready, and told so', async () => {
  const { app } = await openApp(placesIn(temporaryFolder()));
  expect((await get(app, '/health')).body).toMatchObject({ status: 'ok', model_loaded: false });
  const ready = await get(app, '/ready');
  expect([ready.status, ready.body.ready, ready.body.error.code]).toEqual([503, false, 'NO_CURRENT_MODEL']);
  expect((await get(app, '/version')).body.model).toBe(null);
  const model = await get(app, '/model');
  expect([model.status, model.body.error.code, model.body.error.hint]).toEqual([
    404,
    'NO_CURRENT_MODEL',
    'riskops promote --latest',
  ]);
  const predict = await app.inject({ method: 'POST', url: '/predict', payload: { inputs: goodRow } });
  expect([predict.statusCode, predict.json().error.code]).toEqual([404, 'NO_CURRENT_MODEL']);
});

test('/model tells what the model takes, and its metrics as they are', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  const { body } = await get(app, '/model');
  expect(body).toMatchObject({
    name: 'credit',
    version: 1,
    promoted_at: expect.stringMatching(/Z$/),
    signature,
    classes: ['good', 'bad'],
    threshold: 0.4,
    metrics: { auc: 0.75, odd: 'NaN' },
    learner: { name: 'logistic', engine: 'riskops' },
  });
});

test('/models and /runs read the store', async () => {
  const store = await storeWithModel();
  for (let i = 0; i < 4; i++) await addVersion(store, await fitModel(1));
  const { app } = await openApp(store.places);
  expect((await get(app, '/models')).body).toMatchObject({
    count: 1,
    items: [{ name: 'credit', versions: 5, latest: 5, current: { version: 1 } }],
  });
  const page = (await get(app, '/runs?limit=2&offset=1&include_metrics=false')).body;
  expect(page).toMatchObject({ total: 5, limit: 2, offset: 1, count: 2, next_offset: 3 });
  expect(page.items[0].metrics).toBeUndefined();
  const last = (await get(app, '/runs?offset=4')).body;
  expect(last).toMatchObject({ limit: 20, count: 1, next_offset: null });
  expect(last.items[0].metrics).toEqual({});
  const latest = (await get(app, '/runs/latest')).body;
  expect((await get(app, `/runs/${latest.run_id}`)).body).toEqual(latest);
  const missing = await get(app, `/runs/${'f'.repeat(32)}`);
  expect([missing.status, missing.body.error.code]).toEqual([404, 'RUN_NOT_FOUND']);
});

test.each([
  'limit=1e9',
  'limit=-1',
  'limit=NaN',
  'limit=0x10',
  'limit=0',
  'limit=201',
  'limit=',
  'limit=1&limit=2',
])('/runs?%s is refused by name', async (query) => {
  const { app } = await openApp((await storeWithModel()).places);
  const { status, body } = await get(app, `/runs?${query}`);
  expect([status, body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
  expect(body.error.details.problems.map(({ field }: { field: string }) => field)).toContain('limit');
});

test('names out of SQL injection are names, and nothing of SQL comes back', async () => {
  const { app } = await openApp((await storeWithModel()).places);
  for (const text of [
    "' OR 1=1 --",
    '"; DROP TABLE runs; --',
    "1' UNION SELECT name FROM runs --",
    '%_',
    '../../etc/passwd',
  ]) {
    const name = encodeURIComponent(text);
    for (const url of [
      `/runs/${name}`,
      `/runs?limit=${name}`,
      `/runs?offset=${name}`,
      `/runs?${name}=1`,
      `/models/${name}/predict`,
    ]) {
      const { status, body } = await get(app, url);
      expect([404, 422]).toContain(status);
      expect(JSON.stringify(body)).not.toMatch(/sqlite|syntax|near /i);
    }
  }
  expect((await get(app, '/runs')).body.total).toBe(1);
});

test('without a database, or with a locked or damaged one, /runs says why and /predict goes on', async () => {
  const store = await storeWithModel();
  const { places } = store;
  const { app } = await openApp(places);
  const predict = () => app.inject({ method: 'POST', url: '/predict', payload: { inputs: goodRow } });
  const expectBoth = async (code: string | null) => {
    const { status, body } = await get(app, '/runs');
    expect([status, body.error?.code ?? null]).toEqual([code === null ? 200 : 503, code]);
    expect((await predict()).statusCode).toBe(200);
  };
  await expectBoth(null);
  await store.close();
  const lock = openConnection(places.database);
  lock.exec('BEGIN IMMEDIATE');
  await expectBoth(null);
  lock.exec('COMMIT');
  lock.close();
  renameSync(places.database, `${places.database}.away`);
  await expectBoth('STORE_NOT_FOUND');
  writeFileSync(places.database, 'this is no database, and never was one'.repeat(200));
  await expectBoth('STORE_DAMAGED');
  renameSync(`${places.database}.away`, places.database);
  await expectBoth(null);
});

test('every answer has a request id: the sane one that came, else a new one', async () => {
  const { app } = await openApp((await storeWithModel()).places);
  for (const url of ['/health', '/nowhere', '/runs?limit=x']) {
    expect((await get(app, url, { 'x-request-id': 'abc-1.2_3' })).headers['x-request-id']).toBe('abc-1.2_3');
    for (const odd of ['a b', '<script>', 'x'.repeat(129), '한국']) {
      const { headers } = await get(app, url, { 'x-request-id': odd });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  }
});

test.each([
  [{ host: 'evil.example' }, 403],
  [{ host: 'evil.example:8000' }, 403],
  [{ host: '127.0.0.1.evil.example' }, 403],
  [{ host: 'localhost@evil.example' }, 403],
  [{ host: '192.168.0.7' }, 403],
  [{ host: '127.0.0.1:8000', origin: 'https://evil.example' }, 403],
  [{ host: '127.0.0.1:8000', origin: 'null' }, 403],
  [{ host: 'localhost' }, 200],
  [{ host: 'LOCALHOST:8000', origin: 'http://localhost:8000' }, 200],
  [{ host: '127.0.0.1:8000' }, 200],
  [{ host: '[::1]:8000' }, 200],
  [{ host: 'risk.internal' }, 200],
])('%o is answered %i', async (headers, status) => {
  const { app } = await openApp(placesIn(temporaryFolder()), { allowedHosts: ['risk.internal'] });
  const answer = await get(app, '/health', headers as Record<string, string>);
  expect(answer.status).toBe(status);
  if (status === 403) expect(answer.body.error.code).toBe('HOST_NOT_ALLOWED');
});

test('bodies that are no plain JSON are refused by their headers', async () => {
  const { app } = await openApp((await storeWithModel()).places);
  const send = (
    headers: Record<string, string>,
    payload: string | Buffer = JSON.stringify({ inputs: goodRow }),
  ) => app.inject({ method: 'POST', url: '/predict', headers, payload });
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    '<script>',
    'application/json+x',
    '',
  ]) {
    const answer = await send({ 'content-type': type });
    expect([type, answer.statusCode, answer.json().error.code]).toEqual([
      type,
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ]);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  }
  const json = { 'content-type': 'application/json' };
  expect((await send({ ...json, 'content-encoding': 'gzip' })).statusCode).toBe(415);
  expect((await send({ 'content-type': 'application/json; charset=utf-8' })).statusCode).toBe(200);
  const notUtf8 = Buffer.from(JSON.stringify({ inputs: goodRow }).replace('서울', 'xx'));
  notUtf8[notUtf8.indexOf('xx')] = 0xff;
  expect((await send(json, notUtf8)).json().error.code).toBe('BODY_INVALID');
  expect((await app.inject({ method: 'POST', url: '/predict' })).json().error.code).toBe('BODY_INVALID');
});

test('/metrics counts by route, and a stranger cannot make a series', async () => {
  const { app } = await openApp((await storeWithModel()).places);
  for (let i = 0; i < 50; i++) {
    await app.inject({ method: 'POST', url: `/models/m${i}/predict`, payload: { inputs: goodRow } });
    await get(app, `/nowhere/${i}`);
    await app.inject({ method: 'PUT', url: `/${i}` });
  }
  await app.inject({ method: 'POST', url: '/predict', payload: { inputs: [goodRow, goodRow] } });
  const { body, headers } = await get(app, '/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  const series = body.split('\n').filter((line: string) => line.startsWith('riskops_http_requests_total'));
  expect(series).toEqual([
    'riskops_http_requests_total{method="POST",route="/models/:name/predict",status="404"} 50',
    'riskops_http_requests_total{method="GET",route="none",status="404"} 50',
    'riskops_http_requests_total{method="PUT",route="none",status="404"} 50',
    'riskops_http_requests_total{method="POST",route="/predict",status="200"} 1',
  ]);
  expect(body).toContain('riskops_predictions_total{model="credit"} 2');
  expect(body).toContain('riskops_model_version{model="credit"} 1');
  expect(body).toContain('riskops_model_failing{model="credit"} 0');
});

test('a fault nobody foresaw tells its type alone, and the operator the rest', async () => {
  const news: string[] = [];
  const { app, context } = await openApp((await storeWithModel()).places, {
    onNews: (line) => news.push(line),
  });
  context.metrics.read = () => Promise.reject(new TypeError('secret of /etc'));
  const { status, body } = await get(app, '/metrics', { 'x-request-id': 'r-9' });
  expect([status, body.error.code, body.error.details]).toEqual([
    500,
    'INTERNAL_ERROR',
    { type: 'TypeError' },
  ]);
  expect(JSON.stringify(body)).not.toContain('secret');
  expect(news).toEqual(['GET /metrics failed (request r-9): TypeError: secret of /etc']);
});

test('/openapi.json has every route of the router, and no other', async () => {
  const { app } = await openApp((await storeWithModel()).places);
  await app.ready();
  const { body } = await get(app, '/openapi.json');
  const documented = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routed = printedRoutes(app.printRoutes({ commonPrefix: false }));
  expect(documented.sort()).toEqual(routed.sort());
  expect(documented.length).toBeGreaterThan(16);
  expect(body.components.schemas.Error.properties.error.required).toEqual(['code', 'message']);
  expect(await openApiDocument()).toEqual(body);
});

/** `METHOD /path` out of the router's own tree; HEAD comes with GET and is not listed. */
function printedRoutes(tree: string): string[] {
  const folders: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const match = /^([│├└─ ]*)(\S+)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!match) return [];
    const depth = match[1].length / 4;
    folders.splice(depth - 1, Number.POSITIVE_INFINITY, match[2]);
    const path = folders.join('').replace(/:(\w+)/g, '{$1}');
    const methods = (match[3] ?? '').split(', ').filter((method) => method !== '' && method !== 'HEAD');
    return methods.map((method) => `${method} ${path}`);
  });
}
