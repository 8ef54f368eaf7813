import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { currentAt, listHistory } from '../../src/registry/history.js';
import { rollback } from '../../src/registry/rollback.js';
import { addVersions, failure, openTestStore, promote } from './support/registry-store.js';

test('history is newest first, of one model or of all', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  await addVersions(store, 1, 'macro');
  await promote(store, 1);
  await promote(store, 1, 'macro');
  await promote(store, 2);
  await rollback(store, { model: 'credit', actor: 'kim', reason: 'complaints' });

  const lines = (await listHistory(store)).map(
    (row) => `${row.model} ${row.action} ${row.from_version}>${row.to_version} ${row.actor}`,
  );
  expect(lines).toEqual([
    'credit rollback 2>1 kim',
    'credit promote 1>2 min',
    'macro promote null>1 min',
    'credit promote null>1 min',
  ]);
  expect((await listHistory(store, 'credit', { limit: 2 })).map(({ sequence }) => sequence)).toEqual([4, 3]);
  expect((await failure(listHistory(store, 'credti'))).code).toBe('MODEL_NOT_FOUND');
  expect((await failure(listHistory(store, 'credit', { limit: 0 }))).code).toBe('OPTION_INVALID');
});

test('what was current at a moment, in any zone', async () => {
  const store = await openTestStore();
  await addVersions(store, 2);
  const before = new Date().toISOString();
  await sleep(5);
  const first = await promote(store, 1);
  await sleep(5);
  const second = await promote(store, 2);
  const at = async (time: string) => (await currentAt(store, 'credit', time))?.to_version;

  expect(await at(before)).toBeUndefined();
  expect(await at(first.promoted_at)).toBe(1);
  const inSeoul = new Date(Date.parse(second.promoted_at) - 1 + 9 * 3_600_000)
    .toISOString()
    .replace('Z', '+09:00');
  expect(await at(inSeoul)).toBe(1);
  expect(await at('2999-01-01')).toBe(2);
  expect(await at('1999-12-31T23:59Z')).toBeUndefined();
  for (const wrong of [
    '',
    'now',
    '2026-02-30',
    '2026-13-01',
    '2026-03-01T24:00Z',
    '2026-03-01T12:00',
    '1772366400',
  ]) {
    expect((await failure(currentAt(store, 'credit', wrong))).code, wrong).toBe('OPTION_INVALID');
  }
});
