import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { latestVersion } from '../../../src/storage/database/migrations.js';
import { openStore } from '../../../src/storage/open-store.js';
import { seededRandom } from '../../../src/util/random.js';
import { buildChild, startChild } from '../../support/child-entry.js';
import { temporaryFolder } from '../../support/temporary.js';
import { placesIn } from '../rows.js';
import { contentOf, version1Store } from '../version-1-store.js';

/** The copy that a migration of a store of version 1 leaves. */
const backupOf = (database: string) => `${database}.bak-1-${latestVersion()}`;

let child: string;
beforeAll(async () => {
  child = await buildChild(join(import.meta.dirname, '..', 'backup', 'child.ts'));
});

const namesBeside = (database: string) => readdirSync(dirname(database));

test('five processes that migrate at once migrate once, make one backup and all end well', async () => {
  const folder = temporaryFolder();
  const database = version1Store(folder);
  const before = contentOf(database);
  const children = Array.from({ length: 5 }, () => startChild(child, ['open', folder]));
  expect(await Promise.all(children.map((c) => c.ended))).toEqual([0, 0, 0, 0, 0]);
  expect(children.map((c) => c.stderr()).join('')).toBe('');
  expect(children.filter((c) => c.lines.includes('migrated'))).toHaveLength(1);
  expect(namesBeside(database).filter((name) => name.includes('.bak'))).toEqual([backupOf('riskops.db')]);
  expect(contentOf(backupOf(database))).toEqual(before);
  expect(contentOf(database)).toEqual({ ...before, version: latestVersion() });
});

test('kill -9 at random moments of a migration: the store is old or new, its backup whole or not there, and it goes on', async () => {
  const random = seededRandom(84);
  const old = version1Store(temporaryFolder(), { points: 150 });
  const before = contentOf(old);
  const copyOfOld = (): { folder: string; database: string } => {
    const folder = temporaryFolder();
    const { database } = placesIn(folder);
    mkdirSync(dirname(database));
    copyFileSync(old, database);
    return { folder, database };
  };
  const measured = startChild(child, ['open', copyOfOld().folder]);
  await measured.line((line) => line === 'opening');
  const began = performance.now();
  await measured.ended;
  const lasts = performance.now() - began;
  const left: unknown[] = [];
  for (let round = 0; round < 5; round++) {
    const { folder, database } = copyOfOld();
    const killed = startChild(child, ['open', folder]);
    await killed.line((line) => line === 'opening');
    await sleep(random() * lasts * 0.8);
    killed.process.kill('SIGKILL');
    await killed.ended;
    const found = contentOf(database);
    left.push(found.version);
    expect(found).toEqual({ ...before, version: found.version });
    if (existsSync(backupOf(database))) expect(contentOf(backupOf(database))).toEqual(before);
    await (await openStore(placesIn(folder), { mode: 'write' })).close();
    expect(contentOf(database)).toEqual({ ...before, version: latestVersion() });
    expect(contentOf(backupOf(database))).toEqual(before);
    expect(namesBeside(database).filter((name) => name.includes('.tmp-'))).toEqual([]);
  }
  // Some kills must have come before the end, or nothing was tried.
  expect(left).toContain(1);
});

test('what a killed backup left is removed by the next migration', async () => {
  const folder = temporaryFolder();
  const database = version1Store(folder, { runs: 1 });
  writeFileSync(`${backupOf(database)}.tmp-0123456789ab`, 'half a copy');
  expect(await startChild(child, ['open', folder]).ended).toBe(0);
  expect(namesBeside(database)).toEqual(['riskops.db', backupOf('riskops.db')]);
});

/** Runs a program to its end; its exit code. */
function run(program: string, args: string[]): Promise<number | null> {
  return new Promise((resolve) => spawn(program, args, { stdio: 'ignore' }).once('close', resolve));
}

test.skipIf(process.platform === 'win32')(
  'no room for the backup: an error, and the old store as it was',
  async () => {
    const folder = temporaryFolder();
    const database = version1Store(folder);
    const before = contentOf(database);
    const script = 'trap "" XFSZ; ulimit -f 512; exec "$0" "$@"';
    expect(await run('bash', ['-c', script, process.execPath, child, 'open', folder])).not.toBe(0);
    expect(contentOf(database)).toEqual(before);
    expect(namesBeside(database).filter((name) => /bak|tmp/.test(name))).toEqual([]);
  },
);

test.skipIf(spawnSync('strace', ['-V']).status !== 0)(
  'a full disk in the middle of a migration: an error, the old store as it was, its backup whole; later it goes on',
  async () => {
    const folder = temporaryFolder();
    const database = version1Store(folder);
    const before = contentOf(database);
    const fault = ['-f', '-qq', '-o', '/dev/null', '-P', `${database}-wal`];
    const inject = ['-e', 'inject=pwrite64:error=ENOSPC:when=20+', process.execPath, child, 'open', folder];
    expect(await run('strace', [...fault, ...inject])).not.toBe(0);
    expect(contentOf(database)).toEqual(before);
    expect(contentOf(backupOf(database))).toEqual(before);
    expect(await startChild(child, ['open', folder]).ended).toBe(0);
    expect(contentOf(database)).toEqual({ ...before, version: latestVersion() });
  },
);
