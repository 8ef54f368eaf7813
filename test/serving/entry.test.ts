import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { createToken } from '../../src/registry/tokens.js';
import { createAdmit } from '../../src/serving/admit.js';
import { bearer, send, statusOfRaw, tokensOf } from './auth/support.js';
import { goodRow, openApp, openTestStore, startTestServer, storeWithModel } from './support.js';

const APP = 'https://app.example';
const JSON_TYPE = { 'content-type': 'application/json' };

test('by default a server listens on loopback alone, and beyond it not before there is a token (RB-70)', async () => {
  const store = await storeWithModel();
  const { places } = store;
  const server = await startTestServer(places);
  expect(server.host).toBe('127.0.0.1');
  const refusal = { code: 'HOST_REFUSED', fix: expect.stringMatching(/^riskops token create /) };
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org'])
    await expect(startTestServer(places, { host })).rejects.toMatchObject(refusal);
  const { token_id } = await createToken(store, { name: 'late', role: 'admin', expires: '1h', actor: 'min' });
  const set = (values: object) =>
    store.write((transaction) =>
      transaction.updateTable('tokens').set(values).where('token_id', '=', token_id).execute(),
    );
  // A token that opens nothing any more is none: nobody could come in.
  await set({ expires_at: '2020-01-01T00:00:00.000Z' });
  await expect(startTestServer(places, { host: '0.0.0.0' })).rejects.toMatchObject(refusal);
  await set({ expires_at: null });
  const open = await startTestServer(places, { host: '0.0.0.0' });
  expect(open.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  expect((await fetch(`${open.url}/models`)).status).toBe(401);
});

test('beyond loopback a request may name the address that it came in by, and no other name', async () => {
  const store = await storeWithModel();
  const { viewer } = await tokensOf(store);
  const server = await startTestServer(store.places, { host: '0.0.0.0', allowedHosts: ['risk.example.org'] });
  const askAt = async (address: string, host: string) => {
    const { request } = await import('node:http');
    return new Promise<{ status: number; hint: string }>((resolve, reject) => {
      const headers = { ...bearer(viewer), host };
      request({ host: address, port: server.port, path: '/models', headers, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => (text += part));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, hint: JSON.parse(text).error?.hint }),
        );
      })
        .on('error', reject)
        .end();
    });
  };
  for (const host of ['127.0.0.1', `localhost:${server.port}`, 'RISK.example.org:443'])
    expect([host, (await askAt('127.0.0.1', host)).status]).toEqual([host, 200]);
  const outer = Object.values(networkInterfaces())
    .flat()
    .find((found) => found?.family === 'IPv4' && !found.internal)?.address;
  if (outer !== undefined) {
    expect((await askAt(outer, `${outer}:${server.port}`)).status).toBe(200);
    expect((await askAt(outer, '192.0.2.7')).status).toBe(403);
  }
  const refused = await askAt('127.0.0.1', 'evil.example:8000');
  expect(refused).toEqual({
    ...{ status: 403, hint: 'if it is a name of this server: riskops serve --allowed-hosts evil.example' },
  });
  expect((await askAt('127.0.0.1', '0.0.0.0')).status).toBe(403);
  expect((await askAt('127.0.0.1', 'evil.example; rm -rf /')).hint).not.toContain('rm');
});

test('a page of another site is refused on every method, before anything runs', async () => {
  const store = await storeWithModel();
  let ran = 0;
  const { app } = await openApp(store.places, {
    origins: [APP],
    actions: { rollback: async () => ran++ },
    routes: [(scope) => scope.route({ method: ['PUT', 'PATCH'], url: '/thing', handler: () => ran++ })],
  });
  const host = '127.0.0.1:8000';
  for (const origin of [
    ...[
      'https://evil.example',
      'null',
      'http://app.example',
      `${APP}:8443`,
      `${APP}.evil.example`,
      `${APP}/`,
      'app.example',
    ],
    ...[
      'http://127.0.0.1:3000',
      'http://localhost:8000',
      'file://',
      `${APP}, https://evil.example`,
      'HTTPS://APP.EXAMPLE',
      '',
    ],
  ]) {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
      const headers = { host, origin, 'access-control-request-method': 'POST' };
      for (const url of ['/models', '/models/credit/rollback', '/thing', '/nowhere']) {
        const { status, headers: answered } = await send(app, url, { method, headers });
        expect({ origin, method, url, status }).toEqual({ origin, method, url, status: 403 });
        expect(answered['access-control-allow-origin']).toBeUndefined();
      }
    }
  }
  expect(ran).toBe(0);
  const own = { host, origin: 'http://127.0.0.1:8000' };
  const answer = await send(app, '/models/credit/rollback', { method: 'POST', headers: own });
  expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, undefined]);
  expect(ran).toBe(1);
});

test('pages of a named origin may ask and read; before they do, the browser is told without a token', async () => {
  const store = await storeWithModel();
  const { viewer } = await tokensOf(store);
  const { app } = await openApp(store.places, { origins: [APP] });
  const preflight = await send(app, '/predict', {
    ...{ method: 'OPTIONS', headers: { origin: APP, 'access-control-request-method': 'POST' } },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': APP,
    'access-control-allow-methods': expect.stringContaining('POST'),
    'access-control-allow-headers': expect.stringContaining('authorization'),
    vary: expect.stringContaining('Origin'),
  });
  const answers = await Promise.all([
    send(app, '/predict', {
      method: 'POST',
      headers: { origin: APP, ...JSON_TYPE, ...bearer(viewer) },
      payload: { inputs: goodRow },
    }),
    send(app, '/predict', { method: 'POST', headers: { origin: APP } }),
    send(app, '/%zz', { headers: { origin: APP } }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 401]);
  for (const { headers } of [preflight, ...answers]) {
    expect(headers['access-control-allow-origin']).toBe(APP);
    expect(headers['vary']).toMatch(/^Origin/);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  }
  // OPTIONS that no browser sent before a request is a request like others.
  expect((await send(app, '/predict', { method: 'OPTIONS', headers: { origin: APP } })).status).toBe(401);
  expect((await send(app, '/health')).headers).toMatchObject({ vary: 'Origin' });
});

test.each([
  '*',
  'app.example',
  'https://*.example',
  'https://app.example/',
  'https://APP.example',
  'ftp://app.example',
  'null',
  'https://a@app.example',
])('the origin %s is refused at the start', async (origin) => {
  const { places } = await openTestStore();
  await expect(startTestServer(places, { origins: [origin] })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('two of a header that decides are one too many', async () => {
  const store = await storeWithModel();
  const { viewer } = await tokensOf(store);
  const server = await startTestServer(store.places);
  const twice = `GET /models HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${viewer}\r\naUTHORIZATION: Bearer x\r\nConnection: close\r\n\r\n`;
  const { connect } = await import('node:net');
  const heard = await new Promise<string>((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.end(twice));
    let text = '';
    socket.on('data', (part) => (text += part)).on('close', () => resolve(text));
  });
  expect(heard).toMatch(/^HTTP\/1\.1 400 /);
});

test('with a base path every path begins with it, life too, and nothing is found without', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places, { basePath: '/ml/api' });
  for (const url of ['/health', '/predict', '/', '/ml', '/ml/api', '/ml/apis/health', '/ML/api/health'])
    expect([url, (await send(app, url)).status]).toEqual([url, 404]);
  expect((await send(app, '/ml/api/health')).status).toBe(200);
  const predicted = await send(app, '/ml/api/predict', { method: 'POST', payload: { inputs: goodRow } });
  expect(predicted.status).toBe(200);
  const { body } = await send(app, '/ml/api/openapi.json');
  expect(body.servers).toEqual([{ url: '/ml/api' }]);
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/health', '/predict', '/models/{name}/predict']),
  );
  const metrics = (await send(app, '/ml/api/metrics')).body;
  expect(metrics).toContain('riskops_http_requests_total{method="POST",route="/predict",status="200"} 1');
  expect(metrics).not.toContain('/ml/api');
  const server = await startTestServer(store.places, { basePath: '/ml/api' });
  expect(server.url).toMatch(/:\d+\/ml\/api$/);
  expect((await fetch(`${server.url}/ready`)).status).toBe(200);
});

test.each([
  'api',
  '/api/',
  '//api',
  '/a//b',
  '/..',
  '/a/../b',
  '/a b',
  '/%61',
  '/:name',
  '/*',
  '/a?b',
  'https://x/api',
])('the base path %s is refused at the start', async (basePath) => {
  const { places } = await openTestStore();
  await expect(startTestServer(places, { basePath })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('the quick way lets in whom the long way lets in, and counts nothing', async () => {
  const store = await storeWithModel();
  const { viewer, logger } = await tokensOf(store);
  const { app, context } = await openApp(store.places);
  const admit = createAdmit(context, 'logger');
  const host = '127.0.0.1:8000';
  const asLogger = { host, authorization: `Bearer ${logger}` };
  expect(admit(asLogger)).toBe(false);
  await send(app, '/models', { headers: { host, ...bearer(viewer) } });
  expect(admit(asLogger)).toBe(true);
  const wrong = `Bearer ${logger.slice(0, -2)}`;
  for (let i = 0; i < 50; i++) expect(admit({ host, authorization: wrong })).toBe(false);
  expect(admit({ host, authorization: undefined })).toBe(false);
  expect(admit({ host, authorization: `Bearer ${viewer}` })).toBe(false);
  expect(admit({ host: 'evil.example', authorization: `Bearer ${logger}` })).toBe(false);
  expect(admit({ host: undefined, authorization: `Bearer ${logger}` })).toBe(false);
  expect((await send(app, '/models', { headers: { host, authorization: wrong } })).status).toBe(401);
  context.load.inFlight = context.limits.inFlight + 1;
  onTestFinished(() => {
    context.load.inFlight = 0;
  });
  expect(admit(asLogger)).toBe(false);
  const busy = await send(app, '/models', { headers: { host, ...bearer(viewer) } });
  expect([busy.status, busy.code, busy.headers['retry-after']]).toEqual([503, 'SERVER_BUSY', '1']);
  expect((await send(app, '/health')).status).toBe(200);
});

test('connections beyond the limit are not taken, and are again when others go', async () => {
  const store = await storeWithModel();
  const server = await startTestServer(store.places, { limits: { connections: 8 } });
  const { connect } = await import('node:net');
  const sockets = await Promise.all(
    Array.from(
      { length: 40 },
      () =>
        new Promise<import('node:net').Socket>((resolve) => {
          const socket = connect(server.port, '127.0.0.1');
          onTestFinished(() => void socket.destroy());
          socket.on('error', () => {}).on('connect', () => resolve(socket));
        }),
    ),
  );
  await expect.poll(() => sockets.filter((socket) => !socket.closed).length, { timeout: 5_000 }).toBe(8);
  for (const socket of sockets) socket.destroy();
  await expect
    .poll(() => statusOfRaw(server.port, 'GET', '/health').catch(() => 0), { timeout: 5_000 })
    .toBe(200);
});
