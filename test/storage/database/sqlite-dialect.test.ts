import { CompiledQuery } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { SqliteHandle, sqliteDialect } from '../../../src/storage/database/sqlite-dialect.js';

test('a query that comes after its transaction was rolled back does not run on its own', async () => {
  const raw = openConnection(':memory:');
  onTestFinished(() => void raw.close());
  raw.exec('CREATE TABLE t (x)');
  const driver = sqliteDialect(new SqliteHandle(raw, 'memory', 100), 'BEGIN IMMEDIATE').createDriver();
  const connection = await driver.acquireConnection();
  const insert = () => connection.executeQuery(CompiledQuery.raw('INSERT INTO t VALUES (1)'));
  await driver.beginTransaction(connection, {});
  await insert();
  await driver.rollbackTransaction(connection);
  await expect(insert()).rejects.toThrow(/after the end of its transaction/);
  await driver.releaseConnection(connection);
  expect(raw.prepare('SELECT * FROM t').all()).toEqual([]);
});
