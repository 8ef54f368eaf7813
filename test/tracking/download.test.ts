import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../../src/storage/store.js';
import { addArtifact } from '../../src/tracking/artifacts.js';
import { downloadArtifacts } from '../../src/tracking/download.js';
import { runRow } from '../storage/rows.js';
import { workplace } from './tracking-support.js';

const posix = test.skipIf(process.platform === 'win32');
const RUN = 'a'.repeat(32);
const FILES: Record<string, string> = { 'plots/roc.svg': '<svg/>', 'plots/깊은/b': 'b', 'data.json': '{}' };

async function runWithFiles(): Promise<{ folder: string; store: Store }> {
  const { folder, store } = await workplace();
  await store.write((t) =>
    t
      .insertInto('runs')
      .values({ ...runRow(RUN), status: 'FINISHED' })
      .execute(),
  );
  for (const [path, content] of Object.entries(FILES)) await addArtifact(store, RUN, path, content, 'x');
  return { folder, store };
}

function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (e) => !e.isDirectory(),
  );
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')];
    }),
  );
}

test('all files, those below a path, or one, to a folder or a name', async () => {
  const { folder, store } = await runWithFiles();
  const done = await downloadArtifacts(store, 'aaaa', { out: join(folder, 'all') });
  expect(filesOf(join(folder, 'all'))).toEqual(FILES);
  expect(done).toMatchObject({ run_id: RUN, failed: [] });
  expect(done.files.map(({ path, bytes }) => [path, bytes])).toEqual([
    ['data.json', 2],
    ['plots/roc.svg', 6],
    ['plots/깊은/b', 1],
  ]);
  await downloadArtifacts(store, RUN, { path: 'plots/', out: join(folder, 'some') });
  expect(Object.keys(filesOf(join(folder, 'some'))).sort()).toEqual(['plots/roc.svg', 'plots/깊은/b']);
  await downloadArtifacts(store, RUN, { path: 'data.json', out: join(folder, 'new', 'one.json') });
  await downloadArtifacts(store, RUN, { path: 'plots/깊은/b', out: join(folder, 'new') });
  expect(filesOf(join(folder, 'new'))).toEqual({ 'one.json': '{}', b: 'b' });
  await expect(downloadArtifacts(store, RUN, { path: 'plot', out: folder })).rejects.toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
  });
});

test('a file that is there is written over only when that is said', async () => {
  const { folder, store } = await runWithFiles();
  const out = join(folder, 'out');
  mkdirSync(join(out, 'plots'), { recursive: true });
  writeFileSync(join(out, 'plots', 'roc.svg'), 'mine');
  await expect(downloadArtifacts(store, RUN, { out })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  expect(filesOf(out)).toEqual({ 'plots/roc.svg': 'mine' });
  await downloadArtifacts(store, RUN, { out, force: true });
  expect(filesOf(out)).toEqual(FILES);
});

posix('nothing is written through a link, whether it stands for a folder or for a file', async () => {
  const { folder, store } = await runWithFiles();
  const outside = join(folder, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'file'), 'theirs');
  const out = join(folder, 'out');
  mkdirSync(out);
  symlinkSync(outside, join(out, 'plots'));
  symlinkSync(outside, join(folder, 'link'));
  for (const force of [false, true]) {
    const refused = { code: 'ARTIFACT_REFUSED', why: expect.stringContaining('symbolic link') };
    await expect(downloadArtifacts(store, RUN, { out, force })).rejects.toMatchObject(refused);
    await expect(downloadArtifacts(store, RUN, { out: join(folder, 'link'), force })).rejects.toMatchObject(
      refused,
    );
  }
  symlinkSync(join(outside, 'file'), join(out, 'data.json'));
  const one = { path: 'data.json', out: join(out, 'data.json') };
  await expect(downloadArtifacts(store, RUN, one)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  await downloadArtifacts(store, RUN, { ...one, force: true });
  expect(filesOf(outside)).toEqual({ file: 'theirs' });
  expect(readFileSync(one.out, 'utf8')).toBe('{}');
});

test('what is gone or damaged is told, gets no name, and does not keep the others', async () => {
  const { folder, store } = await runWithFiles();
  const rows = await store.db.selectFrom('artifacts').select(['path', 'blob']).execute();
  const fileOf = (path: string) => store.blobs.path(rows.find((row) => row.path === path)?.blob as string);
  rmSync(fileOf('plots/roc.svg'));
  writeFileSync(fileOf('data.json'), '[]');
  const { files, failed } = await downloadArtifacts(store, RUN, { out: join(folder, 'out') });
  expect(files.map(({ path }) => path)).toEqual(['plots/깊은/b']);
  expect(failed).toEqual([
    { path: 'data.json', why: 'its SHA-256 is not the one on record' },
    { path: 'plots/roc.svg', why: 'it was never written, or somebody removed it' },
  ]);
  expect(filesOf(join(folder, 'out'))).toEqual({ 'plots/깊은/b': 'b' });
});

test('a path that a hostile database names does not leave the folder', async () => {
  const { folder, store } = await runWithFiles();
  await store.write((t) =>
    t.updateTable('artifacts').set({ path: '../../escaped' }).where('path', '=', 'data.json').execute(),
  );
  await expect(downloadArtifacts(store, RUN, { out: join(folder, 'a', 'b') })).rejects.toMatchObject({
    code: 'ARTIFACT_KEY_INVALID',
  });
  expect(existsSync(join(folder, 'a'))).toBe(false);
});
