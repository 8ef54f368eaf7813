import { expect, test } from 'vitest';
import { approveVersion } from '../../src/registry/approvals.js';
import { verifyChain } from '../../src/registry/audit.js';
import { currentAt, listHistory } from '../../src/registry/history.js';
import { getModel } from '../../src/registry/models.js';
import { promoteVersion } from '../../src/registry/promote.js';
import { rollback } from '../../src/registry/rollback.js';
import { getVersion } from '../../src/registry/versions.js';
import type { Store } from '../../src/storage/store.js';
import { addVersions, failure, openTestStore, promote, served } from './support/registry-store.js';

const approve = (store: Store, actor: string, version = 2) =>
  approveVersion(store, { model: 'credit', version, actor, reason: 'read the report' });

async function tryPromote(
  store: Store,
  actor: string,
  { version = 2, approvals = 2, verdict = 'promote' } = {},
) {
  const { current } = await getModel(store, 'credit');
  return promoteVersion(store, {
    model: 'credit',
    version,
    expectedCurrent: current?.version ?? null,
    actor,
    reason: 'it must be',
    verdict: verdict as 'promote',
    gateReportSha256: null,
    approvals,
  });
}

async function storeWithTwo(): Promise<Store> {
  const store = await openTestStore();
  await addVersions(store, 3);
  await promote(store, 1);
  return store;
}

test('a promotion needs as many other people as the policy asks for, of this very version', async () => {
  const store = await storeWithTwo();
  expect(await failure(tryPromote(store, 'min'))).toMatchObject({
    code: 'APPROVAL_MISSING',
    exitCode: 1,
    text: expect.stringMatching(
      /needs 2 more approvals[\s\S]*nobody else did[\s\S]*riskops approve --model credit --version 2/,
    ),
    details: { needed: 2, missing: 2, approved_by: [] },
  });
  await approve(store, 'kim');
  await approve(store, 'lee', 3);
  expect((await failure(tryPromote(store, 'min'))).details).toMatchObject({
    missing: 1,
    approved_by: ['kim'],
  });
  expect(served(store)).toBe(1);
  await approve(store, 'park');
  expect(await tryPromote(store, 'min')).toMatchObject({ changed: true, to_version: 2 });
  expect(served(store)).toBe(2);
});

test("neither one's own approval counts, nor one person's under several spellings, and no force stands in", async () => {
  const store = await storeWithTwo();
  await approve(store, 'min');
  await approve(store, 'kim');
  expect(await approve(store, ' KIM ')).toMatchObject({ changed: false, actor: 'kim' });
  for (const [actor, missing] of [
    ['min', 1],
    ['MIN', 1],
    ['lee', 0],
  ] as const) {
    const attempt = tryPromote(store, actor, { verdict: 'reject', approvals: missing === 0 ? 3 : 2 });
    expect((await failure(attempt)).details, actor).toMatchObject({ missing: 1 });
  }
  expect((await tryPromote(store, 'lee')).changed).toBe(true);
});

test('an actor is a name that can be seen: no character that hides, turns or breaks the line', async () => {
  const store = await storeWithTwo();
  for (const name of ['mi\u200bn', 'min\u202e', '\u001b[31mmin', 'mi\u00adn', ' \t ']) {
    expect((await failure(approve(store, name))).code, JSON.stringify(name)).toBe('OPTION_INVALID');
  }
  expect(await approve(store, 'kim  \t min')).toMatchObject({ actor: 'kim min' });
  expect(await approve(store, 'Kim Min')).toMatchObject({ changed: false });
});

test('a promotion uses its approvals up', async () => {
  const store = await storeWithTwo();
  await approve(store, 'kim');
  await tryPromote(store, 'min', { approvals: 1 });
  await promote(store, 3);
  expect((await failure(tryPromote(store, 'min', { approvals: 1 }))).code).toBe('APPROVAL_MISSING');
  expect((await approve(store, 'kim')).changed).toBe(true);
  expect((await tryPromote(store, 'min', { approvals: 1 })).changed).toBe(true);
});

test('an approval is a row of the chain, and changes nothing that is or was current', async () => {
  const store = await storeWithTwo();
  const approved = await approve(store, 'kim');
  expect(approved).toMatchObject({ action: 'approve', from_version: null, to_version: 2, sequence: 2 });
  expect((await listHistory(store, 'credit')).map(({ action }) => action)).toEqual(['approve', 'promote']);
  expect((await currentAt(store, 'credit', '2999-01-01'))?.to_version).toBe(1);
  expect((await getVersion(store, 'credit', 2)).stage).toBe('candidate');
  expect(await verifyChain(store)).toEqual({ ok: true, broken: null });
  await promote(store, 2);
  await approve(store, 'lee', 3);
  // Rolled back to what was current, not to what was approved.
  expect(await rollback(store, { model: 'credit', actor: 'min', reason: '' })).toMatchObject({
    to_version: 1,
  });
  expect(await failure(rollback(store, { model: 'credit', actor: 'min', reason: '', to: 3 }))).toMatchObject({
    code: 'NOTHING_TO_ROLL_BACK',
  });
  expect(await verifyChain(store)).toEqual({ ok: true, broken: null });
});

test('what cannot be approved is refused in words', async () => {
  const store = await storeWithTwo();
  expect((await failure(approve(store, 'kim', 9))).code).toBe('VERSION_NOT_FOUND');
  expect((await failure(approve(store, 'kim', 1))).text).toMatch(/is current already/);
  expect((await failure(approve(store, ' '))).code).toBe('OPTION_INVALID');
  const silent = approveVersion(store, { model: 'credit', version: 2, actor: 'kim', reason: ' ' });
  expect((await failure(silent)).code).toBe('OPTION_INVALID');
});
