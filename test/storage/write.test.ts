import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.js';
import { pointOf } from './rows.js';
import { storeIn, storeWithRun } from './store-support.js';

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
