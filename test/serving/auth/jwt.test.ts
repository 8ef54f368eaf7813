import { createHmac } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { createToken } from '../../../src/registry/tokens.js';
import type { JwtOptions } from '../../../src/serving/auth/jwt.js';
import { temporaryFolder } from '../../support/temporary.js';
import { openApp, openTestStore, startTestServer } from '../support.js';
import { bearer, send } from './support.js';

interface Key {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  jwk: Record<string, unknown>;
}

async function makeKey(kid: string, alg: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

let [first, second, rsa, ed] = [] as Key[];
beforeAll(async () => {
  [first, second, rsa, ed] = await Promise.all(
    (
      [
        ['one', 'ES256'],
        ['two', 'ES256'],
        ['rsa', 'RS256'],
        ['ed', 'EdDSA'],
      ] as const
    ).map(([kid, alg]) => makeKey(kid, alg)),
  );
});

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
const good = (more: JWTPayload = {}): JWTPayload => ({
  ...{
    sub: 'kim@example.org',
    aud: 'riskops',
    iss: 'https://id.example',
    riskops_role: 'viewer',
    exp: inAnHour(),
  },
  ...more,
});

const sign = ({ privateKey, alg, kid }: Key, claims = good(), header = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);

const jwksOf = (...keys: Key[]) => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });

function writeJwks(...keys: Key[]): string {
  const path = join(temporaryFolder(), 'jwks.json');
  writeFileSync(path, jwksOf(...keys));
  return path;
}

async function appWith(options: Partial<JwtOptions> & { jwks: string }) {
  const { places } = await openTestStore();
  const { app } = await openApp(places, { auth: { jwt: { audience: 'riskops', ...options } } });
  return {
    app,
    statusOf: async (token: string, url = '/models') =>
      (await send(app, url, { headers: bearer(token) })).status,
  };
}

async function serveKeys(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a JWT by a key of the file opens what its role allows, and its subject is who did it', async () => {
  const { app, statusOf } = await appWith({ jwks: writeJwks(first, rsa, ed), issuer: 'https://id.example' });
  for (const key of [first, rsa, ed]) expect(await statusOf(await sign(key))).toBe(200);
  const viewer = await sign(first);
  expect(await statusOf(viewer)).toBe(200);
  expect(await statusOf(viewer, '/tokens')).toBe(403);
  expect(await statusOf(await sign(first, good({ riskops_role: ['viewer', 'admin'] })), '/tokens')).toBe(200);
  expect((await send(app, '/models')).status).toBe(401);
  expect((await send(app, '/health')).status).toBe(200);
});

test('no JWT that lacks anything is good', async () => {
  const jwks = writeJwks(first, rsa);
  const { statusOf } = await appWith({ jwks, issuer: 'https://id.example' });
  const whole = await sign(first);
  const [head, body, signature] = whole.split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const hmac = (text: string, key: string) => createHmac('sha256', key).update(text).digest('base64url');
  const symmetric = `${encode({ alg: 'HS256', kid: 'rsa' })}.${body}`;
  const bad: Record<string, string> = {
    'no signature': `${head}.${body}.`,
    'alg none': `${encode({ alg: 'none' })}.${body}.`,
    'alg none, with the signature': `${encode({ alg: 'none' })}.${body}.${signature}`,
    'a public key as shared secret': `${symmetric}.${hmac(symmetric, JSON.stringify(rsa.jwk))}`,
    'another body': `${head}.${encode(good({ riskops_role: 'admin' }))}.${signature}`,
    'a signature cut short': whole.slice(0, -4),
    'a key of somebody else under a known id': await sign({ ...second, kid: 'one' }),
    'a key that is not in the set': await sign(second),
    'a key brought along': await sign(second, good(), { kid: 'one', jwk: second.jwk }),
    'a key address brought along': await sign(second, good(), { jku: 'https://evil.example/jwks' }),
    'no exp': await sign(first, good({ exp: undefined })),
    expired: await sign(first, good({ exp: Math.floor(Date.now() / 1000) - 30 })),
    'not yet': await sign(first, good({ nbf: inAnHour() })),
    'another audience': await sign(first, good({ aud: 'billing' })),
    'no audience': await sign(first, good({ aud: undefined })),
    'another issuer': await sign(first, good({ iss: 'https://evil.example' })),
    'no issuer': await sign(first, good({ iss: undefined })),
    'no subject': await sign(first, good({ sub: undefined })),
    'an empty subject': await sign(first, good({ sub: ' ' })),
    'a subject that cannot be seen': await sign(first, good({ sub: 'kim\u202e' })),
    'a critical header nobody knows': await sign(first, good(), { crit: ['exp2'], exp2: 1 }).catch(
      () => `${head}.x.y`,
    ),
    'no JSON': 'aaaa.bbbb.cccc',
  };
  const found = [];
  for (const [what, token] of Object.entries(bad)) found.push([what, await statusOf(token)]);
  // From the tenth on they are too many, and not even looked at.
  expect(found).toEqual(Object.keys(bad).map((what, i) => [what, i < 10 ? 401 : 429]));
});

test.each(Array.from({ length: 3 }, (_, i) => i))(
  'the later ones of them are refused for what they are (%i)',
  async (part) => {
    const { statusOf } = await appWith({ jwks: writeJwks(first), issuer: 'https://id.example' });
    const claims = [
      [
        { exp: undefined },
        { exp: Math.floor(Date.now() / 1000) - 30 },
        { nbf: inAnHour() },
        { aud: 'billing' },
      ],
      [{ aud: undefined }, { iss: 'https://evil.example' }, { iss: undefined }, { sub: undefined }],
      [{ sub: ' ' }, { sub: 'kim\u202e' }, { sub: 'x'.repeat(201) }, { exp: 'soon' as unknown as number }],
    ][part];
    for (const more of claims)
      expect([more, await statusOf(await sign(first, good(more)))]).toEqual([more, 401]);
    expect(await statusOf(await sign(first))).toBe(200);
  },
);

test('a JWT without a role is who it says, and may do nothing', async () => {
  const { statusOf } = await appWith({ jwks: writeJwks(first), roleClaim: 'https://example.org/role' });
  for (const claim of [undefined, 'root', '', ['root'], { admin: true }, 4])
    expect(await statusOf(await sign(first, good({ 'https://example.org/role': claim })))).toBe(403);
  expect(await statusOf(await sign(first, good({ 'https://example.org/role': 'viewer' })))).toBe(200);
});

test('a file of keys is followed when it changes, and holds while it is damaged', async () => {
  const path = writeJwks(first);
  const { statusOf } = await appWith({ jwks: path });
  expect(await statusOf(await sign(second))).toBe(401);
  writeFileSync(path, jwksOf(first, second));
  expect(await statusOf(await sign(second))).toBe(200);
  writeFileSync(path, '{"keys": [');
  expect(await statusOf(await sign(second, good({ sub: 'lee' })))).toBe(200);
  rmSync(path);
  expect(await statusOf(await sign(second, good({ sub: 'park' })))).toBe(200);
  writeFileSync(path, jwksOf(first));
  expect(await statusOf(await sign(second, good({ sub: 'choi' })))).toBe(401);
});

test('keys of a URL are fetched once, and again for a key that is new', async () => {
  let [asked, keys] = [0, [first]];
  const url = await serveKeys((_request, response) => {
    asked++;
    response.end(jwksOf(...keys));
  });
  const { statusOf } = await appWith({ jwks: `${url}/jwks`, cooldownMs: 0 });
  for (const sub of ['a', 'b', 'c']) expect(await statusOf(await sign(first, good({ sub })))).toBe(200);
  expect(asked).toBe(1);
  keys = [first, second];
  expect(await statusOf(await sign(second))).toBe(200);
  expect(asked).toBe(2);
});

test('a redirect, an answer without end and one that is no JWKS are no keys: 503, and the canary stays alone', async () => {
  let sung = 0;
  const canary = await serveKeys((_request, response) => {
    sung++;
    response.end(jwksOf(first));
  });
  const answers: RequestListener[] = [
    (_request, response) => response.writeHead(302, { location: canary }).end(),
    (_request, response) => response.end(jwksOf(first) + ' '.repeat(2_000_000)),
    (_request, response) => response.end('<html>'),
    (_request, response) => response.writeHead(500).end(),
  ];
  for (const answer of answers) {
    const { app } = await appWith({ jwks: await serveKeys(answer) });
    const { status, code, headers } = await send(app, '/models', { headers: bearer(await sign(first)) });
    expect([status, code, headers['retry-after']]).toEqual([503, 'KEYS_UNAVAILABLE', '1']);
  }
  expect(sung).toBe(0);
});

test('tokens of the store work beside JWTs, and either alone locks the server', async () => {
  const store = await openTestStore();
  const jwt = { jwks: writeJwks(first), audience: 'riskops' };
  const server = await startTestServer(store.places, { host: '0.0.0.0', auth: { jwt } });
  const statusWith = async (token: string) =>
    (await fetch(`${server.url}/models`, { headers: bearer(token) })).status;
  expect(await statusWith(await sign(first))).toBe(200);
  const { token } = await createToken(store, { name: 'ci', role: 'viewer', actor: 'min' });
  await expect.poll(() => statusWith(token), { timeout: 5_000 }).toBe(200);
  expect((await fetch(`${server.url}/models`)).status).toBe(401);
});

test.each([
  ['no audience', { audience: '' }],
  ['a file that is not there', { jwks: '/nowhere/jwks.json' }],
  ['http beyond loopback', { jwks: 'http://id.example/jwks' }],
  ['another scheme', { jwks: 'file:///etc/passwd' }],
  ['a password in the URL', { jwks: 'https://me:secret@id.example/jwks' }],
  ['a name that looks like loopback', { jwks: 'http://127.0.0.1.evil.example/jwks' }],
])('a server does not start with %s', async (_what, options) => {
  const jwt = { jwks: writeJwks(first), audience: 'riskops', ...options };
  const { places } = await openTestStore();
  await expect(startTestServer(places, { auth: { jwt } })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
