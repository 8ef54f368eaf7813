import { expect, test } from 'vitest';
import { RiskopsError } from '../../src/errors.js';
import type { ServerActions } from '../../src/serving/actions.js';
import { bearer, send, tokensOf } from './auth/support.js';
import { openApp, storeWithModel } from './support.js';

/** A server whose actions note what they were asked. */
async function recordingApp() {
  const store = await storeWithModel();
  const tokens = await tokensOf(store);
  const asked: unknown[] = [];
  const note = (name: keyof ServerActions) => async (request: object) => {
    asked.push({ action: name, ...request });
    return { done: name } as never;
  };
  const actions: ServerActions = {
    promote: note('promote'),
    rollback: note('rollback'),
    createToken: note('createToken'),
    revokeToken: note('revokeToken'),
  };
  const { app } = await openApp(store.places, { actions });
  return { app, asked, tokens };
}

test('what is asked by HTTP is done in the name of the token', async () => {
  const { app, asked, tokens } = await recordingApp();
  const post = (url: string, payload?: object) =>
    send(app, url, { method: 'POST', headers: bearer(tokens.admin), payload });
  const statuses = [
    await post('/models/credit/promote', { latest: true }),
    await post('/models/%ED%95%9C/promote', { version: 3, reason: 'quarterly' }),
    await post('/models/credit/promote', { version: 'eu-production' }),
    await post('/models/credit/promote', { run_id: 'abcd1234' }),
    await post('/models/credit/rollback'),
    await post('/models/credit/rollback', { reason: 'complaints' }),
    await post('/tokens', { name: 'ci', role: 'viewer', expires: '90d' }),
    await send(app, '/tokens/c%20i', { method: 'DELETE', headers: bearer(tokens.admin) }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 201, 200]);
  const actor = 'admin';
  expect(asked).toEqual([
    { action: 'promote', model: 'credit', actor, choice: { latest: true }, reason: undefined },
    { action: 'promote', model: '한', actor, choice: { version: 3 }, reason: 'quarterly' },
    { action: 'promote', model: 'credit', actor, choice: { version: 'eu-production' }, reason: undefined },
    { action: 'promote', model: 'credit', actor, choice: { run_id: 'abcd1234' }, reason: undefined },
    { action: 'rollback', model: 'credit', actor, reason: undefined },
    { action: 'rollback', model: 'credit', actor, reason: 'complaints' },
    { action: 'createToken', name: 'ci', role: 'viewer', expires: '90d', actor },
    { action: 'revokeToken', name: 'c i', actor },
  ]);
});

test('a body sets nothing that it may not: mass assignment is refused by name, and nothing is done (RB-76)', async () => {
  const { app, asked, tokens } = await recordingApp();
  const post = (url: string, payload: unknown) =>
    send(app, url, { method: 'POST', headers: bearer(tokens.admin), payload });
  const bad: [string, object][] = [
    ...[
      'promotedBy',
      'actor',
      'id',
      'status',
      'promoted_at',
      'createdAt',
      'force',
      'verdict',
      'model',
      'policy',
    ].map((field): [string, object] => ['/models/credit/promote', { latest: true, [field]: 'x' }]),
    ['/models/credit/promote', {}],
    ['/models/credit/promote', { latest: true, version: 1 }],
    ['/models/credit/promote', { latest: false }],
    ['/models/credit/promote', { latest: 'true' }],
    ['/models/credit/promote', { version: 0 }],
    ['/models/credit/promote', { version: 1.5 }],
    ['/models/credit/promote', { version: '--force' }],
    ['/models/credit/promote', { version: '../x' }],
    ['/models/credit/promote', { version: ['1'] }],
    ['/models/credit/promote', { version: null }],
    ['/models/credit/promote', { run_id: '--force' }],
    ['/models/credit/promote', { run_id: 'ABCD' }],
    ['/models/credit/promote', { latest: true, reason: 'x'.repeat(2001) }],
    ['/models/credit/promote', { latest: true, reason: 'a\0b' }],
    ['/models/credit/rollback', { to: 1 }],
    ['/models/credit/rollback', { reason: 4 }],
    ['/tokens', { name: 'ci' }],
    ['/tokens', { name: 'ci', role: 'root' }],
    ['/tokens', { name: 'ci', role: 'viewer', secret: 'abc', token_id: '1', created_by: 'kim' }],
    ['/tokens', { name: ['ci'], role: 'viewer' }],
  ];
  for (const [url, payload] of bad) {
    const { status, code, body } = await post(url, payload);
    expect([payload, status, code]).toEqual([payload, 422, 'VALIDATION_ERROR']);
    expect(body.error.details.problems.length).toBeGreaterThan(0);
  }
  for (const payload of [[], 'latest', 7])
    expect(
      (
        await send(app, '/models/credit/promote', {
          ...{ method: 'POST', headers: { ...bearer(tokens.admin), 'content-type': 'application/json' } },
          payload: JSON.stringify(payload),
        })
      ).status,
    ).toBe(400);
  expect(asked).toEqual([]);
});

test('an error of an action is answered as the command would tell it; a server without actions has no such route', async () => {
  const store = await storeWithModel();
  const { promoter } = await tokensOf(store);
  const fail = (error: RiskopsError) => async () => {
    throw error;
  };
  for (const [code, status] of [
    ['GATE_REJECTED', 409],
    ['GATE_UNDECIDED', 409],
    ['APPROVAL_MISSING', 409],
    ['CURRENT_CHANGED', 409],
    ['NOTHING_TO_ROLL_BACK', 409],
    ['NO_CANDIDATE', 404],
    ['VERSION_NOT_FOUND', 404],
    ['SERVER_BUSY', 503],
    ['STORE_BUSY', 503],
  ] as const) {
    const { app } = await openApp(store.places, {
      actions: { rollback: fail(new RiskopsError(code, { what: 'So it is.' })) },
    });
    const answer = await send(app, '/models/credit/rollback', { method: 'POST', headers: bearer(promoter) });
    expect([answer.status, answer.code, answer.headers['retry-after']]).toEqual([
      ...[status, code, status === 503 ? '1' : undefined],
    ]);
  }
  const { app } = await openApp(store.places);
  const asked = { method: 'POST' as const, headers: bearer(promoter) };
  expect((await send(app, '/models/credit/rollback', asked)).code).toBe('ROUTE_NOT_FOUND');
  expect((await send(app, '/models/credit/promote', { ...asked, payload: { latest: true } })).status).toBe(
    404,
  );
});

test('/tokens lists who may come in, and never a secret', async () => {
  const { app, tokens } = await recordingApp();
  const { body } = await send(app, '/tokens', { headers: bearer(tokens.admin) });
  const shown = body.items.map(({ name, role, state }: Record<string, string>) => [name, role, state]);
  // Two tokens of one millisecond have no order of their own.
  expect(shown.sort()).toEqual(
    ['admin', 'logger', 'promoter', 'viewer'].map((role) => [role, role, 'usable']),
  );
  expect(JSON.stringify(body)).not.toMatch(/rko_|sha256|[0-9a-f]{64}/);
});
