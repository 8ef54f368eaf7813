import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { openStore } from '../../src/storage/open-store.js';
import type { Store } from '../../src/storage/store.js';
import { buildChild, startChild } from '../support/child-entry.js';
import { temporaryFolder } from '../support/temporary.js';
import { placesIn } from './rows.js';
import { closedStore, refusal, storeIn, storeWithRun } from './store-support.js';

let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

test('16 processes that open the same empty folder at once all succeed', async () => {
  const folder = temporaryFolder();
  const children = Array.from({ length: 16 }, () => startChild(child, ['open', folder]));
  expect(await Promise.all(children.map((c) => c.ended))).toEqual(Array(16).fill(0));
  expect(children.map((c) => c.stderr()).join('')).toBe('');
  expect(readdirSync(join(folder, 'data'))).toEqual(['riskops.db']);
});

test('8 processes insert single rows at once: no error, no loss, nobody starves', async () => {
  const folder = temporaryFolder();
  const store = await storeWithRun(folder);
  const each = 100;
  const children = Array.from({ length: 8 }, () => startChild(child, ['insert', folder, `r:${each}`]));
  await Promise.all(children.map((c) => c.line((line) => line === 'ready')));
  for (const c of children) c.process.stdin!.write('go\n');
  expect(await Promise.all(children.map((c) => c.ended))).toEqual(Array(8).fill(0));
  const count = async (table: 'metric_points' | 'tags') =>
    Number(
      (
        await store.db
          .selectFrom(table)
          .select((e) => e.fn.countAll().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    );
  expect([await count('metric_points'), await count('tags')]).toEqual([4 * each, 4 * each]);
  expect(Math.max(...children.map((c) => Number(c.lines.at(-1))))).toBeLessThan(15_000);
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
  const holder = startChild(child, ['hold', folder, '400']);
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
