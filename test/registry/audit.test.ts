import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { readModelFile } from '../../src/models/model-file.js';
import { verifyChain } from '../../src/registry/audit.js';
import { projectPointer, readPointer } from '../../src/registry/current.js';
import { promoteVersion } from '../../src/registry/promote.js';
import { rollback } from '../../src/registry/rollback.js';
import { verifyAudit } from '../../src/registry/verify-audit.js';
import { getVersion } from '../../src/registry/versions.js';
import { loop } from '../../src/storage/database/migrations/1-loop.js';
import { connectWriter } from '../../src/storage/database/sqlite-connect.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { migrateDatabase } from '../../src/storage/database/sqlite-migrate.js';
import type { Store } from '../../src/storage/store.js';
import { addArtifact } from '../../src/tracking/artifacts.js';
import { makeFolder } from '../../src/util/files.js';
import { temporaryFolder } from '../support/temporary.js';
import { addVersions, openTestStore, placesIn, promote } from './support/registry-store.js';

async function storeWithHistory(): Promise<{ store: Store; raw: Database.Database }> {
  const store = await openTestStore();
  await addVersions(store, 3);
  await addVersions(store, 1, '신용');
  await promote(store, 1);
  await promote(store, 2);
  await promote(store, 1, '신용');
  await promote(store, 3);
  await rollback(store, { model: 'credit', actor: 'kim', reason: '' });
  const raw = openConnection(store.places.database);
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

const UNLOCK =
  'PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; DROP TRIGGER promotions_refuse_update; DROP TRIGGER promotions_refuse_delete;';

test('every column is covered: one changed field in any of them is named with its row', async () => {
  const { store, raw } = await storeWithHistory();
  const columns = (raw.pragma('table_info(promotions)') as { name: string; type: string }[]).filter(
    ({ name }) => name !== 'sequence',
  );
  expect(columns.map(({ name }) => name)).toHaveLength(13);
  raw.exec(UNLOCK);
  for (const { name, type } of columns) {
    const [before] = raw.prepare(`SELECT "${name}" AS value FROM promotions WHERE sequence = 2`).all() as {
      value: unknown;
    }[];
    const other = type === 'INTEGER' ? 7 : name === 'verdict' ? 'reject' : `${before.value}!`;
    raw.prepare(`UPDATE promotions SET "${name}" = ? WHERE sequence = 2`).run(other);
    expect((await verifyChain(store)).broken?.sequence, name).toBe(2);
    raw.prepare(`UPDATE promotions SET "${name}" = ? WHERE sequence = 2`).run(before.value);
    expect((await verifyChain(store)).ok, name).toBe(true);
  }
});

test('a row without a value that gets one, and the other way round, is seen', async () => {
  const { store, raw } = await storeWithHistory();
  raw.exec(`${UNLOCK} UPDATE promotions SET from_version = 3 WHERE sequence = 1`);
  expect((await verifyChain(store)).broken?.sequence).toBe(1);
  raw.exec(
    'UPDATE promotions SET from_version = NULL WHERE sequence = 1; UPDATE promotions SET verdict = NULL WHERE sequence = 4',
  );
  expect((await verifyChain(store)).broken?.sequence).toBe(4);
});

/** A store whose promotions name gate reports that are kept. */
async function storeWithReports() {
  const store = await openTestStore();
  const [one, two] = await addVersions(store, 2);
  const paths: string[] = [];
  const reports: string[] = [];
  for (const { run_id, version } of [one, two]) {
    const kept = await addArtifact(store, run_id, 'gate/1.json', `{"version":${version}}`, 'gate-report');
    paths.push(store.blobs.path(kept.key));
    reports.push(kept.sha256);
  }
  for (const version of [1, 2])
    await promoteVersion(store, {
      ...{ model: 'credit', version, actor: 'min', reason: '', verdict: 'promote' as const },
      expectedCurrent: version === 1 ? null : 1,
      gateReportSha256: reports[version - 1],
    });
  const raw = openConnection(store.places.database);
  onTestFinished(() => void raw.close());
  return { store, raw, paths };
}

test('the gate reports that promotions rest on still have their hash', async () => {
  const { store, paths } = await storeWithReports();
  const whole = await verifyAudit(store);
  expect(whole).toMatchObject({ ok: true, broken: null, rows: 2, reports: 2, expected: null });
  expect(whole.head).toMatch(/^[0-9a-f]{64}$/);
  const text = readFileSync(paths[1], 'utf8');
  writeFileSync(paths[1], text.replace('2', '3'));
  expect(await verifyAudit(store)).toMatchObject({
    ok: false,
    broken: { sequence: 2, why: expect.stringContaining('gate report was changed') },
  });
  writeFileSync(paths[1], text);
  rmSync(paths[0]);
  expect((await verifyAudit(store)).broken).toMatchObject({
    sequence: 1,
    why: expect.stringContaining('is gone'),
  });
});

test('a head that was noted shows a tail that was cut off together with all that would tell', async () => {
  const { store, raw } = await storeWithReports();
  const { head, rows } = await verifyAudit(store);
  const noted = String(head);
  await promote(store, 1);
  expect(await verifyAudit(store, { expect: noted.toUpperCase() })).toMatchObject({
    ok: false,
    broken: { sequence: 3, why: expect.stringContaining('not on record') },
  });
  const guards = raw
    .prepare("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
    .pluck()
    .all() as string[];
  raw.exec(
    `${UNLOCK} DELETE FROM promotions WHERE sequence >= ${rows}; UPDATE current_versions SET version = 1, promotion_id = (SELECT promotion_id FROM promotions WHERE sequence = 1)`,
  );
  for (const guard of guards.filter((sql) => /promotions_refuse_(update|delete)/.test(sql))) raw.exec(guard);
  // The chain alone cannot know what came after its last row.
  expect(await verifyAudit(store)).toMatchObject({ ok: true, rows: 1 });
  expect(await verifyAudit(store, { expect: noted })).toMatchObject({
    ok: false,
    broken: { sequence: null, why: expect.stringContaining('cut off or written anew') },
  });
  const first = String((await verifyAudit(store)).head);
  expect(await verifyAudit(store, { expect: first })).toMatchObject({ ok: true, expected: { sequence: 1 } });
  await expect(verifyAudit(store, { expect: 'abc' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('rows from before there were retirements and approvals still hold', async () => {
  const places = placesIn(temporaryFolder());
  makeFolder(dirname(places.database));
  const writer = await connectWriter(places.database, 5000);
  await migrateDatabase(writer, [loop]);
  const { raw } = writer;
  raw.exec(`
    INSERT INTO runs (run_id, dir_name, kind, status, created_at, host, pid, boot_id, process_started, heartbeat_at)
      VALUES ('r', 'r', 'train', 'FINISHED', '2026-03-01T11:00:00.000Z', 'h', 1, 'b', 'p', '2026-03-01T11:00:00.000Z');
    INSERT INTO models VALUES ('credit', '2026-03-01T11:00:00.000Z');
    INSERT INTO versions SELECT 'credit', value, 'r', 'dummy', 'p' || value, 's', 'c', 1, '{}', '2026-03-01T11:00:00.000Z'
      FROM json_each('[1, 2]');`);
  let previous = '0'.repeat(64);
  for (const [sequence, to_version] of [1, 2].entries()) {
    const row = {
      sequence: sequence + 1,
      promotion_id: `0195${String(sequence).padStart(4, '0')}-0000-7000-8000-000000000000`,
      model: 'credit',
      action: 'promote',
      from_version: to_version === 1 ? null : 1,
      to_version,
      actor: '김',
      reason: 'better',
      verdict: 'promote',
      gate_report_sha256: null,
      promoted_at: '2026-03-01T12:00:00.000Z',
      previous_hash: previous,
    };
    const sorted = Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
    previous = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
    const full = { ...row, hash: previous };
    raw
      .prepare(
        `INSERT INTO promotions (${Object.keys(full).join()}) VALUES (${Object.keys(full)
          .map(() => '?')
          .join()})`,
      )
      .run(...Object.values(full));
  }
  raw.exec(
    'INSERT INTO current_versions SELECT model, to_version, promotion_id FROM promotions WHERE sequence = 2',
  );
  raw.close();
  const store = await openTestStore(places);
  expect(await verifyAudit(store, { files: false })).toMatchObject({ ok: true, rows: 2, head: previous });
});

/** The row of version 1 under the number 2: another file, learner and metrics stand as what was promoted. */
const EXCHANGE = `INSERT OR REPLACE INTO versions
  SELECT model, 2, run_id, learner, path, sha256, content_sha256, bytes, metrics_json, created_at
  FROM versions WHERE version = 1`;

test('a number that was given to another model file is named, and is not served', async () => {
  const { store, raw } = await storeWithReports();
  raw.exec('PRAGMA foreign_keys = OFF');
  expect(() => raw.exec(EXCHANGE)).toThrow('a version is never changed');
  raw.exec(`DROP TRIGGER versions_refuse_replace; DROP TRIGGER versions_refuse_delete; ${EXCHANGE}`);
  expect((await verifyAudit(store)).broken).toEqual({
    sequence: 2,
    why: 'version 2 of credit has another model file on record than then',
  });
  await projectPointer(store);
  const { sha256, path } = readPointer(store.places.currentModel)!.models['credit'];
  await expect(readModelFile(store.blobs.path(path), { sha256 })).rejects.toMatchObject({
    code: 'MODEL_FILE_INVALID',
  });
});

test('a version that the history names cannot go; one that went all the same is named', async () => {
  const { store, raw } = await storeWithReports();
  raw.exec('PRAGMA foreign_keys = OFF');
  const remove = 'DELETE FROM versions WHERE version = 1';
  expect(() => raw.exec(remove)).toThrow('is kept');
  raw.exec(`DROP TRIGGER versions_refuse_delete; ${remove}`);
  expect((await verifyAudit(store)).broken).toMatchObject({
    sequence: 1,
    why: expect.stringMatching(/not on record any more/),
  });
});

test('a guard of the history that was taken away, a changed model file and a current one in the trash are told', async () => {
  const { store, raw } = await storeWithReports();
  const file = store.blobs.path((await getVersion(store, 'credit', 1)).path);
  const bytes = readFileSync(file);
  writeFileSync(file, Buffer.concat([bytes, Buffer.from('x')]));
  expect((await verifyAudit(store)).broken).toMatchObject({
    sequence: 1,
    why: expect.stringMatching(/version 1 of credit was changed/),
  });
  expect((await verifyAudit(store, { files: false })).ok).toBe(true);
  writeFileSync(file, bytes);
  expect(await verifyAudit(store)).toMatchObject({ ok: true, files: 2 });
  raw.exec('DROP TRIGGER promotions_refuse_update');
  expect((await verifyAudit(store)).broken).toEqual({
    sequence: null,
    why: 'its trigger promotions_refuse_update is missing',
  });
  raw.exec("INSERT INTO version_marks VALUES ('credit', 2, '2026-01-01T00:00:00.000Z', NULL)");
  expect((await verifyAudit(store)).broken).toMatchObject({
    sequence: 2,
    why: expect.stringMatching(/lies in the trash/),
  });
});
