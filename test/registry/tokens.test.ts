import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createToken, listTokens, revokeToken, TOKEN_FORM } from '../../src/registry/tokens.js';
import { sha256 } from '../../src/util/files.js';
import { openTestStore } from '../serving/support.js';

const actor = 'min';

test('a token is told once, kept as a hash, listed without it, and ended for good', async () => {
  const store = await openTestStore();
  const made = await createToken(store, { name: 'ci', role: 'viewer', actor });
  expect(made.token).toMatch(TOKEN_FORM);
  expect(Buffer.from(made.token.slice(21), 'base64url')).toHaveLength(32);
  expect(made).toMatchObject({
    name: 'ci',
    role: 'viewer',
    state: 'usable',
    created_by: 'min',
    expires_at: null,
  });
  const row = await store.db.selectFrom('tokens').selectAll().executeTakeFirstOrThrow();
  expect(row.secret_sha256).toBe(sha256(made.token));
  expect(JSON.stringify(await listTokens(store))).not.toMatch(/sha256|rko_/);

  expect(await revokeToken(store, { name: 'ci', actor: 'kim' })).toMatchObject({
    ...{ changed: true, state: 'revoked', revoked_by: 'kim' },
  });
  expect(await revokeToken(store, { name: 'ci', actor })).toMatchObject({
    changed: false,
    revoked_by: 'kim',
  });
  const again = await createToken(store, { name: 'ci', role: 'admin', actor });
  expect(again.token).not.toBe(made.token);
  expect((await listTokens(store)).map(({ name, role, state }) => [name, role, state])).toEqual([
    ['ci', 'viewer', 'revoked'],
    ['ci', 'admin', 'usable'],
  ]);
  await store.close();
  for (const end of ['', '-wal']) {
    const bytes = (() => {
      try {
        return readFileSync(store.places.database + end).toString('latin1');
      } catch {
        return '';
      }
    })();
    expect(bytes).not.toContain(made.token.slice(21));
  }
});

test('two tokens in force never share a name, however they are made', async () => {
  const store = await openTestStore();
  const make = (name: string) => createToken(store, { name, role: 'viewer', actor });
  const ends = await Promise.allSettled([
    make('deploy'),
    make('deploy'),
    make('de\u0301ploy'),
    make('d\u00e9ploy'),
  ]);
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
  await expect(make('deploy')).rejects.toMatchObject({ code: 'TOKEN_EXISTS', exitCode: 2 });
  await expect(revokeToken(store, { name: 'deplo', actor })).rejects.toMatchObject({
    ...{ code: 'TOKEN_NOT_FOUND', exitCode: 4, why: expect.stringContaining('deploy') },
  });
});

test.each([
  [
    'name',
    ['', ' ', '../x', '-rf', 'a\nb', 'a b', '\u202eadmin', 'x'.repeat(65), '{{7*7}}', '$(id)', '__proto__'],
  ],
  ['role', ['', 'root', 'Admin', 'viewer ', '__proto__', 'constructor']],
  ['expires', ['', '0d', '-1d', '90', 'soon', '2020-01-01', '2026-02-30', '999999w', '90D ']],
] as const)('no token with such a %s', async (key, values) => {
  const store = await openTestStore();
  for (const value of values) {
    const asked = { name: 'ci', role: 'viewer', actor, [key]: value };
    const error = await createToken(store, asked).catch((thrown) => thrown);
    expect([value, error.code]).toEqual([value, 'OPTION_INVALID']);
  }
  expect(await listTokens(store)).toEqual([]);
});

test('a token lasts a span, to a moment, or through a day', async () => {
  const store = await openTestStore();
  const expiryOf = async (name: string, expires: string) =>
    Date.parse((await createToken(store, { name, role: 'viewer', expires, actor })).expires_at ?? '');
  const before = Date.now();
  const day = 86_400_000;
  expect((await expiryOf('a', '2d')) - before).toBeGreaterThanOrEqual(2 * day);
  expect(await expiryOf('b', '2999-03-01')).toBe(Date.UTC(2999, 2, 2));
  expect(await expiryOf('c', '2999-03-01T09:00+09:00')).toBe(Date.UTC(2999, 2, 1));
  for (const short of ['1m', '3s'])
    await expect(expiryOf('d', short)).rejects.toMatchObject({
      why: expect.stringContaining('hours, days or weeks (12h, 90d, 4w)'),
    });
});
