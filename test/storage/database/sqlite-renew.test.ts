import { Kysely, sql } from 'kysely';
import { expect, test } from 'vitest';
import { connectReader } from '../../../src/storage/database/sqlite-connect.js';
import { sqliteDialect } from '../../../src/storage/database/sqlite-dialect.js';
import { temporaryFolder } from '../../support/temporary.js';
import { closedStore } from '../store-support.js';

test('a reader that has prepared very many texts goes on with a new connection, but not within a transaction', async () => {
  const reader = await connectReader(await closedStore(temporaryFolder()), 1000);
  const db = new Kysely<unknown>({ dialect: sqliteDialect(reader, 'BEGIN') });
  const first = reader.raw;
  const ask = async (from: Kysely<unknown>, i: number) =>
    (await sql<{ n: number }>`select count(*) + ${sql.lit(i)} as n from metric_points`.execute(from)).rows[0]
      .n;
  await db.transaction().execute(async (transaction) => {
    for (let i = 0; i < 1100; i++) expect(await ask(transaction, i)).toBe(2000 + i);
    expect([reader.raw === first, first.open]).toEqual([true, true]);
  });
  expect(await ask(db, 5000)).toBe(7000);
  expect([reader.raw === first, first.open]).toEqual([false, false]);
  for (let i = 0; i < 1100; i++) expect(await ask(db, i)).toBe(2000 + i);
  await db.destroy();
  expect(reader.raw.open).toBe(false);
});
