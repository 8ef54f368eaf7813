import { expect, test } from 'vitest';
import { createToken, revokeToken } from '../../../src/registry/tokens.js';
import { tokensOf } from '../auth/support.js';
import { startTestServer, storeWithModel } from '../support.js';
import { openShort, openTalk, predictText } from './support.js';

const bearer = (token: string) => `Authorization: Bearer ${token}`;

test('the short way lets in nobody whom the long way keeps out: no token, broken ones, revoked ones, two at once', async () => {
  const store = await storeWithModel();
  const { viewer, logger, admin } = await tokensOf(store);
  const { token: gone } = await createToken(store, { name: 'gone', role: 'admin', actor: 'min' });
  const server = await startTestServer(store.places);
  const { ask } = await openTalk(server.port);
  for (const token of [viewer, logger, admin, gone, viewer, gone])
    expect((await ask(predictText([bearer(token)]))).status).toBe(200);
  // All of them are known to the short way now.
  for (const token of [viewer, logger, admin, gone])
    await openShort(server.port, predictText([bearer(token)]));
  await revokeToken(store, { name: 'gone', actor: 'min' });
  const statusOf = async (lines: string[]) =>
    (await (await openTalk(server.port)).ask(predictText(lines))).status;
  await expect
    .poll(() => statusOf([bearer(gone)]), { timeout: 5_000, interval: 300 })
    .toSatisfy((status) => status === 401 || status === 429);
  const wrong = viewer.at(-1) === 'A' ? 'B' : 'A';
  for (const lines of [
    [],
    ['Authorization:'],
    ['Authorization: Bearer'],
    [bearer('')],
    [bearer(viewer.slice(0, -1))],
    [bearer(viewer.slice(0, -1) + wrong)],
    [bearer(`${viewer.slice(0, 21)}${admin.slice(21)}`)],
    [bearer(`${viewer}x`)],
    [bearer(`${viewer}, ${viewer}`)],
    [`Authorization: Basic ${Buffer.from(`:${viewer}`).toString('base64')}`],
    ['Authorization: Basic Og=='],
    [`X-Authorization: Bearer ${viewer}`],
    [`Proxy-Authorization: Bearer ${viewer}`, `Cookie: token=${viewer}`],
    ['X-Forwarded-For: 127.0.0.1', 'X-Real-Ip: 127.0.0.1', 'X-Forwarded-User: admin'],
  ]) {
    const status = await statusOf(lines);
    expect({ lines, status }).toEqual({ lines, status: expect.toSatisfy((is) => is === 401 || is === 429) });
  }
  for (const twice of [
    [bearer(viewer), bearer('x')],
    [bearer('x'), bearer(viewer)],
    [bearer(viewer), bearer(viewer)],
  ])
    expect(await statusOf(twice)).toBe(400);
  // Those were enough to be slowed down for, and good tokens are not.
  expect(await statusOf([bearer(viewer)])).toBe(200);
});

test('the short way answers to no other host, however it is written (DNS rebinding)', async () => {
  const store = await storeWithModel();
  const server = await startTestServer(store.places);
  await (await openTalk(server.port)).ask(predictText());
  await openShort(server.port);
  for (const host of [
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil.example@127.0.0.1',
    '127.0.0.1:80:evil.example',
    '127.0.0.1/evil.example',
    '127.0.0.1#evil.example',
    '127.0.0.1 evil.example',
    '127.0.0.1,evil.example',
    'localhost.evil.example',
    '127.0.0.1.',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0.0.0.0',
    '192.0.2.1',
    '[::]',
    '[::1',
    '[::1]evil.example',
    '[::1]:8000:9',
    'xn--localhost-',
    '',
    ' ',
    '*',
    'null',
  ]) {
    const one = await openTalk(server.port);
    const { status } = await one.ask(predictText([`Host: ${host}`]));
    expect({ host, status }).toEqual({ host, status: 403 });
    const asked = await one.ask(predictText([`X-Forwarded-Host: ${host}`, `Forwarded: host=${host}`]));
    expect(asked.status).toBe(200);
  }
  const twice = await openTalk(server.port);
  expect((await twice.ask(predictText(['Host: 127.0.0.1', 'Host: evil.example']))).status).toBe(400);
  const first = await openTalk(server.port);
  expect((await first.ask(predictText(['Host: evil.example', 'Host: 127.0.0.1']))).status).toBe(403);
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
    const page = await openTalk(server.port);
    expect((await page.ask(predictText([`Origin: ${origin}`]))).status).toBe(403);
  }
  const whole = await openTalk(server.port);
  const proxied = predictText([], undefined, 'http://evil.example/predict');
  expect((await whole.ask(proxied.replace('Host: 127.0.0.1', 'Host: evil.example'))).status).toBe(403);
  expect((await (await openTalk(server.port)).ask(proxied)).status).toBe(400);
});

/** Ways of writing `/predict` that some reader somewhere takes for it. */
const TRICKS = [
  '//predict',
  '/./predict',
  '/x/../predict',
  '/predict/',
  '/PREDICT',
  '/%2fpredict',
  '/predict%2f',
  '/predict%00',
  '/predict;a=b',
  '/\\predict',
  '/predict/.',
  '/%2e/predict',
  '/..%2fpredict',
  '/%252fpredict',
  '/models/credit%2fpredict',
  '/models//predict',
  '/models/../predict',
  '/models/credit/../credit/predict',
  '/models/%2e%2e/predict',
  '/models/credit/predict/',
  '/models/CREDIT/predict',
  '/models/constructor/predict',
  '/models/__proto__/predict',
];

test.each(['', '/ml/api'])(
  'behind "%s" no way of writing a path leads past the guard, with a token to nothing else (RB-72)',
  async (basePath) => {
    const store = await storeWithModel();
    const { viewer } = await tokensOf(store);
    const server = await startTestServer(store.places, { basePath: basePath || null });
    const paths = TRICKS.map((path) => basePath + path);
    if (basePath !== '')
      paths.push(
        ...[
          '/predict',
          '/models/credit/predict',
          `${basePath}x/predict`,
          `${basePath.toUpperCase()}/predict`,
        ],
        ...[`/x/..${basePath}/predict`, `/${basePath}/predict`, '/ml%2fapi/predict', '/ml/./api/predict'],
        ...['/ml\\api/predict', `${basePath}${basePath}/predict`, '/ml/predict'],
      );
    const right = `${basePath}/predict`;
    await openShort(server.port, predictText([bearer(viewer)], undefined, right));
    for (const path of [...paths, right, `${basePath}/models/credit/predict`, `${basePath}/%70redict`]) {
      const talk = await openTalk(server.port);
      const { status } = await talk.ask(predictText([], undefined, path));
      expect({ path, status }).toEqual({ path, status: 401 });
      const answer = await talk.ask(predictText([bearer(viewer)], undefined, path));
      const isIt = !paths.includes(path);
      expect({ path, status: answer.status }).toEqual({
        path,
        status: isIt ? 200 : expect.toSatisfy((is) => is === 404 || is === 400),
      });
    }
  },
);
