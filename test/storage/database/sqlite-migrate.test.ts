import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Migration, migrations } from '../../../src/storage/database/migrations.js';
import { connectWriter } from '../../../src/storage/database/sqlite-connect.js';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { migrateDatabase } from '../../../src/storage/database/sqlite-migrate.js';
import { openStore } from '../../../src/storage/open-store.js';
import { temporaryFolder } from '../../support/temporary.js';
import { placesIn, runRow } from '../rows.js';

const second: Migration = { version: 2, what: 'a label', sqlite: 'ALTER TABLE runs ADD COLUMN label TEXT;' };
const broken: Migration = {
  version: 3,
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
  await migrateDatabase(writer, [...migrations, second]);
  await migrateDatabase(writer, [...migrations, second]);
  expect(look(path)).toMatchObject({ version: 2, runs: 1, columns: expect.arrayContaining(['label']) });
  expect(look(`${path}.bak-1-2`)).toMatchObject({
    version: 1,
    runs: 1,
    columns: expect.not.arrayContaining(['label']),
  });
  expect(readdirSync(dirname(path)).filter((name) => name.includes('.tmp-'))).toEqual([]);
});

test('a step that fails takes all of them back; the backup stays, and a later try succeeds', async () => {
  const path = await olderStore();
  const writer = await writerOf(path);
  await expect(migrateDatabase(writer, [...migrations, second, broken])).rejects.toThrow(/no such table/);
  expect(look(path)).toMatchObject({
    version: 1,
    runs: 1,
    half: 0,
    columns: expect.not.arrayContaining(['label']),
  });
  expect(existsSync(`${path}.bak-1-3`)).toBe(true);
  await migrateDatabase(writer, [...migrations, second]);
  expect(look(path).version).toBe(2);
});

test('several connections that migrate at once migrate once', async () => {
  const path = await olderStore();
  const writers = await Promise.all(Array.from({ length: 5 }, () => writerOf(path)));
  await Promise.all(writers.map((writer) => migrateDatabase(writer, [...migrations, second])));
  expect(look(path)).toMatchObject({ version: 2, runs: 1 });
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
