import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { readQueryRows } from '../../../src/tracking/search/query-rows.js';
import { queryStore } from '../../../src/tracking/search/query-store.js';
import { sha256 } from '../../../src/util/files.js';
import { runRow } from '../../storage/rows.js';
import { storeIn } from '../../storage/store-support.js';
import { temporaryFolder } from '../../support/temporary.js';

/** A store with one run, whose log is moved into its file. */
async function quietStore() {
  const folder = temporaryFolder();
  const store = await storeIn(folder);
  await store.write((t) => t.insertInto('runs').values(runRow('r')).execute());
  await store.close();
  return { folder, store: await storeIn(folder, 'read') };
}

/** What a statement would do that changes the store, opens or makes another file, or changes the connection. */
function attacks(folder: string): string[] {
  const other = join(folder, 'other.db').replaceAll("'", "''");
  return [
    "INSERT INTO tags VALUES ('r', 'a', 'b')",
    "INSERT INTO tags VALUES ('r', 'a', 'b') RETURNING key",
    "WITH x AS (SELECT 1) INSERT INTO tags SELECT 'r', 'a', 'b' RETURNING key",
    "WITH x AS (SELECT 1) UPDATE runs SET note = 'x' RETURNING note",
    'WITH x AS (SELECT 1) DELETE FROM runs RETURNING run_id',
    "REPLACE INTO tags VALUES ('r', 'a', 'b') RETURNING key",
    'DELETE FROM runs',
    'DROP TABLE runs',
    'CREATE TABLE x (a)',
    'CREATE TEMP TABLE x AS SELECT 1',
    'ALTER TABLE runs ADD COLUMN x',
    `ATTACH DATABASE '${other}' AS x`,
    `/* a */ -- b\n ATTACH DATABASE 'file:${other}?mode=rwc' AS x`,
    `EXPLAIN ATTACH DATABASE '${other}' AS x`,
    `EXPLAIN/**/ATTACH DATABASE '${other}' AS x`,
    'DETACH DATABASE main',
    `VACUUM INTO '${other}'`,
    'VACUUM',
    'REINDEX',
    'ANALYZE',
    'BEGIN IMMEDIATE',
    'COMMIT',
    'SAVEPOINT a',
    'PRAGMA journal_mode = DELETE',
    'PRAGMA query_only = OFF',
    'PRAGMA writable_schema = ON',
    'PRAGMA user_version = 9',
    'EXPLAIN PRAGMA query_only = OFF',
    "SELECT * FROM pragma_journal_mode('DELETE')",
    'SELECT * FROM pragma_user_version(9)',
    "SELECT load_extension('/nowhere.so')",
    "SELECT fts3_tokenizer('x', x'0000000000000000')",
    `SELECT writefile('${other}', 'x')`,
    `SELECT readfile('/etc/passwd')`,
    `SELECT edit('x')`,
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP TABLE runs',
    `SELECT 1;ATTACH DATABASE '${other}' AS x`,
    'SELECT ?',
    'SELECT 1 \0; DROP TABLE runs',
    '\ufeffATTACH DATABASE "x" AS x',
    '',
    '-- nothing',
    '/* open',
    '(SELECT 1)',
    '; SELECT 1',
    'selectx',
  ];
}

test('a query can only read: the store, its folder and the connection stay as they were', async () => {
  const { folder, store } = await quietStore();
  const path = store.places.database;
  const raw = openConnection(path, { readonly: true });
  raw.pragma('query_only = ON');
  const before = sha256(readFileSync(path));
  const files = readdirSync(folder, { recursive: true }).sort();
  for (const sql of attacks(folder)) {
    let refusal: unknown;
    try {
      refusal = readQueryRows(raw, sql, 10);
    } catch (error) {
      refusal = error;
    }
    expect(refusal, sql).toMatchObject({ code: 'QUERY_INVALID', why: expect.not.stringContaining('\n') });
    // Refused before it runs, and not by what SQLite says of a store that is open to read.
    if (/^WITH x/.test(sql)) expect(refusal).toMatchObject({ why: 'this statement would change the store' });
  }
  expect(
    readQueryRows(
      raw,
      'SELECT (SELECT query_only FROM pragma_query_only), (SELECT count(*) FROM pragma_database_list)',
      1,
    ).rows,
  ).toEqual([[1, 1]]);
  expect(sha256(readFileSync(path))).toBe(before);
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(files);
  raw.close();
});

test('why the first word is looked at: a connection that only reads still makes copies and opens other files', async () => {
  const { folder, store } = await quietStore();
  const raw = openConnection(store.places.database, { readonly: true });
  expect(() => raw.exec("INSERT INTO tags VALUES ('r', 'a', 'b')")).toThrow(/readonly/);
  const copy = join(folder, 'copy.db');
  raw.prepare('VACUUM INTO ?').run(copy);
  raw.prepare('ATTACH DATABASE ? AS x').run(copy);
  expect(existsSync(copy)).toBe(true);
  raw.close();
});

test('rows come as they are: whole numbers in all their digits, bytes, equal names, and no more than asked for', async () => {
  const { store } = await quietStore();
  const typed = await queryStore(
    store,
    "-- all types\n/* of SQLite */ select 9223372036854775807 as a, 2 as a, 0.1, x'00ff' as b, null, '한글' as \"__proto__\";",
  );
  expect(typed).toEqual({
    columns: ['a', 'a:1', '0.1', 'b', 'null', '__proto__'],
    rows: [[9223372036854775807n, 2, 0.1, "x'00ff'", null, '한글']],
    cut: false,
  });
  const many = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n';
  expect(await queryStore(store, many, { limit: 5 })).toMatchObject({
    rows: [[1], [2], [3], [4], [5]],
    cut: false,
  });
  expect(await queryStore(store, many, { limit: 2 })).toMatchObject({ rows: [[1], [2]], cut: true });
  expect((await queryStore(store, 'EXPLAIN QUERY PLAN SELECT * FROM runs')).rows.length).toBeGreaterThan(0);
  await expect(queryStore(store, 'select no_such from runs')).rejects.toMatchObject({
    code: 'QUERY_INVALID',
    why: 'no such column: no_such',
  });
});

test('a query that never ends is ended: by its time, or by the caller', async () => {
  const { store } = await quietStore();
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  await expect(queryStore(store, endless, { timeoutMs: 700 })).rejects.toMatchObject({
    code: 'QUERY_STOPPED',
    why: expect.stringMatching(/longer than 0.7 s/),
  });
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('stopped')), 300);
  await expect(queryStore(store, endless, { signal: stop.signal })).rejects.toThrow('stopped');
});
