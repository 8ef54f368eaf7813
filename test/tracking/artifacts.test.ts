import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collectGarbage } from '../../src/registry/garbage.js';
import type { Store } from '../../src/storage/store.js';
import { addArtifact, addFolder } from '../../src/tracking/artifacts.js';
import { checkArtifacts } from '../../src/tracking/check-artifacts.js';
import { deleteRuns } from '../../src/tracking/deletion.js';
import { readArtifact } from '../../src/tracking/read-artifact.js';
import { getRun } from '../../src/tracking/read-runs.js';
import { sha256 } from '../../src/util/files.js';
import { runRow } from '../storage/rows.js';
import { workplace } from './tracking-support.js';

const posix = test.skipIf(process.platform === 'win32');

/** Ended runs with these ids, without files. */
async function withRuns(...ids: string[]): Promise<{ folder: string; store: Store }> {
  const { folder, store } = await workplace();
  for (const id of ids) {
    await store.write((t) =>
      t
        .insertInto('runs')
        .values({ ...runRow(id), status: 'FINISHED' })
        .execute(),
    );
  }
  return { folder, store };
}

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

const textOf = async (store: Store, run: string, path: string) =>
  (await readArtifact(store, run, path)).bytes?.toString() ?? null;

async function faults(store: Store) {
  const found = [];
  for await (const fault of checkArtifacts(store)) found.push(fault);
  return found;
}

/** As `registerVersion` would leave it. */
async function addVersionRow(store: Store, run_id: string): Promise<void> {
  const hashes = { sha256: sha256(run_id), content_sha256: sha256(run_id) };
  const now = new Date().toISOString();
  await store.write(async (t) => {
    await t.insertInto('models').values({ name: 'credit', created_at: now, last_version: 1 }).execute();
    await t
      .insertInto('versions')
      .values({
        ...{ model: 'credit', version: 1, run_id, learner: 'dummy', bytes: 1, metrics_json: '{}' },
        ...{ path: 'models/credit/candidates/x', created_at: now, ...hashes },
      })
      .execute();
  });
}

test('equal content of two runs is kept once, and the manifest says what each run has', async () => {
  const { folder, store } = await withRuns(A, B);
  writeFileSync(join(folder, 'roc.svg'), '<svg/>');
  const first = await addArtifact(store, A, 'plots/roc.svg', { file: join(folder, 'roc.svg') }, 'plot');
  const second = await addArtifact(store, B, 'copy.svg', '<svg/>', 'plot');
  expect(second).toEqual(first);
  expect((await store.blobs.list('blobs')).map(({ key }) => key)).toEqual([first.key]);
  expect(await textOf(store, A, 'plots/roc.svg')).toBe('<svg/>');
  const { run_dir_name } = await getRun(store, A);
  const manifest = readFileSync(store.blobs.path(`runs/${run_dir_name}/manifest.json`), 'utf8');
  expect(JSON.parse(manifest).artifacts).toMatchObject([
    { path: 'plots/roc.svg', kind: 'plot', bytes: 6, sha256: sha256('<svg/>') },
  ]);
});

test('an artifact of the older store, kept in the folder of its run, is read, checked and replaced', async () => {
  const { store } = await withRuns(A);
  const { run_dir_name } = await getRun(store, A);
  const old = await store.blobs.put(`runs/${run_dir_name}/notes.txt`, 'old');
  await store.write((t) =>
    t
      .insertInto('artifacts')
      .values({
        ...{ run_id: A, path: 'notes.txt', kind: 'notes', sha256: old.sha256, bytes: 3 },
        ...{ created_at: new Date().toISOString(), blob: old.key },
      })
      .execute(),
  );
  expect(await textOf(store, A, 'notes.txt')).toBe('old');
  expect(await faults(store)).toEqual([]);
  await addArtifact(store, A, 'notes.txt', 'new', 'notes');
  expect(await textOf(store, A, 'notes.txt')).toBe('new');
});

test('what a version stands on is never replaced; new paths and the same bytes again are welcome', async () => {
  const { store } = await withRuns(A);
  await addArtifact(store, A, 'data.json', '{}', 'data');
  await addArtifact(store, A, 'data.json', '{"rows":1}', 'data');
  await addVersionRow(store, A);
  await expect(addArtifact(store, A, 'data.json', '{"rows":2}', 'data')).rejects.toMatchObject({
    code: 'ARTIFACT_IMMUTABLE',
    exitCode: 2,
    why: expect.stringContaining('version 1 of credit'),
  });
  await addArtifact(store, A, 'data.json', '{"rows":1}', 'data');
  await addArtifact(store, A, 'gate/1.json', '{}', 'gate-report');
  expect(await textOf(store, A, 'data.json')).toBe('{"rows":1}');
  expect((await getRun(store, A)).artifacts.map(({ path }) => path)).toEqual(['data.json', 'gate/1.json']);
});

test('one path is not a file and a folder', async () => {
  const { store } = await withRuns(A);
  await addArtifact(store, A, 'plots/roc.svg', 'x', 'plot');
  for (const path of ['plots', 'plots/roc.svg/x'])
    await expect(addArtifact(store, A, path, 'x', 'plot')).rejects.toMatchObject({
      code: 'ARTIFACT_KEY_INVALID',
      why: expect.stringContaining('plots/roc.svg'),
    });
  await addArtifact(store, A, 'plots2', 'x', 'plot');
});

test('a folder is kept whole, its files below the path', async () => {
  const { folder, store } = await withRuns(A);
  mkdirSync(join(folder, 'plots', 'deep', '깊은'), { recursive: true });
  writeFileSync(join(folder, 'plots', 'a.svg'), 'a');
  writeFileSync(join(folder, 'plots', 'deep', '깊은', 'b.svg'), 'b');
  expect(await addFolder(store, A, 'all', join(folder, 'plots'), 'plot')).toHaveLength(2);
  expect((await getRun(store, A)).artifacts.map(({ path }) => path)).toEqual([
    'all/a.svg',
    'all/deep/깊은/b.svg',
  ]);
  expect(await textOf(store, A, 'all/deep/깊은/b.svg')).toBe('b');
  rmSync(join(folder, 'plots'), { recursive: true });
  mkdirSync(join(folder, 'plots'));
  await expect(addFolder(store, A, 'none', join(folder, 'plots'), 'plot')).rejects.toMatchObject({
    why: 'there is no file in it',
  });
});

posix.each([
  ['a link to a secret', (at: string) => symlinkSync('/etc/passwd', at), 'ARTIFACT_REFUSED'],
  ['a loop of links', (at: string) => symlinkSync('..', at), 'ARTIFACT_REFUSED'],
  ['a pipe', (at: string) => execFileSync('mkfifo', [at]), 'ARTIFACT_REFUSED'],
  [
    'a name with a line break',
    (at: string) => writeFileSync(at.replace('odd', 'a\nb'), ''),
    'ARTIFACT_KEY_INVALID',
  ],
  ['a device name', (at: string) => writeFileSync(at.replace('odd', 'nul.txt'), ''), 'ARTIFACT_KEY_INVALID'],
])('a folder with %s is refused whole, names it, and copies nothing', async (_, make, code) => {
  const { folder, store } = await withRuns(A);
  mkdirSync(join(folder, 'plots', 'deep'), { recursive: true });
  writeFileSync(join(folder, 'plots', 'a.svg'), 'a');
  make(join(folder, 'plots', 'deep', 'odd'));
  const [name] = readdirSync(join(folder, 'plots', 'deep'));
  await expect(addFolder(store, A, 'all', join(folder, 'plots'), 'plot')).rejects.toMatchObject({
    code,
    message: expect.stringContaining(name.replace('\n', '\\x0a')),
  });
  expect((await getRun(store, A)).artifacts).toEqual([]);
  expect(await store.blobs.list('blobs')).toEqual([]);
});

posix('a folder that is a link, a device, and paths that climb are refused as well', async () => {
  const { folder, store } = await withRuns(A);
  mkdirSync(join(folder, 'plots'));
  writeFileSync(join(folder, 'plots', 'a.svg'), 'a');
  symlinkSync(join(folder, 'plots'), join(folder, 'link'));
  const refused = { code: 'ARTIFACT_REFUSED' };
  await expect(addFolder(store, A, 'all', join(folder, 'link'), 'plot')).rejects.toMatchObject(refused);
  await expect(addFolder(store, A, 'all', '/dev/zero', 'plot')).rejects.toMatchObject(refused);
  await expect(addArtifact(store, A, 'x', { file: '/dev/zero' }, 'plot')).rejects.toMatchObject(refused);
  for (const path of ['..', '../x', '/x', 'a\nb'])
    await expect(addFolder(store, A, path, join(folder, 'plots'), 'plot')).rejects.toMatchObject({
      code: 'ARTIFACT_KEY_INVALID',
    });
  expect((await getRun(store, A)).artifacts).toEqual([]);
});

test('a run that is deleted while a file is on its way gets one clean refusal', async () => {
  const { folder, store } = await withRuns(A);
  writeFileSync(join(folder, 'large'), Buffer.alloc(5_000_000, 'x'));
  const uploading = addArtifact(store, A, 'large', { file: join(folder, 'large') }, 'data');
  const refused = expect(uploading).rejects.toMatchObject({
    code: 'RUN_NOT_FOUND',
    exitCode: 4,
    message: 'run aaaaaaaa is in the trash',
    fix: 'riskops runs restore aaaaaaaa',
  });
  await deleteRuns(store, [A]);
  await refused;
  expect(await store.db.selectFrom('artifacts').selectAll().execute()).toEqual([]);
  await collectGarbage(store, { olderThanMs: 0 });
  expect(await store.blobs.list('blobs')).toEqual([]);
});

test('content that is collected between its writing and its row is written again', async () => {
  const { store } = await withRuns(A);
  let collections = 3;
  const add: typeof store.blobs.add = async (content) => {
    const info = await store.blobs.add(content);
    // What a collector does that sees content without a row.
    if (collections-- > 0) store.blobs.remove(info.key);
    return info;
  };
  await addArtifact({ ...store, blobs: { ...store.blobs, add } }, A, 'x', 'content', 'x');
  expect(collections).toBe(-1);
  expect(await textOf(store, A, 'x')).toBe('content');
  expect(await faults(store)).toEqual([]);
});

test('files that are gone, cut off or changed are named, and their neighbours are not', async () => {
  const { store } = await withRuns(A, B);
  const gone = await addArtifact(store, A, 'gone', 'gone', 'x');
  await addArtifact(store, B, 'gone-too', 'gone', 'x');
  const cut = await addArtifact(store, A, 'cut', 'cut off', 'x');
  const changed = await addArtifact(store, A, 'changed', 'changed', 'x');
  await addArtifact(store, A, 'well', 'well', 'x');
  expect(await faults(store)).toEqual([]);
  rmSync(store.blobs.path(gone.key));
  writeFileSync(store.blobs.path(cut.key), 'cut');
  writeFileSync(store.blobs.path(changed.key), 'chanced');
  const found = (await faults(store)).map(({ run_id, path, why }) => [run_id[0], path, why]);
  expect(found.sort()).toEqual([
    ['a', 'changed', 'its SHA-256 is not the one on record'],
    ['a', 'cut', 'its file has 3 bytes, and had 7'],
    ['a', 'gone', 'its file is gone'],
    ['b', 'gone-too', 'its file is gone'],
  ]);
  expect(await readArtifact(store, A, 'gone')).toMatchObject({
    bytes: null,
    why: expect.stringContaining('gone'),
  });
});
