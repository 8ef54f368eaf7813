import { renameSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { lookUpRows } from '../../../src/datasets/lookups/look-up-rows.js';
import { Lookup } from '../../../src/datasets/lookups/lookup.js';
import {
  checkFeaturesKnown,
  type LookupSpec,
  parseLookups,
} from '../../../src/datasets/lookups/parse-lookups.js';
import {
  type Found,
  type Key,
  type LookupSource,
  SourceError,
} from '../../../src/datasets/lookups/source.js';
import { TtlCache } from '../../../src/datasets/lookups/ttl-cache.js';
import type { Signature } from '../../../src/datasets/signature.js';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { temporaryFolder } from '../../support/temporary.js';
import { hasPostgres, PASSWORD, type Postgres, startPostgres } from '../support/postgres.js';

const signature: Signature = {
  features: [
    { name: 'price', type: 'number', nullable: false },
    { name: 'rating', type: 'number', nullable: true },
    { name: 'open', type: 'boolean', nullable: true },
    { name: '지역', type: 'category', nullable: true, categories: ['서울'] },
  ],
  target: { name: 'sold', type: 'number', classes: null },
};
const QUERY = 'SELECT rating AS r, open AS o, region FROM stores WHERE id = ?';

function specOf(change: Record<string, unknown> = {}): LookupSpec {
  const [spec] = parseLookups([
    {
      key: 'store_id',
      source: 'sqlite:stores.db',
      query: QUERY,
      features: { r: 'rating', o: 'open', region: '지역' },
      timeoutMs: 5_000,
      ...change,
    },
  ]);
  return spec;
}

const silent = () => {};
const rowsOf = (rows: unknown[], lookup: Lookup, trouble = silent as (line: string) => void) =>
  lookUpRows(rows, [lookup], signature, trouble);

/** A source in memory that counts what it is asked. */
function sourceOf(answer: (keys: readonly Key[]) => Promise<(Found | null)[]>) {
  const asked: (readonly Key[])[] = [];
  const source: LookupSource = {
    fetch(keys) {
      asked.push(keys);
      return answer(keys);
    },
    close: async () => {},
  };
  return { source, asked };
}

const found = async (keys: readonly Key[]) =>
  keys.map((key) => (key === 'none' ? null : { r: 4.5, o: 1, region: `R${key}` }));

test('one question a distinct key, whoever waits, and none while what was found is fresh', async () => {
  const { source, asked } = sourceOf(found);
  let now = 0;
  const lookup = new Lookup(specOf({ missing: 'null', ttlSeconds: 10 }), { source, now: () => now });
  const rows = [
    { price: 1, store_id: 7 },
    { price: 2, store_id: 7 },
    { price: 3, store_id: 'none' },
  ];
  const [first, second] = await Promise.all([rowsOf(rows, lookup), rowsOf(rows.slice(0, 1), lookup)]);
  expect(asked).toEqual([[7, 'none']]);
  expect(first[1]).toEqual({ price: 2, store_id: 7, rating: 4.5, open: true, 지역: 'R7' });
  expect(first[2]).toEqual({ price: 3, store_id: 'none', rating: null, open: null, 지역: null });
  expect(second[0]).toEqual({ ...rows[0], rating: 4.5, open: true, 지역: 'R7' });
  now = 9_999;
  await rowsOf(rows, lookup);
  expect(asked).toHaveLength(1);
  now = 10_000;
  await rowsOf(rows, lookup);
  expect(asked).toHaveLength(2);
  // 7 and "7" may be two stores.
  await rowsOf([{ price: 1, store_id: '7' }], lookup);
  expect(asked[2]).toEqual(['7']);
});

test('what a row gives itself is kept; a row by position, or with all features, needs no key', async () => {
  const { source, asked } = sourceOf(found);
  const lookup = new Lookup(specOf(), { source });
  const whole = [{ price: 1, rating: 1, open: false, 지역: null }, [1, 2, true, '서울']];
  expect(await rowsOf(whole, lookup)).toBe(whole);
  expect(asked).toEqual([]);
  expect(await rowsOf([{ price: 1, rating: null, store_id: 3 }], lookup)).toEqual([
    { price: 1, rating: null, store_id: 3, open: true, 지역: 'R3' },
  ]);
});

test('a key that is not given, is none or is not known is named with its row, or makes nulls', async () => {
  const { source } = sourceOf(found);
  const strict = new Lookup(specOf(), { source });
  const problemsOf = async (rows: unknown[]) =>
    await rowsOf(rows, strict).then(
      () => [],
      (error) => [error.code, ...error.details.problems],
    );
  expect(await problemsOf([{ price: 1 }, { price: 1, store_id: {} }])).toEqual([
    'VALIDATION_ERROR',
    { row: 0, field: 'store_id', problem: 'is needed to look up rating' },
    { row: 1, field: 'store_id', problem: 'must be a text or a number' },
  ]);
  expect(await problemsOf([{ store_id: 1 }, { store_id: 'none' }])).toEqual([
    'VALIDATION_ERROR',
    { row: 1, field: 'store_id', problem: '"none" is not known' },
  ]);
  const lenient = new Lookup(specOf({ missing: 'null' }), { source });
  expect(await rowsOf([{ price: 1 }], lenient)).toEqual([{ price: 1, rating: null, open: null, 지역: null }]);
  await expect(rowsOf([{ store_id: [] }], lenient)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
});

test('a source that fails or is slow is a 503 without its words, or nulls; later requests are served', async () => {
  let answer: (keys: readonly Key[]) => Promise<(Found | null)[]> = async () => {
    throw new SourceError('password authentication failed for user "secret"', false);
  };
  const { source } = sourceOf((keys) => answer(keys));
  const told: string[] = [];
  const lookup = new Lookup(specOf({ timeoutMs: 30 }), { source });
  const ask = () => rowsOf([{ store_id: 1 }], lookup, (line) => told.push(line));
  const failure = await ask().catch((error) => error);
  expect(failure).toMatchObject({ code: 'LOOKUP_UNAVAILABLE' });
  expect(`${failure.message} ${failure.why} ${JSON.stringify(failure.details)}`).not.toContain('secret');
  expect(told[0]).toContain('secret');

  let release = (_: (Found | null)[]) => {};
  answer = () => new Promise((resolve) => (release = resolve));
  await expect(ask()).rejects.toMatchObject({ code: 'LOOKUP_UNAVAILABLE' });
  expect(told[1]).toContain('within 30 ms');
  // What comes too late for one request is there for the next.
  release([{ r: 2, o: 0, region: 'late' }]);
  expect(await ask()).toEqual([{ store_id: 1, rating: 2, open: false, 지역: 'late' }]);

  answer = async () => {
    throw new SourceError('away', false);
  };
  const lenient = new Lookup(specOf({ unavailable: 'null' }), { source });
  expect(await rowsOf([{ store_id: 2 }], lenient, silent)).toEqual([
    { store_id: 2, rating: null, open: null, 지역: null },
  ]);
});

test('a source that hangs does not gather keys without end', async () => {
  const { source, asked } = sourceOf(() => new Promise(() => {}));
  const lookup = new Lookup(specOf({ timeoutMs: 1 }), { source });
  const rows = Array.from({ length: 6_000 }, (_, i) => ({ store_id: i }));
  await expect(rowsOf(rows, lookup)).rejects.toMatchObject({ code: 'LOOKUP_UNAVAILABLE' });
  const others = rows.map(({ store_id }) => ({ store_id: -1 - store_id }));
  await expect(rowsOf(others, lookup)).rejects.toMatchObject({ code: 'LOOKUP_UNAVAILABLE' });
  expect(asked).toHaveLength(1);
});

test('the cache keeps what was asked for last, and no more than it may', () => {
  let now = 0;
  const cache = new TtlCache<number>(2, 10, () => now);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => cache.get(key)?.value)).toEqual([1, undefined, 3]);
  now = 10;
  expect(cache.get('a')).toBeUndefined();
  expect(cache.size).toBe(1);
  const none = new TtlCache<number>(2, 0, () => now);
  none.set('a', 1);
  expect(none.get('a')).toBeUndefined();
});

test.each([
  [{ surce: 1 }, 'did you mean "source"'],
  [{ source: 'mysql://x' }, 'neither sqlite:'],
  [{ query: 'SELECT 1' }, 'one parameter ?'],
  [{ query: "SELECT '?' -- ?\n WHERE a = ? AND b = ?" }, 'one parameter ?'],
  [{ query: 'DELETE FROM stores WHERE id = ?' }, 'no SELECT'],
  [{ source: 'postgres://u@h/d' }, 'parameter $1'],
  [{ source: 'postgres://u@h/d', query: 'SELECT $1, $2' }, 'parameter $1'],
  [{ features: {} }, 'do not say'],
  [{ features: { a: 'rating', b: 'rating' } }, 'Two columns'],
  [{ features: { a: 'store_id' } }, 'one of its features'],
  [{ ttlSeconds: -1 }, 'whole number from 0'],
  [{ missing: 'ignore' }, 'neither "error" nor "null"'],
])('a config that is no lookup is refused: %j', (change, why) => {
  expect(() => specOf(change)).toThrowError(
    expect.objectContaining({ code: 'CHECKS_INVALID', why: expect.stringContaining(why) }),
  );
});

test('a password in a URL, and a feature that is none, are refused', () => {
  expect(() => specOf({ source: 'postgres://u:p@h/d', query: 'SELECT $1' })).toThrowError(/cannot be used/);
  const spec = specOf({ features: { r: 'ratting' } });
  expect(() => checkFeaturesKnown([spec], signature)).toThrowError(
    expect.objectContaining({ why: expect.stringContaining('did you mean "rating"') }),
  );
});

function fileOf(folder: string, name: string, rating: number): string {
  const path = join(folder, name);
  const database = openConnection(path);
  database.exec('CREATE TABLE stores (id TEXT PRIMARY KEY, rating REAL, open INTEGER, region TEXT, b BLOB)');
  database.prepare("INSERT INTO stores VALUES ('7', ?, 1, '서울', x'00')").run(rating);
  database.close();
  return path;
}

function openLookup(spec: LookupSpec): Lookup {
  const lookup = new Lookup(spec);
  onTestFinished(() => lookup.close());
  return lookup;
}

describe('a SQLite file', () => {
  test('is asked in a thread: numbers and texts as keys, a file that takes its place, faults told apart', async () => {
    const folder = temporaryFolder();
    const file = fileOf(folder, 'stores.db', 4);
    const lookup = openLookup(specOf({ source: `sqlite:${file}`, ttlSeconds: 0, missing: 'null' }));
    await lookup.probe();
    const ask = async (store_id: Key) => (await rowsOf([{ store_id }], lookup))[0];
    expect(await ask(7)).toEqual({ store_id: 7, rating: 4, open: true, 지역: '서울' });
    expect(await ask('7')).toMatchObject({ rating: 4 });
    expect(await ask("7' OR 1=1 --")).toMatchObject({ rating: null });
    renameSync(fileOf(folder, 'new.db', 5), file);
    expect(await ask(7)).toMatchObject({ rating: 5 });

    const faultOf = async (change: Record<string, unknown>) =>
      openLookup(specOf({ source: `sqlite:${file}`, ...change }))
        .probe()
        .then(
          () => null,
          (error: SourceError) => error,
        );
    expect(await faultOf({ query: 'SELECT rating AS r FROM shops WHERE id = ?' })).toMatchObject({
      isQuery: true,
      message: 'no such table: shops',
    });
    expect((await faultOf({ features: { stars: 'rating' } }))?.message).toContain('no column "stars"');
    expect(await faultOf({ source: `sqlite:${join(folder, 'none.db')}` })).toMatchObject({ isQuery: false });
  });

  test('that is locked by a writer fails at once and heals', async () => {
    const file = fileOf(temporaryFolder(), 'stores.db', 4);
    const lookup = openLookup(specOf({ source: `sqlite:${file}` }));
    const writer = openConnection(file);
    onTestFinished(() => void writer.close());
    writer.exec('BEGIN EXCLUSIVE');
    const told: string[] = [];
    const ask = () => rowsOf([{ store_id: 7 }], lookup, (line) => told.push(line));
    await expect(ask()).rejects.toMatchObject({ code: 'LOOKUP_UNAVAILABLE' });
    expect(told[0]).toContain('locked');
    writer.exec('ROLLBACK');
    expect(await ask()).toMatchObject([{ rating: 4 }]);
  });

  test('whose query takes long holds nobody else: the caller is told in time, and its loop goes on', async () => {
    const file = fileOf(temporaryFolder(), 'stores.db', 4);
    const slow =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600000) SELECT count(*) AS r, 1 AS o, ? AS region FROM n';
    const lookup = new Lookup(specOf({ source: `sqlite:${file}`, query: slow, timeoutMs: 20 }));
    let turns = 0;
    const timer = setInterval(() => turns++, 2);
    await expect(rowsOf([{ store_id: 1 }], lookup)).rejects.toMatchObject({ code: 'LOOKUP_UNAVAILABLE' });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    await lookup.close();
  });
});

describe.skipIf(!hasPostgres)('a PostgreSQL server', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
    vi.stubEnv('PGPASSWORD', PASSWORD);
    const client = new pg.Client({ connectionString: server.url, password: PASSWORD });
    await client.connect();
    await client.query(
      "CREATE TABLE stores (id bigint PRIMARY KEY, rating numeric, open boolean, region text); INSERT INTO stores VALUES (7, 4.25, true, '서울')",
    );
    await client.end();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.stop();
  });

  const postgres = (change: Record<string, unknown> = {}) =>
    openLookup(
      specOf({
        source: server.url,
        query: 'SELECT rating AS r, open AS o, region FROM stores WHERE id = $1',
        missing: 'null',
        ...change,
      }),
    );

  test('is asked by key in sessions that cannot write', async () => {
    const lookup = postgres();
    await lookup.probe();
    const rows = [{ store_id: 7 }, { store_id: '7' }, { store_id: 'abc' }, { store_id: 8 }];
    expect(await rowsOf(rows, lookup)).toEqual([
      { store_id: 7, rating: 4.25, open: true, 지역: '서울' },
      { store_id: '7', rating: 4.25, open: true, 지역: '서울' },
      { store_id: 'abc', rating: null, open: null, 지역: null },
      { store_id: 8, rating: null, open: null, 지역: null },
    ]);
    const writing = postgres({
      query:
        'WITH gone AS (DELETE FROM stores WHERE id = $1 RETURNING *) SELECT rating AS r, open AS o, region FROM gone',
    });
    await expect(writing.get([7])).rejects.toThrow(/read-only transaction/);
    await expect(postgres({ query: 'SELECT $1::text AS r FROM shops' }).probe()).rejects.toMatchObject({
      isQuery: true,
    });
  });

  test('that is slow or away is told in time', async () => {
    const query = 'SELECT 1 AS r, true AS o, $1::text AS region FROM pg_sleep(5)';
    await expect(postgres({ query, timeoutMs: 50 }).get([1])).rejects.toBeInstanceOf(SourceError);
    const away = postgres({ source: server.url.replace(/:\d+\//, ':1/') });
    await expect(away.get([1])).rejects.toMatchObject({ isQuery: false });
  });
});
