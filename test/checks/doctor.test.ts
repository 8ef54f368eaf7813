import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { spaceFinding } from '../../src/checks/doctor/disk-space.js';
import { type Diagnosis, runDoctor } from '../../src/checks/doctor/doctor.js';
import { missingPackages } from '../../src/checks/doctor/engines.js';
import { databaseModuleFinding } from '../../src/checks/doctor/installation.js';
import { checkFilesAreOurs } from '../../src/registry/garbage-owner.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { openStore } from '../../src/storage/open-store.js';
import type { Store } from '../../src/storage/store.js';
import { startRun } from '../../src/tracking/runs.js';
import { placesIn, runRow } from '../storage/rows.js';
import { writeLoans } from '../support/loans.js';
import { filesIn, folderForFile, riskops, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

const folder = folderForFile();
/** A store with a previous version, a current one and a candidate. */
const project = join(folder, 'project');
let copies = 0;

function copy(): string {
  const to = join(folder, `copy ${copies++}`);
  cpSync(project, to, { recursive: true });
  return to;
}

const doctor = (at: string, options: { fix?: boolean; deep?: boolean } = {}) =>
  runDoctor({ places: placesIn(at), ...options });
/** What is not well, as `severity check: message`. */
const complaints = ({ findings }: Diagnosis) =>
  findings
    .filter(({ severity }) => severity !== 'ok')
    .map(({ check, severity, message }) => `${severity} ${check}: ${message}`);

beforeAll(async () => {
  mkdirSync(project);
  writeLoans(project);
  await succeed(project, ['init', '--data', 'loans.csv', '--target', 'default']);
  await succeed(project, ['train', '--learner', 'dummy']);
  await succeed(project, ['promote', '--latest', '--force', '--reason', 'the first']);
  await succeed(project, ['train', '--learner', 'logistic', '--promote']);
  await succeed(project, ['train', '--learner', 'dummy']);
});

const modelPaths = (at: string) => {
  const raw = openConnection(placesIn(at).database, { readonly: true });
  const rows = raw.prepare('SELECT version, path FROM versions ORDER BY version').all() as { path: string }[];
  raw.close();
  return rows.map(({ path }) => join(placesIn(at).artifacts, path));
};

test('a sound store has nothing to complain of, and a look writes nothing', async () => {
  const before = filesIn(project);
  const { ok, findings } = await doctor(project);
  expect({ ok, complaints: complaints({ ok, findings }) }).toEqual({ ok: true, complaints: [] });
  expect(filesIn(project)).toEqual(before);
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      'installation',
      'engines',
      'database',
      'permissions',
      'disk space',
      'artifacts',
      'backups',
    ]),
  );
});

describe('the pointer', () => {
  test('a link or a folder in its place is an error, and is not written through', async () => {
    for (const [make, kind] of [
      [(path: string) => symlinkSync(join(folder, 'target'), path), 'a symbolic link'],
      [(path: string) => mkdirSync(path), 'a folder'],
    ] as const) {
      const at = copy();
      const path = placesIn(at).currentModel;
      writeFileSync(join(folder, 'target'), 'somebody else');
      rmSync(path);
      make(path);
      for (const fix of [false, true]) {
        const { findings } = await doctor(at, { fix });
        expect(findings.find(({ check }) => check === 'pointer')).toMatchObject({
          severity: 'error',
          message: expect.stringContaining(`It is ${kind}`),
          remedy: 'move it away, then: riskops doctor --fix',
        });
      }
      expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('somebody else');
    }
  });

  test('one that is gone comes back with --fix, which says so', async () => {
    const at = copy();
    const { currentModel } = placesIn(at);
    const text = readFileSync(currentModel, 'utf8');
    rmSync(currentModel);
    expect(complaints(await doctor(at))).toEqual([expect.stringMatching(/^error pointer: .*missing/)]);
    // A store that is opened to write brings it back before any check looks.
    expect((await doctor(at, { fix: true })).ok).toBe(true);
    expect(readFileSync(currentModel, 'utf8')).toBe(text);
    expect(complaints(await doctor(at))).toEqual([]);
  });
});

test('a model file that is gone: an error where it was ever promoted, a warning where it was not', async () => {
  const [candidate, current] = [copy(), copy()];
  rmSync(modelPaths(candidate).at(-1) as string);
  const seen = await doctor(candidate);
  expect({ ok: seen.ok, said: complaints(seen) }).toEqual({
    ok: true,
    said: [expect.stringMatching(/^warning model files: loans version \d: /)],
  });
  for (const path of modelPaths(current).slice(0, 2)) rmSync(path);
  const lost = await doctor(current);
  expect({ ok: lost.ok, said: complaints(lost) }).toEqual({
    ok: false,
    said: [
      expect.stringMatching(/^error model files: loans version 1, which was current: /),
      expect.stringMatching(/^error model files: loans version 2, the current one: /),
    ],
  });
});

test('artifacts that were deleted, cut off or changed under a run are listed', async () => {
  const at = copy();
  const raw = openConnection(placesIn(at).database, { readonly: true });
  const rows = raw
    .prepare(
      "SELECT blob, min(path) AS path FROM artifacts WHERE kind <> 'gate-report' AND bytes > 9 GROUP BY blob LIMIT 3",
    )
    .all() as { blob: string; path: string }[];
  raw.close();
  const [gone, cut, changed] = rows.map(({ blob }) => join(placesIn(at).artifacts, blob));
  rmSync(gone);
  truncateSync(cut, 5);
  const bytes = readFileSync(changed);
  bytes[3] ^= 1;
  chmodSync(changed, 0o644);
  writeFileSync(changed, bytes);
  const { ok, findings } = await doctor(at);
  expect(ok).toBe(false);
  const said = (blob: string) => findings.find(({ check, path }) => check === 'artifacts' && path === blob);
  expect(rows.map(({ blob }) => said(blob)?.message)).toEqual([
    expect.stringContaining(`${rows[0].path} of run`),
    expect.stringContaining('its file has 5 bytes'),
    expect.stringContaining(`${rows[2].path} of run`),
  ]);
  expect(said(rows[0].blob)?.message).toContain('its file is gone');
});

describe('a database that is not the one of the files', () => {
  /** Its folder taken away, with the backup named; then what was done there since. */
  async function withNewDatabase(work: (store: Store) => Promise<unknown> = async () => {}): Promise<string> {
    const at = copy();
    rmSync(dirname(placesIn(at).database), { recursive: true });
    const store = await openStore(placesIn(at), { mode: 'write' });
    await work(store).finally(() => store.close());
    return at;
  }
  const pointerOf = (at: string) => readFileSync(placesIn(at).currentModel, 'utf8');

  test('gone: an error that never says to begin anew, and no store is made', async () => {
    const at = copy();
    rmSync(dirname(placesIn(at).database), { recursive: true });
    const before = filesIn(at);
    for (const fix of [false, true]) {
      const { ok, findings } = await doctor(at, { fix });
      expect(ok).toBe(false);
      const [found] = findings.filter(({ severity }) => severity === 'error');
      expect(found).toMatchObject({ check: 'database', remedy: expect.stringMatching(/riskops restore/) });
    }
    expect(filesIn(at)).toEqual(before);
  });

  test.each([
    ['new and empty', async () => {}],
    [
      'in which somebody trained',
      (store: Store) => startRun(store, { kind: 'test' }).then((run) => run.end()),
    ],
  ])('%s: --fix leaves current.json as it is, and each hint is one that helps', async (_, work) => {
    const at = await withNewDatabase(work);
    const text = pointerOf(at);
    for (const fix of [false, true]) {
      const { ok, findings } = await doctor(at, { fix });
      const found = findings.find(({ check }) => check === 'pointer');
      expect(ok).toBe(false);
      expect(found).toMatchObject({
        ...{ severity: 'error', message: expect.stringMatching(/serves loans, of which .* knows nothing/) },
        remedy: expect.stringMatching(/restore BACKUP; to begin anew, move .*current\.json away/),
      });
      expect(findings.map(({ remedy }) => remedy)).not.toContain('riskops doctor --fix');
    }
    expect(pointerOf(at)).toBe(text);
    const store = await openStore(placesIn(at), { mode: 'read' });
    const collected = checkFilesAreOurs(store).finally(() => store.close());
    await expect(collected).rejects.toMatchObject({ fix: expect.not.stringContaining('--fix') });
  });

  test('the backup that it names is one that knows what is served', async () => {
    const at = await withNewDatabase();
    const backups = join(dirname(placesIn(at).database), 'backups');
    mkdirSync(backups);
    const good = join(backups, 'riskops-20990301T120000000Z.db');
    copyFileSync(placesIn(project).database, good);
    copyFileSync(placesIn(at).database, join(backups, 'riskops-hourly-20990401T120000000Z.db'));
    const remedies = (await doctor(at)).findings.flatMap(({ remedy }) => remedy ?? []);
    expect(new Set(remedies)).toEqual(new Set([`riskops restore ${good}`]));
    const audit = await riskops(at, ['audit', 'verify']);
    expect([audit.exitCode, audit.stderr]).toEqual([
      0,
      expect.stringMatching(/^Warning: current\.json names/),
    ]);
    await succeed(at, ['restore', good, '--force']);
    expect((await doctor(at)).ok).toBe(true);
  });

  test('an older copy of the right one: --fix takes its word, and keeps what current.json said', async () => {
    const at = copy();
    const older = join(at, 'older.db');
    copyFileSync(placesIn(at).database, older);
    await succeed(at, ['promote', '--version', '3', '--force', '--reason', 'for the night']);
    const text = pointerOf(at);
    for (const end of ['', '-wal', '-shm']) rmSync(`${placesIn(at).database}${end}`, { force: true });
    copyFileSync(older, placesIn(at).database);
    const { ok, findings } = await doctor(at, { fix: true });
    const fixed = findings.find(({ check }) => check === 'pointer');
    expect([ok, fixed?.severity]).toEqual([true, 'fixed']);
    const kept = /before: (.+)$/.exec(fixed?.message ?? '')?.[1] as string;
    expect(readFileSync(kept, 'utf8')).toBe(text);
    expect(pointerOf(at)).toContain('"version": 2');
  });
});

describe('a database that is none', () => {
  const damages: [string, (database: string) => void][] = [
    ['is text', (path) => writeFileSync(path, 'these are notes, not tables\n'.repeat(40))],
    ['was cut to half', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    [
      'has a page of noise',
      (path) => {
        const bytes = readFileSync(path);
        bytes.fill(0xa5, 4096 * 3, 4096 * 5);
        writeFileSync(path, bytes);
      },
    ],
  ];
  test.each(damages)(
    '%s: an error with the command that restores the newest backup, and nothing is written',
    async (_, damage) => {
      const at = copy();
      const { database } = placesIn(at);
      const backups = join(dirname(database), 'backups');
      mkdirSync(backups, { recursive: true });
      copyFileSync(database, join(backups, 'riskops-20260301T120000000Z.db'));
      const newest = join(backups, 'riskops-20990302T120000000Z.db');
      copyFileSync(database, newest);
      damage(database);
      const before = filesIn(at);
      const { exitCode, stdout, stderr } = await riskops(at, ['doctor']);
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
      expect(stdout).toContain(`try: riskops restore ${newest}`);
      expect(stdout).not.toMatch(/\n\s+at |node_modules/);
      expect(filesIn(at)).toEqual(before);
    },
  );
});

describe('the log of a database, -wal', () => {
  /** A store as kill -9 leaves it: some runs moved into the file, some in the log alone. */
  async function killedStore(inFile: number, inLog: number): Promise<{ at: string; inFile: string[] }> {
    const at = temporaryFolder();
    const store = await openStore(placesIn(at), { mode: 'write' });
    const begin = async (count: number) => {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) {
        const run = await startRun(store, { kind: 'test', cwd: at });
        await run.end();
        ids.push(run.id);
      }
      return ids.sort();
    };
    const ids = await begin(inFile);
    const checkpoint = openConnection(store.places.database);
    checkpoint.pragma('wal_checkpoint(TRUNCATE)');
    await begin(inLog);
    const saved = join(at, 'as killed');
    mkdirSync(saved);
    for (const name of readdirSync(dirname(store.places.database)).filter((name) =>
      /\.db(-wal)?$/.test(name),
    ))
      copyFileSync(join(dirname(store.places.database), name), join(saved, name));
    checkpoint.close();
    await store.close();
    for (const name of readdirSync(dirname(store.places.database)))
      if (/\.db/.test(name)) rmSync(join(dirname(store.places.database), name));
    for (const name of readdirSync(saved))
      copyFileSync(join(saved, name), join(dirname(store.places.database), name));
    rmSync(saved, { recursive: true });
    return { at, inFile: ids };
  }
  const runIds = (at: string): string[] => {
    const raw = openConnection(placesIn(at).database, { readonly: true });
    const ids = raw.prepare('SELECT run_id FROM runs ORDER BY run_id').pluck().all() as string[];
    raw.close();
    return ids;
  };

  test('that is gone leaves what was last moved into the file, and the doctor tells of the runs after it', async () => {
    const { at, inFile } = await killedStore(3, 2);
    rmSync(`${placesIn(at).database}-wal`);
    expect(runIds(at)).toEqual(inFile);
    const seen = await doctor(at);
    expect({ ok: seen.ok, said: complaints(seen) }).toEqual({
      ok: true,
      said: expect.arrayContaining([
        expect.stringMatching(/^warning belonging: 2 run\(s\) have files here and no row/),
      ]),
    });
  });

  test.each([
    [3, 2, 3, 2],
    [0, 2, 0, 3],
    [8, 2, 0, 3],
    [0, 3, 8, 8],
    [24, 2, 24, 1],
  ])(
    'of another database beside it (%i + %i runs, the other %i + %i) is found, since SQLite does not',
    async (aFile, aLog, bFile, bLog) => {
      const a = await killedStore(aFile, aLog);
      const b = await killedStore(bFile, bLog);
      copyFileSync(`${placesIn(b.at).database}-wal`, `${placesIn(a.at).database}-wal`);
      const before = filesIn(a.at);
      const { ok, findings } = await doctor(a.at);
      if (ok) expect(runIds(a.at)).toEqual(a.inFile);
      else expect(findings.filter(({ severity }) => severity === 'error')[0].remedy).toMatch(/move .* away/);
      // Nothing of the other store is written into this one's files.
      await doctor(a.at, { fix: true });
      expect(filesIn(join(a.at, 'artifacts'))).toEqual(
        Object.fromEntries(
          Object.entries(before).filter(([path]) => path.startsWith(join(a.at, 'artifacts'))),
        ),
      );
    },
  );
});

test('half-written files: those older than a day are removed with --fix, and nothing else', async () => {
  const at = copy();
  const { artifacts, database } = placesIn(at);
  const names = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'].map((end) => `x.tmp-${end}`);
  const [old, young] = [join(artifacts, 'runs', names[0]), join(dirname(database), names[1])];
  const notes = join(artifacts, 'notes.tmp');
  for (const path of [old, young, notes]) writeFileSync(path, 'half');
  for (const path of [old, notes]) utimesSync(path, new Date(0), new Date(0));
  expect(complaints(await doctor(at))).toEqual([
    expect.stringMatching(/^warning leftovers: There are 1 file/),
  ]);
  expect(existsSync(old)).toBe(true);
  expect(complaints(await doctor(at, { fix: true }))).toEqual([
    expect.stringMatching(/^fixed leftovers: Removed 1 file/),
  ]);
  expect([old, young, notes].map((path) => existsSync(path))).toEqual([false, true, true]);
});

test('rights, room, clock, packages: a warning with what helps', async () => {
  const at = copy();
  const { database } = placesIn(at);
  const raw = openConnection(database);
  raw.prepare("UPDATE runs SET created_at = '2999-01-01T00:00:00.000Z' WHERE sequence = 1").run();
  raw.close();
  if (process.platform !== 'win32') chmodSync(database, 0o666);
  const said = complaints(await doctor(at)).join('\n');
  expect(said).toContain('warning clock: The newest row is of 2999-01-01');
  if (process.platform !== 'win32')
    expect(said).toContain('Everybody on this machine may write the database');

  const MB = 1024 * 1024;
  expect(spaceFinding('/d', 201 * MB, 1).severity).toBe('ok');
  expect(spaceFinding('/d', 199 * MB, 1)).toMatchObject({
    severity: 'warning',
    message: expect.stringContaining('Only 199 MB'),
  });
  expect(spaceFinding('/d', 900 * MB, 500 * MB).severity).toBe('warning');

  const root = temporaryFolder();
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ dependencies: { here: '1', away: '1' }, optionalDependencies: { fast: '1' } }),
  );
  mkdirSync(join(root, 'node_modules', 'here'), { recursive: true });
  writeFileSync(join(root, 'node_modules', 'here', 'package.json'), '{}');
  expect(missingPackages(root)).toMatchObject([
    { severity: 'error', message: 'The package away is not installed.' },
    { severity: 'warning', message: expect.stringContaining('optional package fast') },
  ]);
  expect(databaseModuleFinding('20.19.0', '13.0.0').severity).toBe('warning');
  expect(databaseModuleFinding('24.1.0', '13.0.0').severity).toBe('ok');
});

test('a store that others write to meanwhile raises no false alarm', async () => {
  const at = copy();
  const store = await openStore(placesIn(at), { mode: 'write' });
  let written = 0;
  const writing = (async () => {
    for (; written < 12; written++) {
      const run = await startRun(store, { kind: 'test', cwd: at });
      run.logMetrics({ loss: Math.random() });
      await run.logArtifact('notes.txt', `${Math.random()}`, 'notes');
      await run.end();
    }
  })();
  let looks = 0;
  for (; written < 12; looks++) expect(complaints(await doctor(at))).toEqual([]);
  await writing;
  expect(looks).toBeGreaterThan(0);
  await store.close();
});

test('a run whose process is gone is told of, and is no fault', async () => {
  const at = copy();
  const store = await openStore(placesIn(at), { mode: 'write' });
  await store.write((t) =>
    t
      .insertInto('runs')
      .values({ ...runRow('0'.repeat(32)), heartbeat_at: '2026-01-01T00:00:00.000Z' })
      .execute(),
  );
  await store.close();
  const { findings } = await doctor(at);
  expect(findings.find(({ check }) => check === 'lost runs')).toMatchObject({
    severity: 'ok',
    message: expect.stringContaining('1 run(s) read LOST'),
  });
});
