import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { backUpDatabase, backUpWhenDue, backupDue } from '../../../src/storage/backup/backup-database.js';
import { backupFolder, backupName, listBackups } from '../../../src/storage/backup/backup-files.js';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { seededRandom } from '../../../src/util/random.js';
import { buildChild, startChild } from '../../support/child-entry.js';
import { temporaryFolder } from '../../support/temporary.js';
import { closedStore, refusal, storeWithRun } from '../store-support.js';

let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, 'child.ts'));
});

/** One value of a database file, after its integrity check. */
function ask(path: string, sql: string): unknown {
  const raw = openConnection(path, { readonly: true });
  expect(raw.pragma('integrity_check', { simple: true })).toBe('ok');
  const value = raw.prepare(sql).pluck().get();
  raw.close();
  return value;
}

test('copies made while two processes write are each one moment of the store: whole, and what was moved is in one place', async () => {
  const folder = temporaryFolder();
  const store = await storeWithRun(folder);
  await store.write((t) =>
    t
      .insertInto('tags')
      .values([
        { run_id: 'r', key: 'left', value: '1000000' },
        { run_id: 'r', key: 'right', value: '0' },
      ])
      .execute(),
  );
  const writers = [1, 2].map(() => startChild(child, ['move', folder]));
  await Promise.all(writers.map((writer) => writer.line((line) => line === 'moved')));
  let moved = 0;
  for (let i = 0; i < 5; i++) {
    const { path } = await backUpDatabase(store.places.database);
    expect(ask(path, 'SELECT sum(value) FROM tags')).toBe(1_000_000);
    const right = Number(ask(path, "SELECT value FROM tags WHERE key = 'right'"));
    expect(right).toBeGreaterThanOrEqual(moved);
    expect(ask(path, 'SELECT count(*) - points FROM metric_points JOIN metrics USING (metric)')).toBe(0);
    moved = right;
  }
  expect(moved).toBeGreaterThan(0);
  for (const writer of writers) writer.process.kill('SIGKILL');
});

test('kill -9 in the middle of a backup: those made before are as they were, and none that is partial has the name of one', async () => {
  const random = seededRandom(10);
  const folder = temporaryFolder();
  const database = await closedStore(folder);
  const earlier = (await backUpDatabase(database)).path;
  const bytes = readFileSync(earlier);
  let partial = 0;
  for (let round = 0; round < 5; round++) {
    const killed = startChild(child, ['backUp', folder]);
    await killed.line((line) => line.includes('.db'));
    await sleep(random() * 40);
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect(readFileSync(earlier).equals(bytes)).toBe(true);
    for (const { path } of listBackups(database))
      expect(ask(path, 'SELECT count(*) FROM metric_points')).toBe(2000);
    partial += readdirSync(backupFolder(database)).filter((name) => name.includes('.tmp-')).length;
  }
  expect(partial).toBeGreaterThan(0);
  const old = new Date(Date.now() - 3_600_000);
  for (const name of readdirSync(backupFolder(database)))
    utimesSync(join(backupFolder(database), name), old, old);
  await backUpDatabase(database);
  expect(readdirSync(backupFolder(database)).filter((name) => name.includes('.tmp-'))).toEqual([]);
});

test('a backup never takes the place of a file, and of nothing there is none', async () => {
  const database = await closedStore(temporaryFolder());
  const out = join(dirname(database), 'mine.db');
  writeFileSync(out, 'mine');
  await expect(backUpDatabase(database, { out })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  await expect(backUpDatabase(database, { out: database })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  expect(readFileSync(out, 'utf8')).toBe('mine');
  const none = join(temporaryFolder(), 'none', 'riskops.db');
  await expect(backUpDatabase(none)).rejects.toEqual(refusal('STORE_NOT_FOUND', /Nothing was recorded/));
  expect(existsSync(dirname(none))).toBe(false);
});

describe('the hourly rule', () => {
  const rule = { hours: 1, keep: 3, megabytes: 100 };
  const HOUR = 3_600_000;
  const now = Date.parse('2026-03-01T12:00:00.000Z');

  /** A store last written at `now`, with hourly backups taken so many hours before. */
  async function storeWithBackups(...hoursAgo: number[]): Promise<string> {
    const database = await closedStore(temporaryFolder());
    const at = (time: number) => new Date(time);
    utimesSync(database, at(now), at(now));
    if (hoursAgo.length > 0) mkdirSync(backupFolder(database));
    for (const hours of hoursAgo) {
      const taken = at(now - hours * HOUR);
      const path = join(backupFolder(database), backupName(database, taken, true));
      writeFileSync(path, 'a backup');
      utimesSync(path, taken, taken);
    }
    return database;
  }

  test.each([
    ['there is none', [], {}, 'due'],
    ['the newest is old', [5, 2], {}, 'due'],
    ['one is recent', [5, 0.5], {}, 'recent'],
    ['one is of a time to come, after the clock was set back, and one is old', [2, -24], {}, 'due'],
    ['one is of a time to come, and one is recent', [0.5, -24], {}, 'recent'],
    ['it is switched off', [], { hours: 0 }, 'off'],
    ['the database is over the limit', [], { megabytes: 0.1 }, 'too large'],
  ])('%s: %s', async (_, hoursAgo, change, expected) => {
    const database = await storeWithBackups(...hoursAgo);
    expect(backupDue(database, { ...rule, ...change }, now)).toBe(expected);
  });

  test('a store that nobody changed since is not copied again', async () => {
    const database = await storeWithBackups(2);
    const before = new Date(now - 3 * HOUR);
    utimesSync(database, before, before);
    expect(backupDue(database, rule, now)).toBe('unchanged');
  });

  test('the oldest hourly ones beyond `keep` go; those made by hand and the newest stay, whatever the clock says', async () => {
    const database = await storeWithBackups(9, 8, 7, 6, -1_000_000);
    const older = join(backupFolder(database), backupName(database, new Date('2020-01-01'), false));
    writeFileSync(older, 'made by hand');
    const made = await backUpWhenDue(database, rule);
    const left = listBackups(database);
    expect(left.map(({ hourly }) => hourly).sort()).toEqual([false, true, true, true]);
    expect(left.map(({ path }) => path)).toContain((made as { path: string }).path);
    expect(left[0].path).toBe(older);
  });

  test('while another process makes one, it is not made twice', async () => {
    const database = await storeWithBackups(2);
    writeFileSync(join(backupFolder(database), 'riskops-hourly-20260301T120000000Z.db.tmp-0123456789ab'), '');
    expect(await backUpWhenDue(database, rule)).toBe('under way');
  });
});
