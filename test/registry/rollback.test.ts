import { rmSync, truncateSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readModelFile } from '../../src/models/model-file.js';
import type { VerifyFile } from '../../src/registry/promote.js';
import { replayCurrent, rollback } from '../../src/registry/rollback.js';
import { getVersion } from '../../src/registry/versions.js';
import type { Store } from '../../src/storage/store.js';
import { addVersions, failure, openTestStore, promote, served } from './support/registry-store.js';

const back = (store: Store, to?: number) =>
  rollback(store, {
    model: 'credit',
    actor: 'min',
    reason: 'complaints',
    ...(to === undefined ? {} : { to }),
  });
const damage = async (store: Store, version: number) =>
  truncateSync(store.blobs.path((await getVersion(store, 'credit', version)).path), 50);

test('each rollback goes one further back; after a new promotion it goes to what was current before that', async () => {
  const store = await openTestStore();
  await addVersions(store, 4);
  for (const version of [1, 2, 3]) await promote(store, version);

  expect(await back(store)).toMatchObject({
    action: 'rollback',
    from_version: 3,
    to_version: 2,
    reason: 'complaints',
    verdict: null,
  });
  expect(served(store)).toBe(2);
  expect(await back(store)).toMatchObject({ from_version: 2, to_version: 1 });
  await promote(store, 4);
  expect(await back(store)).toMatchObject({ from_version: 4, to_version: 1 });
  expect(served(store)).toBe(1);
  expect(await failure(back(store))).toMatchObject({ code: 'NOTHING_TO_ROLL_BACK', exitCode: 4 });
});

test('a version that is current a second time is left for what stood before it', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  for (const version of [1, 2, 1]) await promote(store, version);
  expect((await back(store)).to_version).toBe(2);
  expect((await back(store)).to_version).toBe(1);
});

test('--to goes to any version that was current once, and to no other', async () => {
  const store = await openTestStore();
  await addVersions(store, 5);
  for (const version of [1, 2, 3, 4]) await promote(store, version);
  expect((await back(store, 2)).to_version).toBe(2);
  expect((await back(store, 4)).to_version).toBe(4);
  expect((await back(store)).to_version).toBe(2);
  const refusals = {
    5: /promote --model credit --version 5/,
    2: /It is the current version/,
  };
  for (const [to, text] of Object.entries(refusals)) {
    expect(await failure(back(store, Number(to)))).toMatchObject({
      code: 'NOTHING_TO_ROLL_BACK',
      text: expect.stringMatching(text),
    });
  }
  expect(await failure(back(store, 99))).toMatchObject({
    code: 'VERSION_NOT_FOUND',
    text: expect.stringMatching(/versions are 1 to 5/),
  });
  expect((await failure(back(store, Number.NaN))).code).toBe('OPTION_INVALID');
});

test('nothing promoted, nothing to roll back', async () => {
  const store = await openTestStore();
  expect((await failure(back(store))).code).toBe('MODEL_NOT_FOUND');
  await addVersions(store, 2);
  expect(await failure(back(store))).toMatchObject({
    code: 'NOTHING_TO_ROLL_BACK',
    text: expect.stringContaining('riskops promote --latest'),
  });
});

test('a damaged version is no way back; the nearest older good one is offered', async () => {
  const store = await openTestStore();
  await addVersions(store, 4);
  for (const version of [1, 2, 3, 4]) await promote(store, version);
  await damage(store, 3);
  expect((await failure(back(store))).details).toEqual({ model: 'credit', damaged: 3, good: 2 });
  rmSync(store.blobs.path((await getVersion(store, 'credit', 2)).path));

  expect(await failure(back(store))).toMatchObject({
    code: 'MODEL_FILE_INVALID',
    text: expect.stringMatching(/Version 3 of credit[\s\S]*riskops rollback --model credit --to 1/),
    details: { model: 'credit', damaged: 3, good: 1 },
  });
  expect(served(store)).toBe(4);
  expect((await back(store, 1)).to_version).toBe(1);

  await promote(store, 4);
  await damage(store, 1);
  expect(await failure(back(store))).toMatchObject({ code: 'MODEL_FILE_INVALID', details: { good: null } });
});

test('two rollbacks at once go back once', async () => {
  const store = await openTestStore();
  await addVersions(store, 3);
  for (const version of [1, 2, 3]) await promote(store, version);
  await Promise.allSettled([back(store), back(store)]);
  expect(served(store)).toBe(2);
});

test('a promotion that comes between is not rolled back unseen', async () => {
  const store = await openTestStore();
  await addVersions(store, 4);
  for (const version of [1, 2, 3]) await promote(store, version);
  const verifyFile: VerifyFile = async (path, options) => {
    await promote(store, 4);
    return readModelFile(path, options);
  };
  const attempt = rollback(store, { model: 'credit', actor: 'min', reason: '', verifyFile });
  expect((await failure(attempt)).code).toBe('CURRENT_CHANGED');
  expect(served(store)).toBe(4);
});

test('a rollback undoes a promotion, whatever came before', () => {
  const history = fc
    .array(fc.record({ isRollback: fc.boolean(), pick: fc.nat(5) }), { maxLength: 40 })
    .map((moves) => {
      const steps: { action: 'promote' | 'rollback'; to_version: number }[] = [];
      for (const { isRollback, pick } of moves) {
        const stack = replayCurrent(steps);
        const to_version = isRollback ? (stack.at(-2) ?? 0) : pick + 1;
        if (to_version !== 0 && to_version !== stack.at(-1))
          steps.push({ action: isRollback ? 'rollback' : 'promote', to_version });
      }
      return steps;
    });
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 6 }), (steps, version) => {
      const stack = replayCurrent(steps);
      const current = stack.at(-1);
      fc.pre(current !== undefined && current !== version);
      const promoted = [...steps, { action: 'promote' as const, to_version: version }];
      expect(replayCurrent(promoted)).toEqual([...stack, version]);
      expect(replayCurrent([...promoted, { action: 'rollback', to_version: current as number }])).toEqual(
        stack,
      );
    }),
  );
});
