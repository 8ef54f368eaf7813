import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { latestVersion, type Migration, migrations } from '../../../src/storage/database/migrations.js';
import { connectWriter } from '../../../src/storage/database/sqlite-connect.js';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { migrateDatabase } from '../../../src/storage/database/sqlite-migrate.js';
import { openStore } from '../../../src/storage/open-store.js';
import { temporaryFolder } from '../../support/temporary.js';
import { placesIn, runRow } from '../rows.js';

const LATEST = latestVersion();
const next: Migration = {
  version: LATEST + 1,
  what: 'a label',
  sqlite: 'ALTER TABLE runs ADD COLUMN label TEXT;',
};
const broken: Migration = {
  version: LATEST + 2,
  what: 'a slip',
  sqlite: 'CREATE TABLE half (x TEXT) STRICT; ALTER TABLE no ADD y TEXT;',
};

async function olderStore(): Promise<string> {
  const store = await openStore(placesIn(temporaryFolder()), { mode: 'write' });
  await store.write((t) => t.insertInto('runs').values(runRow('r')).execute());
  await store.close();
  return store.places.database;
}

async function writerOf(path: string) {
  mkdirSync(dirname(path), { recursive: true });
  const writer = await connectWriter(path, 5000);
  onTestFinished(() => void writer.raw.close());
  return writer;
}

/** Version, tables and runs of a database file. */
function look(path: string) {
  const raw = openConnection(path, { readonly: true });
  const facts = {
    version: raw.pragma('user_version', { simple: true }),
    columns: raw.prepare("SELECT name FROM pragma_table_info('runs')").pluck().all(),
    runs: raw.prepare('SELECT count(*) FROM runs').pluck().get(),
    half: raw.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'half'").pluck().get(),
  };
  raw.close();
  return facts;
}

test('an older store is backed up, then brought forward with all its rows', async () => {
  const path = await olderStore();
  const writer = await writerOf(path);
  await migrateDatabase(writer, [...migrations, next]);
  await migrateDatabase(writer, [...migrations, next]);
  expect(look(path)).toMatchObject({
    version: LATEST + 1,
    runs: 1,
    columns: expect.arrayContaining(['label']),
  });
  expect(look(`${path}.bak-${LATEST}-${LATEST + 1}`)).toMatchObject({
    version: LATEST,
    runs: 1,
    columns: expect.not.arrayContaining(['label']),
  });
  expect(readdirSync(dirname(path)).filter((name) => name.includes('.tmp-'))).toEqual([]);
});

test('a step that fails takes all of them back; the backup stays, and a later try succeeds', async () => {
  const path = await olderStore();
  const writer = await writerOf(path);
  await expect(migrateDatabase(writer, [...migrations, next, broken])).rejects.toThrow(/no such table/);
  expect(look(path)).toMatchObject({
    version: LATEST,
    runs: 1,
    half: 0,
    columns: expect.not.arrayContaining(['label']),
  });
  expect(existsSync(`${path}.bak-${LATEST}-${LATEST + 2}`)).toBe(true);
  await migrateDatabase(writer, [...migrations, next]);
  expect(look(path).version).toBe(LATEST + 1);
});

test('several connections that migrate at once migrate once', async () => {
  const path = await olderStore();
  const writers = await Promise.all(Array.from({ length: 5 }, () => writerOf(path)));
  await Promise.all(writers.map((writer) => migrateDatabase(writer, [...migrations, next])));
  expect(look(path)).toMatchObject({ version: LATEST + 1, runs: 1 });
});

test('a new store has no backup, and its versions run from 1 without a gap', async () => {
  const path = placesIn(temporaryFolder()).database;
  await migrateDatabase(await writerOf(path));
  expect(readdirSync(dirname(path)).filter((name) => name.includes('.bak'))).toEqual([]);
  expect(migrations.map((migration) => migration.version)).toEqual(migrations.map((_, i) => i + 1));
});

test('tables of another program are left alone', async () => {
  const path = placesIn(temporaryFolder()).database;
  const writer = await writerOf(path);
  writer.raw.exec('CREATE TABLE theirs (x)');
  await expect(migrateDatabase(writer)).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  expect(writer.raw.prepare('SELECT name FROM sqlite_master').pluck().all()).toEqual(['theirs']);
});

test('a store of version 1 keeps its runs, metrics, versions, promotions and pointer rows', async () => {
  const path = placesIn(temporaryFolder()).database;
  const writer = await writerOf(path);
  await migrateDatabase(writer, migrations.slice(0, 1));
  writer.raw.exec(`
    INSERT INTO runs (run_id, dir_name, kind, status, created_at, host, pid, boot_id, process_started, heartbeat_at)
      VALUES ('r', '20260101_000000_train_r', 'train', 'FINISHED', '2026-01-01T00:00:00.000Z', 'h', 1, 'b', '1', '');
    INSERT INTO metric_points (run_id, key, step, value, special, logged_at) VALUES
      ('r', 'auc', 0, 0.5, NULL, '2026-01-01T00:00:00.123Z'), ('r', 'auc', 1, NULL, 'NaN', '2026-01-01T00:00:01.000Z'),
      ('r', 'auc', 1, 0.75, NULL, '2026-01-01T00:00:02.000Z');
    INSERT INTO metrics VALUES ('r', 'auc', 1, 0.75, NULL, '2026-01-01T00:00:02.000Z');
    INSERT INTO artifacts VALUES ('r', 'plots/roc.svg', 'plot', 'abc', 3, '2026-01-01T00:00:00.000Z');
    INSERT INTO models VALUES ('credit', '2026-01-01T00:00:00.000Z');
    INSERT INTO versions VALUES ('credit', 3, 'r', 'dummy', 'models/credit/c', 's', 'c', 1, '{}', '2026-01-01T00:00:00.000Z');
    INSERT INTO promotions VALUES (1, 'p', 'credit', 'promote', NULL, 3, 'ann', 'why', NULL, NULL, '2026-01-01T00:00:00.000Z', '0', 'h');
    INSERT INTO current_versions VALUES ('credit', 3, 'p');`);
  await migrateDatabase(writer);
  const all = (sql: string) => writer.raw.prepare(sql).all();
  expect(
    all(
      'SELECT p.step, p.value, p.special, p.logged_ms FROM metric_points p JOIN metrics USING (metric) ORDER BY p.step, ordinal',
    ),
  ).toEqual([
    { step: 0, value: 0.5, special: null, logged_ms: Date.parse('2026-01-01T00:00:00.123Z') },
    { step: 1, value: null, special: 'NaN', logged_ms: Date.parse('2026-01-01T00:00:01.000Z') },
    { step: 1, value: 0.75, special: null, logged_ms: Date.parse('2026-01-01T00:00:02.000Z') },
  ]);
  expect(all('SELECT run_id, key, value, points, finite, total, least, most FROM metrics')).toEqual([
    { run_id: 'r', key: 'auc', value: 0.75, points: 3, finite: 2, total: 1.25, least: 0.5, most: 0.75 },
  ]);
  expect(all('SELECT blob FROM artifacts')).toEqual([{ blob: 'runs/20260101_000000_train_r/plots/roc.svg' }]);
  expect(all('SELECT last_version FROM models')).toEqual([{ last_version: 3 }]);
  expect(
    all('SELECT c.version, p.actor FROM current_versions c JOIN promotions p USING (promotion_id)'),
  ).toEqual([{ version: 3, actor: 'ann' }]);
  expect(() => writer.raw.exec("UPDATE promotions SET actor = 'eve'")).toThrow(/append-only/);
  expect(all('PRAGMA foreign_key_check')).toEqual([]);
});
