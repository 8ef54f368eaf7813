import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { openStore } from '../../src/storage/open-store.js';
import type { StorePlaces } from '../../src/storage/store.js';
import { sha256File } from '../../src/util/files.js';
import { temporaryFolder } from '../support/temporary.js';
import { placesIn } from './rows.js';
import { closedStore, refusal, storeIn } from './store-support.js';

test('a missing store: mode read creates nothing, mode write makes it', async () => {
  const folder = temporaryFolder();
  await expect(storeIn(folder, 'read')).rejects.toEqual(refusal('STORE_NOT_FOUND', /no such file/));
  expect(readdirSync(folder)).toEqual([]);
  await storeIn(folder);
  const reader = await storeIn(folder, 'read');
  expect(await reader.db.selectFrom('runs').selectAll().execute()).toEqual([]);
});

test('a writer that makes no store writes to one that is there, and leaves nothing where none is', async () => {
  const folder = temporaryFolder();
  const open = () => openStore(placesIn(folder), { mode: 'write', create: false });
  await expect(open()).rejects.toEqual(refusal('STORE_NOT_FOUND', /no such file/));
  expect(readdirSync(folder)).toEqual([]);
  const { database } = placesIn(folder);
  mkdirSync(dirname(database));
  writeFileSync(database, '');
  await expect(open()).rejects.toEqual(refusal('STORE_NOT_FOUND', /empty/));
  expect(statSync(database).size).toBe(0);
  await closedStore(folder);
  await (await open()).close();
});

test('an empty file is no store to read, and becomes one to write', async () => {
  const folder = temporaryFolder();
  const { database } = placesIn(folder);
  mkdirSync(dirname(database));
  writeFileSync(database, '');
  await expect(storeIn(folder, 'read')).rejects.toEqual(refusal('STORE_NOT_FOUND', /empty/));
  await storeIn(folder);
});

test.each([
  ['text', (file: string) => writeFileSync(file, 'run_id,auc\n'.repeat(1000)), /does not begin/],
  ['a few bytes', (file: string) => writeFileSync(file, 'x'), /1 bytes/],
  ['cut in half', (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2)), /cut off/],
  ["another program's", (file: string) => overwriteHeader(file, 68, 0), /another program/],
])('a database that is %s is refused in both modes, byte for byte as it was', async (_, harm, why) => {
  const folder = temporaryFolder();
  const file = await closedStore(folder);
  harm(file);
  const before = await sha256File(file);
  for (const mode of ['read', 'write'] as const) {
    await expect(storeIn(folder, mode)).rejects.toEqual(refusal('STORE_DAMAGED', why));
  }
  expect(await sha256File(file)).toBe(before);
});

test('damage inside the file is a damaged store, in one line', async () => {
  const folder = temporaryFolder();
  const file = await closedStore(folder);
  const bytes = readFileSync(file);
  bytes.fill(0x5a, 4096, bytes.length - 4096);
  writeFileSync(file, bytes);
  const store = await storeIn(folder, 'read').catch((error) => error);
  const failed =
    store instanceof Error
      ? store
      : await store.db
          .selectFrom('runs')
          .selectAll()
          .execute()
          .catch((e: unknown) => e);
  expect(failed).toMatchObject({ code: 'STORE_DAMAGED' });
});

test('a newer store is refused and left as it is', async () => {
  const folder = temporaryFolder();
  const file = await closedStore(folder);
  overwriteHeader(file, 60, 99);
  const before = await sha256File(file);
  for (const mode of ['read', 'write'] as const) {
    await expect(storeIn(folder, mode)).rejects.toEqual(refusal('STORE_VERSION', /version 99/));
  }
  expect(await sha256File(file)).toBe(before);
  expect(readdirSync(dirname(file))).toEqual(['riskops.db']);
});

test('a newer version that stands in the log alone, after a crash, is refused with file and log as they are', async () => {
  const folder = temporaryFolder();
  const raw = openConnection(await closedStore(folder));
  onTestFinished(() => void raw.close());
  raw.pragma('user_version = 99');
  const { database } = copyWithLog(folder, temporaryFolder());
  const before = await Promise.all([database, `${database}-wal`].map(sha256File));
  await expect(storeIn(dirname(dirname(database)))).rejects.toEqual(refusal('STORE_VERSION', /version 99/));
  expect(await Promise.all([database, `${database}-wal`].map(sha256File))).toEqual(before);
});

test.each([':memory:', '', 'file:x?mode=memory'])(
  'a store in memory (%j) is refused with the reason',
  async (database) => {
    const places = { ...placesIn(temporaryFolder()), database };
    await expect(openStore(places, { mode: 'write' })).rejects.toEqual(refusal('CONFIG_INVALID', /memory/));
  },
);

test.skipIf(process.getuid?.() !== 0)(
  'in a folder that may not be written, reads work and writes say why',
  async () => {
    const folder = temporaryFolder();
    const file = await closedStore(folder);
    chmodSync(folder, 0o755);
    chmodSync(file, 0o644);
    chmodSync(dirname(file), 0o555);
    const setUser = process.seteuid!.bind(process);
    setUser(65534);
    try {
      const reader = await openStore(placesIn(folder), { mode: 'read' });
      expect(await reader.db.selectFrom('runs').select('run_id').execute()).toEqual([{ run_id: 'r' }]);
      await reader.close();
      await expect(openStore(placesIn(folder), { mode: 'write' })).rejects.toMatchObject({
        code: 'STORE_IO',
      });
    } finally {
      setUser(0);
      chmodSync(dirname(file), 0o755);
    }
  },
);

test('a store that was left by a crash opens with all its rows', async () => {
  const folder = temporaryFolder();
  const raw = openConnection(await closedStore(folder));
  onTestFinished(() => void raw.close());
  raw.exec("INSERT INTO tags SELECT 'r', 't' || metric || step, printf('%0500d', 7) FROM metric_points");
  const { database } = copyWithLog(folder, temporaryFolder());
  // The crash came as the log was being moved: the first page, which tells the size, is new and the others are not.
  raw.pragma('wal_checkpoint(TRUNCATE)');
  const bytes = readFileSync(database);
  readFileSync(placesIn(folder).database).copy(bytes, 0, 0, 4096);
  writeFileSync(database, bytes);
  for (const mode of ['read', 'write'] as const) {
    const { db } = await storeIn(dirname(dirname(database)), mode);
    const { n } = await db
      .selectFrom('tags')
      .select((e) => e.fn.countAll().as('n'))
      .executeTakeFirstOrThrow();
    expect(n).toBe(2000);
    expect((await sql`PRAGMA integrity_check`.execute(db)).rows).toEqual([{ integrity_check: 'ok' }]);
  }
});

function overwriteHeader(file: string, offset: number, value: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt32BE(value, offset);
  writeFileSync(file, bytes);
}

/** A database and its log as a crash would leave them, in another folder. */
function copyWithLog(from: string, to: string): StorePlaces {
  const places = placesIn(to);
  mkdirSync(dirname(places.database));
  for (const end of ['', '-wal']) copyFileSync(placesIn(from).database + end, places.database + end);
  return places;
}

test.each(['read', 'write'] as const)(
  'a journal that a kill left is played back before the store is opened to %s',
  async (mode) => {
    const folder = temporaryFolder();
    const raw = openConnection(await closedStore(folder));
    onTestFinished(() => void raw.close());
    raw.pragma('journal_mode = DELETE');
    // With so little memory the transaction is written to the file before its end.
    raw.pragma('cache_size = 2');
    raw.exec('BEGIN; UPDATE metric_points SET value = -1');
    const copy = temporaryFolder();
    const [from, to] = [placesIn(folder).database, placesIn(copy).database];
    mkdirSync(dirname(to));
    for (const end of ['', '-journal']) copyFileSync(from + end, to + end);
    raw.exec('ROLLBACK');
    const store = await storeIn(copy, mode);
    const changed = await store.db
      .selectFrom('metric_points')
      .select('step')
      .where('value', '=', -1)
      .execute();
    expect(changed).toEqual([]);
    expect((await sql`PRAGMA integrity_check`.execute(store.db)).rows).toEqual([{ integrity_check: 'ok' }]);
  },
);
