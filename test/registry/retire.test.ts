import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { verifyChain } from '../../src/registry/audit.js';
import { pointerState, readPointer, repairPointer } from '../../src/registry/current.js';
import { allCurrentAt, listHistory } from '../../src/registry/history.js';
import { getModel } from '../../src/registry/models.js';
import { retireModel } from '../../src/registry/retire.js';
import { rollback } from '../../src/registry/rollback.js';
import type { Store } from '../../src/storage/store.js';
import { addVersions, failure, openTestStore, promote, served } from './support/registry-store.js';

const retire = (store: Store, reason = 'the product was closed', model = 'credit') =>
  retireModel(store, { model, actor: 'kim', reason });
const back = (store: Store, to?: number) =>
  rollback(store, { model: 'credit', actor: 'min', reason: '', to });

test('a retired model has no current version: in the database, in the history, in the pointer with the reason', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  await addVersions(store, 1, '신용');
  await promote(store, 2);
  await promote(store, 1, '신용');
  const done = await retire(store);
  expect(done).toMatchObject({
    action: 'retire',
    from_version: 2,
    to_version: null,
    actor: 'kim',
    changed: true,
  });
  expect((await getModel(store, 'credit')).current).toBeNull();
  expect(readPointer(store.places.currentModel)).toMatchObject({
    models: { 신용: { version: 1 } },
    retired: {
      credit: {
        version: 2,
        actor: 'kim',
        reason: 'the product was closed',
        retired_at: done.promoted_at,
        promotion_id: done.promotion_id,
      },
    },
  });
  expect(served(store)).toBeUndefined();
  expect((await listHistory(store, 'credit'))[0]).toMatchObject({ action: 'retire', to_version: null });
  expect(await pointerState(store)).toEqual({ state: 'same', differences: [] });
  expect(await verifyChain(store)).toEqual({ ok: true, broken: null });
});

test('a rollback brings the retired version back, and the next one goes further back', async () => {
  const store = await openTestStore();
  await addVersions(store, 3);
  await promote(store, 1);
  const before = readFileSync(store.places.currentModel, 'utf8');
  await promote(store, 2);
  await retire(store);
  expect(await back(store)).toMatchObject({ action: 'rollback', from_version: null, to_version: 2 });
  expect(served(store)).toBe(2);
  expect((await back(store)).to_version).toBe(1);
  // Nothing of a retirement that is over stays in the pointer.
  expect(Object.keys(JSON.parse(readFileSync(store.places.currentModel, 'utf8')))).toEqual(
    Object.keys(JSON.parse(before)),
  );

  await retire(store);
  await promote(store, 3);
  expect(await failure(back(store))).toMatchObject({
    code: 'NOTHING_TO_ROLL_BACK',
    text: expect.stringMatching(/Before version 3 none was current: version 1 had been retired[\s\S]*--to 1/),
  });
  expect((await back(store, 1)).to_version).toBe(1);
  expect(await verifyChain(store)).toEqual({ ok: true, broken: null });
});

test('what was current at a moment, when nothing was', async () => {
  const store = await openTestStore();
  await addVersions(store, 1);
  await addVersions(store, 1, 'macro');
  const promoted = await promote(store, 1);
  await sleep(5);
  const retired = await retire(store);
  const at = async (time: string) =>
    (await allCurrentAt(store, time)).map(({ model, version, by }) => [model, version, by?.action ?? null]);
  expect(await at(promoted.promoted_at)).toEqual([
    ['credit', 1, 'promote'],
    ['macro', null, null],
  ]);
  expect(await at(retired.promoted_at)).toEqual([
    ['credit', null, 'retire'],
    ['macro', null, null],
  ]);
  expect(await allCurrentAt(store, '2999-01-01', 'credit')).toMatchObject([
    { model: 'credit', version: null },
  ]);
});

test('nothing current, nothing to retire; and no retirement without a reason', async () => {
  const store = await openTestStore();
  await addVersions(store, 1);
  expect((await failure(retire(store))).code).toBe('NO_CURRENT_MODEL');
  await promote(store, 1);
  expect((await failure(retire(store, ' '))).code).toBe('OPTION_INVALID');
  await retire(store);
  expect(await failure(retire(store))).toMatchObject({
    code: 'NO_CURRENT_MODEL',
    text: expect.stringMatching(/Version 1 was retired by kim at .*: the product was closed/),
  });
});

test('a retirement that did not reach the pointer is brought there by the next writer', async () => {
  const store = await openTestStore();
  await addVersions(store, 1);
  await promote(store, 1);
  // Killed between commit and pointer: the second write is the pointer's.
  let writes = 0;
  const killed: Store = {
    ...store,
    write: (work) => (++writes > 1 ? Promise.reject(new Error('killed')) : store.write(work)),
  };
  await failure(retire(killed));
  expect(served(store)).toBe(1);
  expect((await pointerState(store)).state).toBe('behind');
  expect(await repairPointer(store)).toBe('repaired');
  expect(readPointer(store.places.currentModel)).toMatchObject({
    models: {},
    retired: { credit: { version: 1 } },
  });
});

test('a reason that is odd or long does no harm to the pointer', async () => {
  const store = await openTestStore();
  await addVersions(store, 1);
  await promote(store, 1);
  await retire(store, `${'사유'.repeat(99)}x\u{1f600}\u001b[31m${'y'.repeat(900)}`);
  const { reason } = readPointer(store.places.currentModel)?.retired?.['credit'] ?? {};
  expect(reason?.length).toBe(200);
  expect(await pointerState(store)).toEqual({ state: 'same', differences: [] });
});
