import { renameSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { serveRoutes } from '../../../src/commands/serve-routes.js';
import { createToken, revokeToken, TOKEN_ROLES } from '../../../src/registry/tokens.js';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { temporaryFolder } from '../../support/temporary.js';
import { goodRow, openApp, openTestStore, placesIn, startTestServer, storeWithModel } from '../support.js';
import { bearer, routesOf, type Sent, send, statusOfRaw, tokensOf } from './support.js';

const PUBLIC = ['/health', '/ready', '/v2/health/live', '/v2/health/ready', '/ping'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

test('every route by every method asks for a token, but for whether the server lives (RB-71)', async () => {
  const store = await storeWithModel();
  await tokensOf(store);
  const { app } = await openApp(store.places, { routes: serveRoutes(store.places.artifacts) });
  await app.ready();
  const routes = routesOf(app);
  expect(routes.map(({ url }) => url)).toEqual(expect.arrayContaining(['/v2', '/invocations', '/forecast']));
  const paths = [...new Set(routes.map(({ url }) => url)), '/nowhere', '/', '*'];
  for (const url of paths) {
    for (const method of METHODS) {
      const { status, headers } = await send(app, url, { method });
      const isPublic = PUBLIC.includes(url) && (method === 'GET' || method === 'HEAD');
      expect({ method, url, status }).toEqual({ method, url, status: isPublic ? expect.any(Number) : 401 });
      if (!isPublic) expect(headers['www-authenticate']).toMatch(/^Bearer/);
      else expect(status).not.toBe(401);
    }
  }
});

test('what OpenAPI says of a route is what it asks for, and a route without a role is for an admin', async () => {
  const store = await storeWithModel();
  const tokens = await tokensOf(store);
  const { app } = await openApp(store.places, {
    routes: [(scope) => scope.get('/forgotten', () => ({ secret: true }))],
  });
  const { body } = await send(app, '/openapi.json', { headers: bearer(tokens.viewer) });
  const stated = Object.entries(
    body.paths as Record<string, Record<string, { description?: string }>>,
  ).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description = '' }]) => ({
      ...{ method: method.toUpperCase(), url: path.replace(/\{\w+\}/g, 'credit') },
      role: /role (\w+)/.exec(description)?.[1] ?? 'public',
    })),
  );
  for (const { method, url, role } of stated) {
    const least = role === 'public' ? -1 : (TOKEN_ROLES as readonly string[]).indexOf(role);
    for (const [rank, holder] of TOKEN_ROLES.entries()) {
      const { code } = await send(app, url, {
        method: method as Sent['method'],
        headers: bearer(tokens[holder]),
      });
      expect({ method, url, holder, forbidden: code === 'FORBIDDEN' }).toEqual({
        ...{ method, url, holder, forbidden: rank < least },
      });
    }
  }
  const forgotten = async (holder: 'promoter' | 'admin') =>
    (await send(app, '/forgotten', { headers: bearer(tokens[holder]) })).status;
  expect([await forgotten('promoter'), await forgotten('admin')]).toEqual([403, 200]);
});

test('a viewer may neither promote, roll back, send outcomes nor see tokens, whatever it says of itself (RB-76)', async () => {
  const store = await storeWithModel();
  const tokens = await tokensOf(store);
  const { app } = await openApp(store.places);
  const claims = {
    'x-user': 'admin',
    'x-role': 'admin',
    'x-forwarded-user': 'admin',
    'x-riskops-role': 'admin',
  };
  for (const [method, url] of [
    ['POST', '/models/credit/promote'],
    ['POST', '/models/credit/rollback'],
    ['GET', '/tokens'],
    ['POST', '/tokens'],
    ['DELETE', '/tokens/admin'],
  ] as const) {
    const headers = { ...bearer(tokens.viewer), ...claims };
    expect([url, (await send(app, `${url}?role=admin`, { method, headers })).code]).toEqual([
      url,
      'FORBIDDEN',
    ]);
  }
  const predicted = await send(app, '/predict', {
    ...{ method: 'POST', headers: bearer(tokens.viewer), payload: { inputs: goodRow } },
  });
  expect(predicted.status).toBe(200);
});

test('no broken token and no header that people trust opens anything (RB-72)', async () => {
  const store = await storeWithModel();
  const { viewer } = await tokensOf(store);
  const { token: gone } = await createToken(store, { name: 'gone', role: 'admin', actor: 'min' });
  await revokeToken(store, { name: 'gone', actor: 'min' });
  const past = '2020-01-01T00:00:00.000Z';
  const { token: late } = await createToken(store, { name: 'late', role: 'admin', actor: 'min' });
  await store.write((transaction) =>
    transaction.updateTable('tokens').set({ expires_at: past }).where('name', '=', 'late').execute(),
  );
  const [row] = await store.db.selectFrom('tokens').selectAll().execute();
  const { app } = await openApp(store.places);
  const swapped = viewer.at(-1) === 'A' ? 'B' : 'A';
  for (const authorization of [
    '',
    'Bearer',
    'Bearer ',
    'Bearer  ',
    `Bearer ${viewer.slice(0, -1)}`,
    `Bearer ${viewer}x`,
    `Bearer ${viewer.slice(0, -1)}${swapped}`,
    `Bearer ${viewer.slice(0, 21)}${'A'.repeat(43)}`,
    `Bearer rko_${'0'.repeat(16)}_${viewer.slice(21)}`,
    `Bearer ${viewer.toUpperCase()}`,
    `Bearer ${viewer} ${viewer}`,
    `Bearer ${viewer}, Bearer ${viewer}`,
    `Bearer "${viewer}"`,
    `Basic ${Buffer.from(`:${viewer}`).toString('base64')}`,
    'Basic Og==',
    `Token ${viewer}`,
    viewer,
    `Bearer ${gone}`,
    `Bearer ${late}`,
    `Bearer ${row.secret_sha256}`,
    `Bearer ${row.token_id}`,
    'Bearer undefined',
    'Bearer null',
    'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
  ]) {
    expect([authorization, (await send(app, '/models', { headers: { authorization } })).status]).toEqual([
      authorization,
      expect.toSatisfy((status) => status === 401 || status === 429),
    ]);
  }
  const trusted: Record<string, string>[] = [
    { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' },
    { 'x-forwarded-user': 'admin', 'x-remote-user': 'admin', 'remote-user': 'admin' },
    { 'x-original-url': '/health', 'x-rewrite-url': '/health', 'x-forwarded-prefix': '/health' },
    { 'x-http-method-override': 'GET', 'x-api-key': viewer, cookie: `token=${viewer}` },
  ];
  for (const headers of trusted) expect((await send(app, '/models', { headers })).status).toBe(401);
  expect((await send(app, `/models?token=${viewer}&access_token=${viewer}`)).status).toBe(401);
  for (const scheme of ['bearer', 'BEARER'])
    expect((await send(app, '/models', { headers: { authorization: `${scheme} ${viewer}` } })).status).toBe(
      200,
    );
});

test('a token without Bearer is told so, a good one and a wrong one in the same words', async () => {
  const store = await storeWithModel();
  const { viewer } = await tokensOf(store);
  const { app } = await openApp(store.places);
  const said = async (authorization: string) =>
    JSON.parse((await app.inject({ url: '/model', headers: { authorization } })).body).error.message;
  const bare = await said(viewer);
  expect(bare).toContain('does not have the form: Bearer TOKEN');
  expect(await said(viewer.slice(0, -1))).toBe(bare);
  expect(await said('Bearer nothing')).toContain('is not known, was revoked or is expired');
});

test('no way of writing a path leads past the guard', async () => {
  const store = await storeWithModel();
  const { viewer } = await tokensOf(store);
  const { port } = await startTestServer(store.places);
  const tricks = [
    ...[
      '//models',
      '/./models',
      '/health/../models',
      '/MODELS',
      '/Models',
      '/models/',
      '/models//',
      '/%6dodels',
    ],
    ...[
      '/%2fmodels',
      '/%252fmodels',
      '/models%2f',
      '/models%00',
      '/models;x=/health',
      '/models?/health',
      '/models#/health',
    ],
    ...[
      '/health/%2e%2e/models',
      '/health%2f..%2fmodels',
      '/health%252f%252e%252e%252fmodels',
      '/\\models',
      '/.\\models',
    ],
    ...[
      '/api/models',
      '/health/models',
      '/ready/../tokens',
      '/models%0d%0aX:1',
      '/%zz',
      '/models/%ff/predict',
    ],
    ...[`/runs/${'a'.repeat(300)}`, '/__proto__', '/constructor', '/..%c0%af../models', '/h\u00e9alth', '*'],
  ];
  for (const target of tricks) {
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'PROPFIND', 'TRACE']) {
      const status = await statusOfRaw(port, method, target);
      // What is no HTTP is refused before anybody is asked for a token.
      expect({ target, method, status }).toEqual({
        target,
        method,
        status: target === '/h\u00e9alth' ? 400 : 401,
      });
    }
    const status = await statusOfRaw(port, 'GET', target, viewer);
    const isModels = ['/%6dodels', '/models?/health', '/models#/health'].includes(target);
    expect({ target, status }).toEqual({
      target,
      status: isModels ? 200 : expect.toSatisfy((s) => s >= 400 && s < 500),
    });
  }
  expect(await statusOfRaw(port, 'GET', '/health?/../models')).toBe(200);
  expect(await statusOfRaw(port, 'GET', 'http://127.0.0.1/models')).toBe(400);
  expect(await statusOfRaw(port, 'CONNECT', '127.0.0.1:80', viewer)).toBe(405);
});

test('a new token opens, and a revoked or expired one shuts, without a restart', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  // Asked so often, a token that opens nothing is soon one too many.
  const statusWith = async (token?: string) => {
    const { status } = await send(app, '/models', { headers: token === undefined ? {} : bearer(token) });
    return status === 429 ? 401 : status;
  };
  expect(await statusWith()).toBe(200);
  const { token } = await createToken(store, { name: 'ci', role: 'viewer', actor: 'min' });
  await expect.poll(() => statusWith(), { timeout: 5_000 }).toBe(401);
  expect(await statusWith(token)).toBe(200);
  await revokeToken(store, { name: 'ci', actor: 'min' });
  await expect.poll(() => statusWith(token), { timeout: 5_000, interval: 300 }).toBe(401);
  // Even with none left: it was never meant to be open to everybody again.
  expect(await statusWith()).toBe(401);
  const { app: restarted } = await openApp(store.places);
  expect((await send(restarted, '/models')).status).toBe(401);

  const expires = new Date(Date.now() + 1_500).toISOString();
  const { token: brief } = await createToken(store, { name: 'brief', role: 'viewer', expires, actor: 'min' });
  await expect.poll(() => statusWith(brief), { timeout: 1_100, interval: 20 }).toBe(200);
  await expect.poll(() => statusWith(brief), { timeout: 5_000, interval: 400 }).toBe(401);
});

test('while the store cannot be read, the tokens that were known hold, and nothing falls open', async () => {
  const store = await storeWithModel();
  const { viewer } = await tokensOf(store);
  const { places } = store;
  const { app, context } = await openApp(places);
  await store.close();
  const statuses = async () => {
    // It reads the store now, as it does twice a second.
    await context.guard.isLocked();
    const good = await send(app, '/model', { headers: bearer(viewer) });
    return [(await send(app, '/model')).status, good.status];
  };
  expect(await statuses()).toEqual([401, 200]);
  renameSync(places.database, `${places.database}.away`);
  expect(await statuses()).toEqual([401, 200]);
  writeFileSync(places.database, 'this is no database, and never was one'.repeat(200));
  expect(await statuses()).toEqual([401, 200]);
  // One that begins now does not know whether there are tokens: it lets nobody in, and says why.
  const { app: blind } = await openApp(places);
  for (const headers of [{}, bearer(viewer)]) {
    const answer = await send(blind, '/model', { headers });
    expect([answer.status, answer.code, answer.headers['retry-after']]).toEqual([503, 'STORE_DAMAGED', '1']);
  }
  expect((await send(blind, '/health')).status).toBe(200);
  renameSync(`${places.database}.away`, places.database);
  await expect.poll(async () => (await send(blind, '/model')).status, { timeout: 5_000 }).toBe(401);
});

test('a store of an older schema has no tokens, one that has lost its table is no reason to open', async () => {
  const store = await openTestStore(placesIn(temporaryFolder()));
  await store.close();
  const raw = openConnection(store.places.database);
  onTestFinished(() => void raw.close());
  raw.pragma('user_version = 2');
  const { app } = await openApp(store.places);
  expect((await send(app, '/nowhere')).status).toBe(404);
  raw.pragma('user_version = 3');
  raw.exec('DROP TABLE tokens');
  const { app: broken } = await openApp(store.places);
  expect((await send(broken, '/nowhere')).status).toBe(503);
});

test('who sends no token is told whether the server lives, and nothing of models and places', async () => {
  const store = await storeWithModel();
  const { viewer } = await tokensOf(store);
  const { app } = await openApp(store.places);
  expect((await send(app, '/ready')).body).toEqual({ ready: true, degraded: false });
  expect((await send(app, '/ready', { headers: bearer(viewer) })).body).toMatchObject({
    model: 'credit',
    version: 1,
  });
  writeFileSync(store.places.currentModel, 'no JSON');
  const { app: broken } = await openApp(store.places);
  const facts = /riskops .{6}|current\.json|\/tmp|credit/;
  for (const url of ['/ready', '/health']) {
    const { body } = await send(broken, url);
    expect(JSON.stringify(body)).not.toMatch(/credit|시험|JSON/);
    expect(JSON.stringify((await send(broken, url, { headers: bearer(viewer) })).body)).toMatch(facts);
  }
  expect((await send(broken, '/ready')).code).toBe('CURRENT_MODEL_LOAD_FAILED');
});

test('wrong tokens are counted by address and slowed down, good ones never are', async () => {
  const store = await storeWithModel();
  const { viewer } = await tokensOf(store);
  const { app } = await openApp(store.places);
  const wrong = bearer(`rko_${'0'.repeat(16)}_${'A'.repeat(43)}`);
  const tries = [];
  for (let i = 0; i < 15; i++)
    tries.push(await send(app, '/models', { headers: { ...wrong, 'x-forwarded-for': `10.0.0.${i}` } }));
  expect(tries.map(({ status }) => status)).toEqual([...Array(10).fill(401), ...Array(5).fill(429)]);
  expect(Number(tries[14].headers['retry-after'])).toBeGreaterThan(0);
  expect(tries[14].code).toBe('RATE_LIMITED');
  expect((await send(app, '/models', { headers: bearer(viewer) })).status).toBe(200);
  // Without a token nobody has guessed anything.
  expect((await send(app, '/models')).status).toBe(401);
  const elsewhere = await app.inject({ url: '/models', headers: wrong, remoteAddress: '203.0.113.9' });
  expect(elsewhere.statusCode).toBe(401);
});
