import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePostgresUrl } from '../../src/datasets/read-postgres.js';
import { readTable } from '../../src/datasets/read-table.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { temporaryFolder } from '../support/temporary.js';
import { hasPostgres, PASSWORD, type Postgres, startPostgres } from './support/postgres.js';
import { errorOf, fileOf, valuesOf } from './support/tables.js';

const TYPES = [
  ['id', 'integer'],
  ['x', 'number'],
  ['name', 'category'],
  ['day', 'date'],
];

/** A database with rows in an order that is not the canonical one. */
function database(): string {
  const path = join(temporaryFolder(), 'plant #1.db'.replace('#', ''));
  const raw = openConnection(path);
  raw.exec(`CREATE TABLE t (id INTEGER, x REAL, name TEXT, day TEXT, big INTEGER, bytes BLOB);
    INSERT INTO t VALUES (2, 5.0, '나', '2026-01-02', 9007199254740993, x'00'), (NULL, 0.5, NULL, '2026-01-01', 7, x'01'),
      (2, -1.5, '가', NULL, 1, NULL), (1, NULL, '?', '2026-01-03 10:00', 2, NULL);`);
  raw.close();
  return path;
}

describe('SQLite', () => {
  test('rows are sorted by their columns, so that the table and its hash do not depend on the query’s order', async () => {
    const path = database();
    const read = (order: string) => readTable(`sqlite:${path}#SELECT id, x, name, day FROM t ${order}`);
    const { table, schema, source } = await read('');
    expect(schema.columns.map(({ name, type }) => [name, type])).toEqual(TYPES);
    expect(valuesOf(table, 'id')).toEqual([null, 1, 2, 2]);
    expect(valuesOf(table, 'x')).toEqual([0.5, null, -1.5, 5]);
    expect(valuesOf(table, 'name')).toEqual([null, null, '가', '나']);
    const again = await read('ORDER BY x DESC');
    expect(again.table).toEqual(table);
    expect(again.source.sha256).toBe(source.sha256);
    const other = await readTable(`sqlite:${path}#SELECT id, x, name, day FROM t WHERE id = 2`);
    expect(other.source.sha256).not.toBe(source.sha256);
  });

  test('whole numbers beyond 2^53 lose no digit', async () => {
    const { table } = await readTable(`sqlite:${database()}#SELECT big FROM t`);
    expect(valuesOf(table, 'big')).toEqual(['1', '2', '7', '9007199254740993']);
  });

  test.each<[string, string, RegExp]>([
    ['a write', 'DELETE FROM t', /not a query that only reads/],
    ['a write that gives rows', 'INSERT INTO t (id) VALUES (9) RETURNING id', /not a query that only reads/],
    ['a setting', 'PRAGMA journal_mode = WAL', /not a query that only reads/],
    ['two statements', 'SELECT 1 AS a; DELETE FROM t', /more than one statement/i],
    ['a table that is not there', 'SELECT * FROM nowhere', /no such table/],
    ['bytes', 'SELECT bytes FROM t', /"bytes" holds bytes/],
    ['a name that stands twice', 'SELECT id, x AS id FROM t', /two columns "id"/],
  ])('%s is refused, and nothing changes', async (_, query, why) => {
    const path = database();
    const error = await errorOf(() => readTable(`sqlite:${path}#${query}`));
    expect(error.code).toBe('DATA_UNREADABLE');
    expect(error.why).toMatch(why);
    expect((await readTable(`sqlite:${path}#SELECT * FROM t WHERE bytes IS NULL`)).table.rowCount).toBe(2);
    expect((await readTable(`sqlite:${path}#SELECT COUNT(*) AS n FROM t`)).table.columns).toMatchObject([
      { name: 'n' },
    ]);
  });

  test('no rows, no query, no database', async () => {
    const path = database();
    expect((await errorOf(() => readTable(`sqlite:${path}#SELECT id FROM t WHERE id = 99`))).message).toMatch(
      /has no rows/,
    );
    expect((await errorOf(() => readTable(`sqlite:${path}`))).code).toBe('OPTION_INVALID');
    expect((await errorOf(() => readTable(`sqlite:${path}x#SELECT 1`))).code).toBe('DATA_FILE_NOT_FOUND');
    expect((await errorOf(() => readTable(`sqlite:${fileOf('a,b\n1,2\n')}#SELECT 1`))).why).toMatch(
      /not a database/,
    );
  });
});

describe('the URL of a PostgreSQL source', () => {
  test.each([
    'postgres://bob:hunter2@host/db#SELECT 1',
    'postgresql://bob@host/db?password=hunter2#SELECT 1',
    'postgres://bob@host/db?options=hunter2#SELECT 1',
    'postgres://bob@host:port/hunter2#SELECT 1',
    'postgres://bob:hunter2@host/db',
  ])('%s is refused, and no error shows what may be a password', async (source) => {
    const error = await errorOf(() => readTable(source));
    expect(error.code).toBe('OPTION_INVALID');
    expect(
      JSON.stringify([error.message, error.why, error.fix, error.details, String(error.cause)]),
    ).not.toContain('hunter2');
  });

  test('its parts', () => {
    expect(parsePostgresUrl('postgres://b%40b@[::1]:5433/my%20db?sslmode=verify-full')).toEqual({
      host: '::1',
      port: 5433,
      user: 'b@b',
      database: 'my db',
      ssl: true,
    });
    expect(parsePostgresUrl('postgres:///db?host=/run/pg')).toMatchObject({
      host: '/run/pg',
      user: undefined,
    });
  });

  test('a server that is not there', async () => {
    const error = await errorOf(() => readTable('postgres://bob@127.0.0.1:1/db#SELECT 1'));
    expect(error).toMatchObject({ code: 'DATA_SOURCE_UNREACHABLE', exitCode: 74 });
  });
});

describe.skipIf(!hasPostgres)('a real PostgreSQL server', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
    process.env['PGPASSWORD'] = PASSWORD;
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(`CREATE TABLE t (id int8, x float8, name text, day date, at timestamptz, plain timestamp, ok boolean, price numeric, code numeric);
      INSERT INTO t VALUES (2, 5, '나', '2026-01-02', '2026-01-02 09:30:00.25+09', '2026-01-02 09:30', true, 1.10, 9007199254740993),
        (NULL, 'NaN', NULL, NULL, NULL, NULL, NULL, NULL, 1), (1, 1e-300, '가', '0001-01-01', '1969-12-31 23:59:59+00', '2026-07-01', false, 3, 2);
      CREATE TABLE many AS SELECT n, n / 3.0::float8 AS third FROM generate_series(1, 25000) AS n;
      CREATE SEQUENCE counter;`);
    await client.end();
  }, 60_000);
  afterAll(async () => {
    delete process.env['PGPASSWORD'];
    await server?.stop();
  });

  test('types, values, and rows in their canonical order', async () => {
    const { table, schema, source } = await readTable(`${server.url}#SELECT * FROM t`);
    const types = {
      id: 'integer',
      x: 'number',
      name: 'category',
      day: 'date',
      at: 'date',
      plain: 'date',
      ok: 'boolean',
      price: 'number',
      code: 'category',
    };
    expect(Object.fromEntries(schema.columns.map(({ name, type }) => [name, type]))).toEqual(types);
    expect(valuesOf(table, 'id')).toEqual([null, 1, 2]);
    expect(valuesOf(table, 'x')).toEqual([null, 1e-300, 5]);
    expect(valuesOf(table, 'at')).toEqual([null, -1000, Date.UTC(2026, 0, 2, 0, 30, 0, 250)]);
    expect(valuesOf(table, 'plain')).toEqual([null, Date.UTC(2026, 6, 1), Date.UTC(2026, 0, 2, 9, 30)]);
    expect(valuesOf(table, 'code')).toEqual(['1', '2', '9007199254740993']);
    expect(source.path).toBe(`${server.url}#SELECT * FROM t`);
    expect((await readTable(`${server.url}#SELECT * FROM t ORDER BY id DESC`)).source.sha256).toBe(
      source.sha256,
    );
  });

  test('a query that takes too long is ended by the server', async () => {
    const { table } = await readTable(
      `${server.url}#SELECT current_setting('statement_timeout') AS t, 1 AS one`,
    );
    expect(valuesOf(table, 't')).toEqual(['10min']);
  });

  test('more rows than are fetched at once', async () => {
    const { table } = await readTable(`${server.url}#SELECT * FROM many`);
    expect(table.rowCount).toBe(25_000);
    expect(valuesOf(table, 'third')[24_999]).toBe(25_000 / 3);
  });

  test.each<[string, string, RegExp]>([
    ['a write', 'DELETE FROM t', /syntax error|DECLARE CURSOR/],
    ['a write in a query', 'WITH gone AS (DELETE FROM t RETURNING id) SELECT * FROM gone', /data-modifying/],
    ['a function that writes', "SELECT nextval('counter') AS n", /read-only transaction/],
    ['a second statement', 'SELECT 1 AS a; COMMIT; DELETE FROM t', /multiple commands/],
    ['a setting', 'SET default_transaction_read_only = off', /syntax error/],
    ['a table that is not there', 'SELECT * FROM nowhere', /nowhere.*does not exist/],
  ])('%s is refused, and nothing changes', async (_, query, why) => {
    const error = await errorOf(() => readTable(`${server.url}#${query}`));
    expect(error.code).toBe('DATA_UNREADABLE');
    expect(error.why).toMatch(why);
    expect((await readTable(`${server.url}#SELECT id FROM t`)).table.rowCount).toBe(3);
  });

  test('a wrong password is told without it', async () => {
    process.env['PGPASSWORD'] = 'hunter2';
    const error = await errorOf(() => readTable(`${server.url}#SELECT 1 AS a`));
    process.env['PGPASSWORD'] = PASSWORD;
    expect(error.code).toBe('DATA_SOURCE_UNREACHABLE');
    expect(JSON.stringify([error.message, error.why, error.fix, error.details])).not.toContain('hunter2');
  });
});
