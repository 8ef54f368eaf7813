import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPointer, repairPointer } from '../../src/registry/current.js';
import { getModel } from '../../src/registry/models.js';
import { promoteVersion } from '../../src/registry/promote.js';
import { getVersion } from '../../src/registry/versions.js';
import type { Store } from '../../src/storage/store.js';
import { addVersions, failure, openTestStore, promote, served } from './support/registry-store.js';

const evidence = {
  model: 'credit',
  actor: 'min',
  reason: 'better',
  verdict: 'promote',
  gateReportSha256: null,
} as const;
const rowsOf = (store: Store) => store.db.selectFrom('promotions').selectAll().orderBy('sequence').execute();

test('a promotion is in the database, in the history and in the pointer', async () => {
  const store = await openTestStore();
  const [first, second] = await addVersions(store, 2);
  const one = await promote(store, 1);
  const two = await promote(store, 2);

  expect(one).toMatchObject({
    sequence: 1,
    action: 'promote',
    from_version: null,
    to_version: 1,
    actor: 'min',
    changed: true,
  });
  expect(two).toMatchObject({
    sequence: 2,
    from_version: 1,
    to_version: 2,
    verdict: 'promote',
    previous_hash: one.hash,
  });
  expect(two.promotion_id > one.promotion_id).toBe(true);
  expect(await rowsOf(store)).toEqual([one, two].map(({ changed, ...row }) => row));
  expect(await getModel(store, 'credit')).toMatchObject({ current: { version: 2, run_id: second.run_id } });
  expect(readPointer(store.places.currentModel)).toEqual({
    format: 1,
    models: {
      credit: {
        version: 2,
        run_id: second.run_id,
        path: second.path,
        sha256: second.sha256,
        promoted_at: two.promoted_at,
        promotion_id: two.promotion_id,
      },
    },
  });
  expect(first.sha256).not.toBe(second.sha256);
});

test('promoting what is current already changes nothing', async () => {
  const store = await openTestStore();
  await addVersions(store, 1);
  const first = await promote(store, 1);
  const pointer = readFileSync(store.places.currentModel);
  expect(await promoteVersion(store, { ...evidence, version: 1, expectedCurrent: null })).toEqual({
    ...first,
    changed: false,
  });
  expect(await rowsOf(store)).toHaveLength(1);
  expect(readFileSync(store.places.currentModel)).toEqual(pointer);
});

test('of two candidates that were judged against the same model, the second finds it changed', async () => {
  const store = await openTestStore();
  await addVersions(store, 3);
  await promote(store, 1);
  const judgedBefore = { ...evidence, expectedCurrent: 1 };
  await promoteVersion(store, { ...judgedBefore, version: 3 });
  expect(await failure(promoteVersion(store, { ...judgedBefore, version: 2 }))).toMatchObject({
    code: 'CURRENT_CHANGED',
    exitCode: 75,
    text: expect.stringMatching(/version 3 is current/),
    details: { current: 3, to: 2 },
  });
  expect(
    (await failure(promoteVersion(store, { ...evidence, version: 2, expectedCurrent: null }))).code,
  ).toBe('CURRENT_CHANGED');
  expect(served(store)).toBe(3);
});

test('promotions at once in one process: one wins, the pointer has it', async () => {
  const store = await openTestStore();
  await addVersions(store, 4);
  await addVersions(store, 1, '신용');
  const all = [1, 2, 3, 4].map((version) =>
    promoteVersion(store, { ...evidence, version, expectedCurrent: null }),
  );
  const [settled] = await Promise.all([Promise.allSettled(all), promote(store, 1, '신용')]);
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const { current } = await getModel(store, 'credit');
  expect([served(store), served(store, '신용')]).toEqual([current?.version, 1]);
});

describe('a model file that is not the one on record is refused before anything is written', () => {
  test.each<[string, string, (path: string) => void]>([
    [
      'a flipped byte',
      'MODEL_FILE_INVALID',
      (path) => {
        const bytes = readFileSync(path);
        bytes[bytes.length - 3] ^= 1;
        writeFileSync(path, bytes);
      },
    ],
    ['a truncated file', 'MODEL_FILE_INVALID', (path) => truncateSync(path, 100)],
    ['an empty file', 'MODEL_FILE_INVALID', (path) => truncateSync(path, 0)],
    ['a missing file', 'MODEL_FILE_NOT_FOUND', (path) => rmSync(path)],
    [
      'a folder',
      'MODEL_FILE_INVALID',
      (path) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
  ])('%s', async (_, code, damage) => {
    const store = await openTestStore();
    await addVersions(store, 2);
    await promote(store, 1);
    const before = [await rowsOf(store), readFileSync(store.places.currentModel, 'utf8')];
    damage(store.blobs.path((await getVersion(store, 'credit', 2)).path));
    const { text, ...failed } = await failure(promote(store, 2));
    expect(failed.code).toBe(code);
    expect(text.split('\n')).toHaveLength(3);
    expect(text).toContain('Version 2 of credit cannot become current');
    expect([await rowsOf(store), readFileSync(store.places.currentModel, 'utf8')]).toEqual(before);
  });
});

test('a promotion says who and, against the verdict, why', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  const attempt = { ...evidence, version: 1, expectedCurrent: null };
  const code = async (change: object) =>
    (await failure(promoteVersion(store, { ...attempt, ...change }))).code;
  expect(await code({ actor: ' ' })).toBe('OPTION_INVALID');
  expect(await code({ verdict: 'reject', reason: '' })).toBe('OPTION_INVALID');
  expect(await code({ verdict: null, reason: ' ' })).toBe('OPTION_INVALID');
  expect(await code({ gateReportSha256: 'none' })).toBe('OPTION_INVALID');
  expect(await code({ reason: 'x'.repeat(2001) })).toBe('VALUE_TOO_LONG');
  expect(await code({ version: 3 })).toBe('VERSION_NOT_FOUND');
  expect(await rowsOf(store)).toEqual([]);

  const reason = '감사 요청 "7"\u0000\u001b[31m \u{1f600}';
  expect(
    await promoteVersion(store, { ...attempt, verdict: 'undecided', reason: `${reason}\ud800` }),
  ).toMatchObject({
    verdict: 'undecided',
    reason: `${reason}\ufffd`,
  });
});

test('a pointer that cannot be written after the commit: the promotion stands, the old model stays, a repair mends it', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  await promote(store, 1);
  const path = store.places.currentModel;
  // A folder comes in the way between the commit and the pointer.
  const unlucky: Store = {
    ...store,
    async write(work) {
      const result = await store.write(work);
      rmSync(path, { force: true, recursive: true });
      mkdirSync(path);
      return result;
    },
  };
  expect(await failure(promote(unlucky, 2))).toMatchObject({
    code: 'STORE_IO',
    exitCode: 74,
    text: expect.stringMatching(
      /current in the database[\s\S]*goes on being served[\s\S]*riskops doctor --fix/,
    ),
    details: expect.objectContaining({ version: 2 }),
  });
  expect(await getModel(store, 'credit')).toMatchObject({ current: { version: 2 } });
  expect((await failure(repairPointer(store))).code).toBe('POINTER_INVALID');
  rmSync(path, { recursive: true });
  expect(await repairPointer(store)).toBe('repaired');
  expect(served(store)).toBe(2);
});
