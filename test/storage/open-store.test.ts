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
import { dirname, join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'kysely';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../src/storage/open-store.js';
import type { Store } from '../../src/storage/store.js';
import { sha256File } from '../../src/util/files.js';
import { buildChild, startChild } from '../support/child-entry.js';
import { temporaryFolder } from '../support/temporary.js';
import { placesIn, pointOf, runRow } from './store-support.js';

let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

async function storeIn(folder: string, mode: 'read' | 'write' = 'write'): Promise<Store> {
  const store = await openStore(placesIn(folder), { mode });
  onTestFinished(() => store.close());
  return store;
}

async function storeWithRun(folder = temporaryFolder()): Promise<Store> {
  const store = await storeIn(folder);
  await store.write((t) => t.insertInto('runs').values(runRow('r')).execute());
  return store;
}

/** A closed store with a few rows; gives its database file. */
async function closedStore(folder: string): Promise<string> {
  const store = await openStore(placesIn(folder), { mode: 'write' });
  await store.write((t) => t.insertInto('runs').values(runRow('r')).execute());
  await store.insertMetrics(Array.from({ length: 2000 }, (_, i) => pointOf('r', 'm', i, i)));
  await store.close();
  return store.places.database;
}

function refusal(code: string, why: RegExp) {
  return expect.objectContaining({
    code,
    why: expect.stringMatching(why),
    message: expect.not.stringContaining('\n'),
  });
}

describe('opening', () => {
  test('a missing store: mode read creates nothing, mode write makes it', async () => {
    const folder = temporaryFolder();
    await expect(storeIn(folder, 'read')).rejects.toEqual(refusal('STORE_NOT_FOUND', /no such file/));
    expect(readdirSync(folder)).toEqual([]);
    await storeIn(folder);
    const reader = await storeIn(folder, 'read');
    expect(await reader.db.selectFrom('runs').selectAll().execute()).toEqual([]);
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

  test('a newer store is refused and left as it is, also when the version stands in the log alone', async () => {
    const folder = temporaryFolder();
    const file = await closedStore(folder);
    overwriteHeader(file, 60, 99);
    const before = await sha256File(file);
    for (const mode of ['read', 'write'] as const) {
      await expect(storeIn(folder, mode)).rejects.toEqual(refusal('STORE_VERSION', /version 99/));
    }
    expect(await sha256File(file)).toBe(before);
    expect(readdirSync(dirname(file))).toEqual(['riskops.db']);

    const second = temporaryFolder();
    const newer = await closedStore(second);
    const raw = new BetterSqlite3(newer);
    onTestFinished(() => void raw.close());
    raw.pragma('wal_autocheckpoint = 0');
    raw.pragma('user_version = 99');
    const unmoved = await sha256File(newer);
    await expect(storeIn(second)).rejects.toEqual(refusal('STORE_VERSION', /version 99/));
    expect(await sha256File(newer)).toBe(unmoved);
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

  test('16 processes that open the same empty folder at once all succeed', async () => {
    const folder = temporaryFolder();
    const children = Array.from({ length: 16 }, () => startChild(child, ['open', folder]));
    expect(await Promise.all(children.map((c) => c.ended))).toEqual(Array(16).fill(0));
    expect(children.map((c) => c.stderr()).join('')).toBe('');
    expect(readdirSync(join(folder, 'data'))).toEqual(['riskops.db']);
  });
});

describe('writing', () => {
  test('every commit is synchronous, and every connection has its foreign keys on', async () => {
    const store = await storeWithRun();
    await store.write(async (t) => {
      expect((await sql`PRAGMA synchronous`.execute(t)).rows).toEqual([{ synchronous: 2 }]);
      expect((await sql`PRAGMA foreign_keys`.execute(t)).rows).toEqual([{ foreign_keys: 1 }]);
      expect((await sql`PRAGMA journal_mode`.execute(t)).rows).toEqual([{ journal_mode: 'wal' }]);
    });
    await expect(store.insertMetrics([pointOf('nobody', 'm', 0, 1)])).rejects.toThrow(/FOREIGN KEY/);
    await store.insertMetrics([pointOf('r', 'm', 0, 1)]);
  });

  test('work that fails leaves nothing, and the next write goes on', async () => {
    const store = await storeWithRun();
    const failing = store.write(async (t) => {
      await t.insertInto('tags').values({ run_id: 'r', key: 'k', value: 'v' }).execute();
      throw new Error('after the insert');
    });
    await expect(failing).rejects.toThrow('after the insert');
    await store.write((t) => t.insertInto('tags').values({ run_id: 'r', key: 'next', value: 'v' }).execute());
    expect(await store.db.selectFrom('tags').select('key').execute()).toEqual([{ key: 'next' }]);
  });

  test('reads of the same process never see half a transaction', async () => {
    const store = await storeWithRun();
    let during: unknown;
    const writing = store.write(async (t) => {
      await t.insertInto('tags').values({ run_id: 'r', key: 'a', value: '1' }).execute();
      during = store.db.selectFrom('tags').selectAll().execute();
      await t.insertInto('tags').values({ run_id: 'r', key: 'b', value: '2' }).execute();
    });
    await writing;
    expect(await during).toEqual([]);
    expect(await store.db.selectFrom('tags').select('key').execute()).toHaveLength(2);
  });

  test('concurrent writes of one process queue in the order they came', async () => {
    const store = await storeWithRun();
    const insert = (i: number) =>
      store.write(async (t) => {
        const { n } = await t
          .selectFrom('tags')
          .select((e) => e.fn.countAll<number>().as('n'))
          .executeTakeFirstOrThrow();
        await t
          .insertInto('tags')
          .values({ run_id: 'r', key: String(i).padStart(3, '0'), value: String(n) })
          .execute();
      });
    await Promise.all(Array.from({ length: 50 }, (_, i) => insert(i)));
    const rows = await store.db.selectFrom('tags').select(['key', 'value']).orderBy('key').execute();
    expect(rows.map((row) => Number(row.value))).toEqual(rows.map((row) => Number(row.key)));
  });

  test.each([
    ['a timer', () => new Promise((resolve) => setTimeout(resolve, 1))],
    ['a file', () => import('node:fs/promises').then((fs) => fs.stat('.'))],
    ['nothing that will ever come', () => new Promise(() => {})],
  ])('work that awaits %s is rolled back with a clear error', async (_, foreign) => {
    const store = await storeWithRun();
    let late: unknown;
    const write = store.write(async (t) => {
      await t.insertInto('tags').values({ run_id: 'r', key: 'half', value: '' }).execute();
      await foreign();
      late = await t
        .insertInto('tags')
        .values({ run_id: 'r', key: 'late', value: '' })
        .execute()
        .catch((e) => e);
    });
    await expect(write).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.stringMatching(/awaited something/),
    });
    await store.write((t) => t.insertInto('tags').values({ run_id: 'r', key: 'next', value: '' }).execute());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(late === undefined || late instanceof Error).toBe(true);
    expect(await store.db.selectFrom('tags').select('key').execute()).toEqual([{ key: 'next' }]);
  });

  test('a write inside a write is an error, not a deadlock', async () => {
    const store = await storeWithRun();
    const nested = store.write(() => store.write(async () => 1));
    await expect(nested).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  });

  test('work with thousands of queries, or a long chain of plain promises, is honest work', async () => {
    const store = await storeWithRun();
    await store.write(async (t) => {
      for (let i = 0; i < 2000; i++) await Promise.resolve();
      const inserts = Array.from({ length: 1000 }, (_, i) =>
        t
          .insertInto('tags')
          .values({ run_id: 'r', key: String(i), value: '' })
          .execute(),
      );
      await Promise.all(inserts);
    });
    const { n } = await store.db
      .selectFrom('tags')
      .select((e) => e.fn.countAll().as('n'))
      .executeTakeFirstOrThrow();
    expect(n).toBe(1000);
  });

  test('store.db, and a store opened to read, refuse to write', async () => {
    const folder = temporaryFolder();
    const writer = await storeWithRun(folder);
    const reader = await storeIn(folder, 'read');
    for (const { db } of [writer, reader]) {
      await expect(db.deleteFrom('runs').execute()).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    }
    await expect(reader.write(async () => 1)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    await expect(reader.insertMetrics([])).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    await expect(reader.blobs.put('a', '')).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  });

  test('promotions can be added, not changed, replaced or removed', async () => {
    const store = await storeWithRun();
    const promotion = {
      promotion_id: 'p1',
      model: 'm',
      action: 'promote',
      to_version: 1,
      actor: 'a',
      reason: '',
    } as const;
    await store.write(async (t) => {
      const version = {
        model: 'm',
        version: 1,
        run_id: 'r',
        learner: 'l',
        path: 'p',
        sha256: '',
        content_sha256: '',
      };
      await t.insertInto('models').values({ name: 'm', created_at: '' }).execute();
      await t
        .insertInto('versions')
        .values({ ...version, bytes: 1, metrics_json: '{}', created_at: '' })
        .execute();
      await t
        .insertInto('promotions')
        .values({ ...promotion, promoted_at: '', previous_hash: '', hash: 'h1' })
        .execute();
    });
    for (const change of [
      sql`UPDATE promotions SET actor = 'x'`,
      sql`DELETE FROM promotions`,
      sql`REPLACE INTO promotions SELECT * FROM promotions`,
      sql`UPDATE versions SET sha256 = 'x'`,
      sql`DELETE FROM runs`,
    ]) {
      await expect(store.write((t) => change.execute(t))).rejects.toThrow(
        /append-only|never changed|FOREIGN KEY/,
      );
    }
    expect(await store.db.selectFrom('promotions').select(['actor', 'hash']).execute()).toEqual([
      { actor: 'a', hash: 'h1' },
    ]);
  });
});

describe('several processes', () => {
  test('8 processes insert single rows at once: no error, no loss, nobody starves', async () => {
    const folder = temporaryFolder();
    const store = await storeWithRun(folder);
    const each = 150;
    const children = Array.from({ length: 8 }, () => startChild(child, ['insert', folder, `r:${each}`]));
    await Promise.all(children.map((c) => c.line((line) => line === 'ready')));
    for (const c of children) c.process.stdin!.write('go\n');
    expect(await Promise.all(children.map((c) => c.ended))).toEqual(Array(8).fill(0));
    const { n } = await store.db
      .selectFrom('metric_points')
      .select((e) => e.fn.countAll().as('n'))
      .executeTakeFirstOrThrow();
    expect(n).toBe(8 * each);
    expect(Math.max(...children.map((c) => Number(c.lines.at(-1))))).toBeLessThan(5000);
  });

  test('a counter that is read and then written, in 4 processes, is exact', async () => {
    const folder = temporaryFolder();
    const store = await storeWithRun(folder);
    await store.write((t) => t.insertInto('tags').values({ run_id: 'r', key: 'n', value: '0' }).execute());
    const children = Array.from({ length: 4 }, () => startChild(child, ['count', folder, '100']));
    expect(await Promise.all(children.map((c) => c.ended))).toEqual([0, 0, 0, 0]);
    expect(await store.db.selectFrom('tags').select('value').execute()).toEqual([{ value: '400' }]);
  });

  test('a writer waits for another, and says so when it waited too long; readers do not wait', async () => {
    const folder = temporaryFolder();
    await closedStore(folder);
    const store = await openStore(placesIn(folder), { mode: 'write', busyTimeoutMs: 100 });
    const patient = await storeIn(folder);
    const holder = startChild(child, ['hold', folder, '700']);
    await holder.line((line) => line === 'holding');
    const write = (s: Store) =>
      s.write((t) => t.insertInto('tags').values({ run_id: 'r', key: 'k', value: '' }).execute());
    const waiting = write(patient);
    await expect(write(store)).rejects.toEqual(refusal('STORE_BUSY', /another process/));
    expect(holder.lines).toEqual(['holding']);
    expect(await store.db.selectFrom('runs').select('run_id').execute()).toHaveLength(1);
    await waiting;
    await store.close();
  });

  test('kill -9 while writing: every acknowledged row is there and the file is sound', async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 3; round++) {
      const store = await storeIn(folder);
      await store.write((t) => t.deleteFrom('runs').execute());
      const writer = startChild(child, ['log', folder]);
      await writer.line((line) => line === String(20 + 17 * round));
      writer.process.kill('SIGKILL');
      expect(await writer.ended).toBe('SIGKILL');
      const acknowledged = writer.lines.length;
      const { n } = await store.db
        .selectFrom('runs')
        .select((e) => e.fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow();
      expect(n).toBeGreaterThanOrEqual(acknowledged);
      expect(n).toBeLessThanOrEqual(acknowledged + 1);
      expect((await sql`PRAGMA integrity_check`.execute(store.db)).rows).toEqual([{ integrity_check: 'ok' }]);
    }
  });
});

test('an open store can be copied with its log and read elsewhere', async () => {
  const store = await storeWithRun();
  const elsewhere = temporaryFolder();
  mkdirSync(join(elsewhere, 'data'));
  for (const end of ['', '-wal'])
    copyFileSync(store.places.database + end, placesIn(elsewhere).database + end);
  const copy = await storeIn(elsewhere, 'read');
  expect(await copy.db.selectFrom('runs').select('run_id').execute()).toEqual([{ run_id: 'r' }]);
});

function overwriteHeader(file: string, offset: number, value: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt32BE(value, offset);
  writeFileSync(file, bytes);
}
