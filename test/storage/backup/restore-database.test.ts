import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { backUpDatabase } from '../../../src/storage/backup/backup-database.js';
import { migrateBack } from '../../../src/storage/backup/migrate-back.js';
import { restoreDatabase } from '../../../src/storage/backup/restore-database.js';
import { latestVersion } from '../../../src/storage/database/migrations.js';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { openStore } from '../../../src/storage/open-store.js';
import type { Store } from '../../../src/storage/store.js';
import { sha256File } from '../../../src/util/files.js';
import { seededRandom } from '../../../src/util/random.js';
import { buildChild, startChild } from '../../support/child-entry.js';
import { temporaryFolder } from '../../support/temporary.js';
import { placesIn, runRow } from '../rows.js';
import { closedStore, refusal, storeIn } from '../store-support.js';
import { contentOf, version1Store } from '../version-1-store.js';

let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

const OPTIONS = { command: 'riskops restore FILE' };
const FORCED = { ...OPTIONS, force: true };

const addRun = (store: Store, id: string) =>
  store.write((t) => t.insertInto('runs').values(runRow(id)).execute());

/** A closed store whose backup, the second result, lacks the run `later`. */
async function storeAndBackup(folder = temporaryFolder()): Promise<[string, string]> {
  const database = await closedStore(folder);
  const { path } = await backUpDatabase(database);
  const store = await openStore(placesIn(folder), { mode: 'write' });
  await addRun(store, 'later');
  await store.close();
  return [database, path];
}

function runsIn(path: string): unknown[] {
  const raw = openConnection(path, { readonly: true });
  try {
    expect(raw.pragma('integrity_check', { simple: true })).toBe('ok');
    return raw.prepare('SELECT run_id FROM runs ORDER BY sequence').pluck().all();
  } finally {
    raw.close();
  }
}

test('what the store has and the backup has not is named, and only --force gives it up; it is kept all the same', async () => {
  const [database, backup] = await storeAndBackup();
  await expect(restoreDatabase(database, backup, OPTIONS)).rejects.toEqual(
    refusal('STORE_WOULD_LOSE', /^Written or changed since: 1 rows of runs\.$/),
  );
  expect(runsIn(database)).toEqual(['r', 'later']);
  const { kept, schema_version } = await restoreDatabase(database, backup, FORCED);
  expect(schema_version).toBe(latestVersion());
  expect(runsIn(database)).toEqual(['r']);
  expect(runsIn(kept as string)).toEqual(['r', 'later']);
  await restoreDatabase(database, kept as string, OPTIONS);
  expect(runsIn(database)).toEqual(['r', 'later']);
});

test.each(['read', 'write'])('a store that another process has open to %s is not replaced', async (mode) => {
  const folder = temporaryFolder();
  const [database, backup] = await storeAndBackup(folder);
  const holder = startChild(child, ['hold', folder, mode]);
  await holder.line((line) => line === 'open');
  await expect(restoreDatabase(database, backup, FORCED)).rejects.toEqual(
    refusal('STORE_IN_USE', /Another process has it open/),
  );
  holder.process.kill('SIGKILL');
  await holder.ended;
  expect(runsIn(database)).toEqual(['r', 'later']);
  await restoreDatabase(database, backup, FORCED);
});

test('this process may look at a file that it has open: its locks stay, and another still sees it in use', async () => {
  const folder = temporaryFolder();
  const [, backup] = await storeAndBackup(folder);
  await storeIn(folder);
  await storeIn(folder, 'read');
  const other = startChild(child, ['restore', folder, backup]);
  expect(await other.ended).not.toBe(0);
  expect(other.stderr()).toMatch(/cannot be replaced now/);
});

test('kill -9 at random moments of a restore: the store is one of the two, whole, and opens', async () => {
  const random = seededRandom(39);
  const folder = temporaryFolder();
  const [database, backup] = await storeAndBackup(folder);
  const later = (await backUpDatabase(database)).path;
  for (let round = 0; round < 5; round++) {
    const killed = startChild(child, ['restore', folder, `${backup},${later}`]);
    await killed.line((line) => line === 'restoring');
    await sleep(random() * 120);
    killed.process.kill('SIGKILL');
    await killed.ended;
    // The next one to come is a command, or another restore.
    if (round % 2 === 1) await restoreDatabase(database, later, FORCED);
    const store = await openStore(placesIn(folder), { mode: 'write' });
    const runs = await store.db.selectFrom('runs').select('run_id').orderBy('sequence').execute();
    expect([['r'], ['r', 'later']]).toContainEqual(runs.map(({ run_id }) => run_id));
    expect((await store.db.selectFrom('metric_points').select('step').execute()).length).toBe(2000);
    await store.close();
    runsIn(database);
  }
});

test.each([
  ['cut in half', (path: string) => truncateSync(path, 20_000), 'STORE_DAMAGED'],
  ['text', (path: string) => writeFileSync(path, 'a backup\n'.repeat(1000)), 'STORE_DAMAGED'],
  ['empty', (path: string) => writeFileSync(path, ''), 'BACKUP_NOT_FOUND'],
  ['of a newer riskops', (path: string) => run(path, 'PRAGMA user_version = 99'), 'STORE_VERSION'],
  [
    'with a trigger of somebody else',
    (path: string) => run(path, 'CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM tags; END'),
    'STORE_DAMAGED',
  ],
  [
    'without the trigger that guards the history',
    (path: string) => run(path, 'DROP TRIGGER promotions_refuse_update'),
    'STORE_DAMAGED',
  ],
  ['without a table', (path: string) => run(path, 'DROP TABLE aliases'), 'STORE_DAMAGED'],
])('a backup that is %s is refused, and the store left byte for byte', async (_, harm, code) => {
  const [database, backup] = await storeAndBackup();
  harm(backup);
  const before = await sha256File(database);
  await expect(restoreDatabase(database, backup, FORCED)).rejects.toMatchObject({ code });
  expect(await sha256File(database)).toBe(before);
  expect(readdirSync(dirname(database)).filter((name) => /tmp|restore/.test(name))).toEqual([]);
});

function run(path: string, sql: string): void {
  const raw = openConnection(path);
  raw.exec(sql);
  raw.close();
}

test('indexes and tables that somebody added to the store come back with it', async () => {
  const [database, backup] = await storeAndBackup();
  run(backup, 'CREATE INDEX mine ON tags (value); CREATE TABLE notes (text)');
  await restoreDatabase(database, backup, FORCED);
  expect(runsIn(database)).toEqual(['r']);
});

test('a damaged store is replaced without --force, and kept with its log', async () => {
  const [database, backup] = await storeAndBackup();
  truncateSync(database, 10_000);
  writeFileSync(`${database}-wal`, 'the end of a log');
  const { kept } = await restoreDatabase(database, backup, OPTIONS);
  expect(readFileSync(kept as string).length).toBe(10_000);
  expect(readFileSync(`${kept}-wal`, 'utf8')).toBe('the end of a log');
  expect(existsSync(`${database}-wal`)).toBe(false);
  expect(runsIn(database)).toEqual(['r']);
});

test('the store of a newer riskops is replaced by --force alone, and kept byte for byte', async () => {
  const [database, backup] = await storeAndBackup();
  run(database, 'PRAGMA user_version = 99; ALTER TABLE runs ADD COLUMN later TEXT');
  const before = await sha256File(database);
  await expect(restoreDatabase(database, backup, OPTIONS)).rejects.toEqual(
    refusal('STORE_WOULD_LOSE', /cannot be compared/),
  );
  expect(await sha256File(database)).toBe(before);
  const { kept } = await restoreDatabase(database, backup, FORCED);
  expect(await sha256File(kept as string)).toBe(before);
  expect(runsIn(database)).toEqual(['r']);
});

test('the log of another database is never played into the one that is put back', async () => {
  const folder = temporaryFolder();
  const [database, backup] = await storeAndBackup(folder);
  // What a crash leaves: a log with a commit that is not in the file.
  const foreign = openConnection(database);
  onTestFinished(() => void foreign.close());
  foreign.exec("INSERT INTO tags VALUES ('r', 'foreign', 'x')");
  const target = temporaryFolder();
  const { database: gone } = placesIn(target);
  mkdirSync(dirname(gone));
  copyFileSync(`${database}-wal`, `${gone}-wal`);
  await restoreDatabase(gone, backup, OPTIONS);
  expect(runsIn(gone)).toEqual(['r']);
  const store = await storeIn(target, 'read');
  expect(await store.db.selectFrom('tags').selectAll().execute()).toEqual([]);
});

test('a migration is undone when nothing was written since, and by --force when something was', async () => {
  const folder = temporaryFolder();
  const database = version1Store(folder, { runs: 3, points: 10 });
  const before = contentOf(database);
  const migrate = async () => (await openStore(placesIn(folder), { mode: 'write' })).close();
  await expect(migrateBack(database)).rejects.toEqual(refusal('BACKUP_NOT_FOUND', /schema version 1/));
  await migrate();
  expect(await migrateBack(database)).toMatchObject({ was: latestVersion(), schema_version: 1 });
  expect(contentOf(database)).toEqual(before);
  const store = await openStore(placesIn(folder), { mode: 'write' });
  await addRun(store, 'later');
  await store.close();
  await expect(migrateBack(database)).rejects.toEqual(refusal('STORE_WOULD_LOSE', /1 rows of runs/));
  const { kept } = await migrateBack(database, { force: true });
  expect(contentOf(database)).toEqual(before);
  expect(runsIn(kept as string)).toContain('later');
});
