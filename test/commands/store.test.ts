import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { backUpWhileServing } from '../../src/commands/backup-timer.js';
import { openProject } from '../../src/config.js';
import { latestVersion } from '../../src/storage/database/migrations.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { sha256File } from '../../src/util/files.js';
import { closedStore } from '../storage/store-support.js';
import { contentOf, version1Store } from '../storage/version-1-store.js';
import { writeLoans } from '../support/loans.js';
import { filesIn, folderForFile, refuse, riskops, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

const folder = folderForFile();

describe('an older store', () => {
  test('a command that reads names the one that migrates; that one says what it did, and undoes it', async () => {
    const folder = temporaryFolder();
    const database = version1Store(folder, { runs: 2, points: 3 });
    const before = contentOf(database);
    const error = await refuse(folder, ['runs', 'list'], 'STORE_VERSION');
    expect(error.message).toMatch(/older riskops/);
    expect(error.hint).toMatch(/^riskops migrate/);
    const latest = latestVersion();
    const backup = `${database}.bak-1-${latest}`;
    expect(await succeed(folder, ['migrate'])).toEqual({ from: 1, to: latest, backup });
    expect(await succeed(folder, ['migrate'])).toEqual({ from: latest, to: latest, backup: null });
    expect(await succeed(folder, ['migrate', '--back'])).toMatchObject({
      was: latest,
      schema_version: 1,
      from: backup,
    });
    expect(contentOf(database)).toEqual(before);
  });

  test('a command that writes migrates it by itself, and says where the old one is', async () => {
    const folder = temporaryFolder();
    const database = version1Store(folder, { runs: 2, points: 3 });
    const other = join(temporaryFolder(), 'a.tar');
    await riskops(folder, ['export', '--all', '--out', other]);
    await succeed(folder, ['migrate']);
    await succeed(folder, ['export', '--all', '--out', other]);
    await succeed(folder, ['migrate', '--back']);
    const { exitCode, stderr } = await riskops(folder, ['import', other]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: `Migrated the store from schema version 1 to ${latestVersion()}; as it was: ${database}.bak-1-${latestVersion()}\n`,
    });
  });
});

test('a newer store, in the file or in its log alone: every command exits 78, and both are left byte for byte', async () => {
  const folder = temporaryFolder();
  const database = await closedStore(folder);
  const newer = openConnection(database);
  newer.pragma('journal_mode = WAL');
  newer.pragma('user_version = 99');
  const places = [database, `${database}-wal`];
  for (const words of [
    ['runs', 'list'],
    ['history'],
    ['migrate'],
    ['migrate', '--back'],
    ['backup'],
    ['export', '--all', '--out', 'a.tar'],
  ]) {
    const before = await Promise.all(places.map(sha256File));
    const { exitCode, stderr } = await riskops(folder, words);
    expect([words, exitCode, stderr.split('\n').length]).toEqual([words, 78, 4]);
    expect(await Promise.all(places.map(sha256File))).toEqual(before);
  }
  newer.close();
  await refuse(folder, ['migrate'], 'STORE_VERSION');
});

describe('a project with a trained model', () => {
  const rows = 'rows.csv';

  test('what backup --all copied is well elsewhere, and predicts the same bit for bit', async () => {
    writeLoans(folder, 'loans.csv', 500);
    writeLoans(folder, rows, 50, 9);
    await succeed(folder, ['init', '--data', 'loans.csv', '--target', 'default']);
    await succeed(folder, ['train', '--learner', 'logistic', '--promote'], { exitCode: 0 });
    const archive = join(temporaryFolder(), 'store.tar.gz');
    const [backup] = await Promise.all([
      succeed<{ files: number; missing: string[] }>(folder, ['backup', '--all', '--out', archive]),
      succeed(folder, ['train', '--learner', 'dummy']),
    ]);
    expect(backup.missing).toEqual([]);
    const elsewhere = temporaryFolder();
    await succeed(elsewhere, ['restore', archive]);
    await succeed(elsewhere, ['doctor']);
    const predict = (where: string, out: string) =>
      succeed(where, ['predict', '--file', join(folder, rows), '--out', out]);
    await predict(folder, 'here.csv');
    await predict(elsewhere, 'there.csv');
    expect(readFileSync(join(elsewhere, 'there.csv'))).toEqual(readFileSync(join(folder, 'here.csv')));
  });

  test('a command that writes makes an hourly copy when it is due, and not again; one that fails is told, and the command is well', async () => {
    const backups = join(folder, 'data', 'backups');
    const hourly = () => readdirSync(backups).filter((name) => name.includes('hourly'));
    const [first, ...others] = hourly();
    expect([first, others]).toEqual([expect.stringMatching(/^riskops-hourly-\d{8}T\d{9}Z\.db$/), []]);
    await succeed(folder, ['train', '--learner', 'dummy']);
    expect(hourly()).toEqual([first]);
    rmSync(backups, { recursive: true });
    writeFileSync(backups, 'in the way');
    const { exitCode, stderr } = await riskops(folder, ['train', '--learner', 'dummy']);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Warning: no hourly backup was made\./m);
    rmSync(backups);
    await succeed(folder, ['train', '--learner', 'dummy'], { environment: { RISKOPS_BACKUP_HOURS: '0' } });
    expect(existsSync(backups)).toBe(false);
    expect(await succeed(folder, ['backup', '--if-due'])).toMatchObject({ why: 'due' });
    expect(await succeed(folder, ['backup', '--if-due'])).toEqual({ made: null, why: 'recent' });
  });

  test('while a server runs, another process makes the copy when it is due', async () => {
    const backups = join(folder, 'data', 'backups');
    rmSync(backups, { recursive: true });
    const end = backUpWhileServing(await openProject({ dir: folder, environment: {} }), 20);
    onTestFinished(end);
    const has = () => existsSync(backups) && readdirSync(backups).some((name) => name.endsWith('Z.db'));
    while (!has()) await sleep(20);
    end();
  });

  test('where finds everything from a folder below, with sizes and the newest backup', async () => {
    const below = join(folder, 'a', 'b');
    mkdirSync(below, { recursive: true });
    await succeed(folder, ['backup']);
    const found = await succeed<{
      root: string;
      places: { name: string; path: string; exists: boolean; bytes: number }[];
      backups: { path: string }[];
    }>(below, ['where']);
    expect(found.root).toBe(folder);
    expect(found.places.map(({ name, path }) => [name, path.slice(folder.length + 1)])).toEqual([
      ['project', ''],
      ['config', 'riskops.config.mjs'],
      ['database', join('data', 'riskops.db')],
      ['artifacts', 'artifacts'],
      ['pointer', join('artifacts', 'models', 'current.json')],
      ['backups', join('data', 'backups')],
    ]);
    expect(found.places.every(({ exists }) => exists)).toBe(true);
    expect(found.backups[0].path).toMatch(/riskops-\d{8}T\d{9}Z\.db$/);
    const nowhere = await succeed<{ places: { exists: boolean }[] }>(temporaryFolder(), ['where']);
    expect(nowhere.places.map(({ exists }) => exists)).toEqual([true, false, false, false, false]);
  });

  test('config --origin: a flag wins over the environment, that over the config file, that over the default', async () => {
    const origin = async (words: string[], environment: Record<string, string> = {}) => {
      const { settings } = await succeed<{ settings: { key: string; value: unknown; origin: string }[] }>(
        folder,
        ['config', '--origin', ...words],
        { environment },
      );
      return settings
        .filter(({ key }) => ['backupKeep', 'model'].includes(key))
        .map(({ value, origin }) => [value, origin]);
    };
    expect(await origin([])).toEqual([
      ['loans', 'config'],
      [24, 'default'],
    ]);
    const environment = { RISKOPS_BACKUP_KEEP: '3', RISKOPS_MODEL: 'other' };
    expect(await origin([], environment)).toEqual([
      ['other', 'environment'],
      [3, 'environment'],
    ]);
    expect(await origin(['--model', 'mine'], environment)).toEqual([
      ['mine', 'flag'],
      [3, 'environment'],
    ]);
  });

  test('a backup by hand, and back: what was recorded since is kept aside', async () => {
    const { path } = await succeed<{ path: string }>(folder, ['backup']);
    await succeed(folder, ['train', '--learner', 'dummy']);
    const before = filesIn(folder);
    const error = await refuse(folder, ['restore', path], 'STORE_WOULD_LOSE');
    expect(error.why).toMatch(/1 rows of versions/);
    expect(filesIn(folder)).toEqual(before);
    const { kept } = await succeed<{ kept: string }>(folder, ['restore', path, '--force']);
    const { items } = await succeed<{ items: unknown[] }>(folder, ['runs', 'list']);
    await succeed(folder, ['restore', kept, '--force']);
    expect((await succeed<{ items: unknown[] }>(folder, ['runs', 'list'])).items).toHaveLength(
      items.length + 1,
    );
    await succeed(folder, ['doctor']);
  });

  test('the likeliest mistakes are refused with the command that helps', async () => {
    writeFileSync(join(folder, 'there.tar'), '');
    expect(await refuse(folder, ['export', '--all', '--out', 'there.tar'], 'ALREADY_EXISTS')).toMatchObject({
      hint: expect.stringMatching(/--out/),
    });
    expect((await refuse(folder, ['export'], 'USAGE')).hint).toMatch(/--all --out/);
    expect((await refuse(folder, ['export', '--out', 'x.zip', '--all'], 'USAGE')).message).toMatch(/\.tar/);
    await refuse(folder, ['export', '--out', 'x.tar', '--runs', 'ffffffff'], 'RUN_NOT_FOUND');
    expect((await refuse(folder, ['backup', '--all'], 'USAGE')).hint).toMatch(/--out/);
    await refuse(folder, ['restore', 'nothing.db'], 'BACKUP_NOT_FOUND');
    await refuse(folder, ['restore', 'riskops.config.mjs'], 'ARCHIVE_INVALID');
    expect((await refuse(folder, ['import', 'there.tar'], 'ARCHIVE_INVALID')).hint).toMatch(/riskops export/);
    await refuse(temporaryFolder(), ['backup'], 'STORE_NOT_FOUND');
  });
});
