import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { verifyChain } from '../../src/registry/audit.js';
import { rollback } from '../../src/registry/rollback.js';
import type { Store } from '../../src/storage/store.js';
import { addVersions, openTestStore, promote } from './support/registry-store.js';

async function storeWithHistory(): Promise<{ store: Store; raw: Database.Database }> {
  const store = await openTestStore();
  await addVersions(store, 3);
  await addVersions(store, 1, '신용');
  await promote(store, 1);
  await promote(store, 2);
  await promote(store, 1, '신용');
  await promote(store, 3);
  await rollback(store, { model: 'credit', actor: 'kim', reason: '' });
  const raw = new Database(store.places.database);
  onTestFinished(() => void raw.close());
  return { store, raw };
}

test('the chain holds, and anybody can recompute it', async () => {
  const { store, raw } = await storeWithHistory();
  expect(await verifyChain(store)).toEqual({ ok: true, broken: null });
  let previous = '0'.repeat(64);
  for (const { hash, ...row } of raw.prepare('SELECT * FROM promotions ORDER BY sequence').all() as Record<
    string,
    string
  >[]) {
    const sorted = Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(row['previous_hash']).toBe(previous);
    expect(createHash('sha256').update(JSON.stringify(sorted)).digest('hex')).toBe(hash);
    previous = hash;
  }
});

test('an empty history holds', async () => {
  expect(await verifyChain(await openTestStore())).toEqual({ ok: true, broken: null });
});

test('the database itself refuses to change or delete what was promoted', async () => {
  const { store, raw } = await storeWithHistory();
  for (const sql of [
    "UPDATE promotions SET actor = 'nobody' WHERE sequence = 2",
    'UPDATE promotions SET sequence = 9 WHERE sequence = 5',
    'DELETE FROM promotions WHERE sequence = 5',
    'DELETE FROM promotions',
    'INSERT OR REPLACE INTO promotions SELECT * FROM promotions WHERE sequence = 2',
  ]) {
    expect(() => raw.exec(sql), sql).toThrow('promotions are append-only');
  }
  await expect(store.write((transaction) => transaction.deleteFrom('promotions').execute())).rejects.toThrow(
    'append-only',
  );
  expect(await verifyChain(store)).toEqual({ ok: true, broken: null });
});

/** Somebody with the file in their hands can drop the triggers; the chain shows what they did. */
test.each<[string, string, number]>([
  ['another actor', "UPDATE promotions SET actor = 'nobody' WHERE sequence = 2", 2],
  ['another reason', "UPDATE promotions SET reason = 'because' WHERE sequence = 1", 1],
  ['another time', "UPDATE promotions SET promoted_at = '2020-01-01T00:00:00.000Z' WHERE sequence = 4", 4],
  ['a verdict that was none', "UPDATE promotions SET verdict = 'promote' WHERE sequence = 5", 5],
  [
    'another gate report',
    `UPDATE promotions SET gate_report_sha256 = '${'b'.repeat(64)}' WHERE sequence = 1`,
    1,
  ],
  ['a row taken out', 'DELETE FROM promotions WHERE sequence = 3', 4],
  ['the first row taken out', 'DELETE FROM promotions WHERE sequence = 1', 2],
  ['the last row taken out', 'DELETE FROM promotions WHERE sequence = 5', 4],
  ['rows exchanged', 'UPDATE promotions SET sequence = CASE sequence WHEN 3 THEN 40 ELSE sequence END', 4],
  [
    'a current version that nobody promoted',
    "UPDATE current_versions SET version = 3 WHERE model = 'credit'",
    5,
  ],
  ['a current version taken away', "DELETE FROM current_versions WHERE model = '신용'", 3],
])('%s is seen', async (_, sql, sequence) => {
  const { store, raw } = await storeWithHistory();
  raw.exec(
    `PRAGMA foreign_keys = OFF; DROP TRIGGER promotions_refuse_update; DROP TRIGGER promotions_refuse_delete; ${sql}`,
  );
  const { ok, broken } = await verifyChain(store);
  expect(ok).toBe(false);
  expect(broken?.sequence).toBe(sequence);
});
