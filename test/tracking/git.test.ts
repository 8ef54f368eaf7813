import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readGit } from '../../src/tracking/git.js';
import { temporaryFolder } from '../support/temporary.js';
import { repository } from './tracking-support.js';

const NOTHING = { commit: null, branch: null, dirty: null, diff: null, diffCut: false, untracked: [] };

function withCommit() {
  const { folder, git } = repository();
  writeFileSync(join(folder, 'a.txt'), 'one\n');
  git('add', '.');
  git('commit', '--quiet', '-m', 'first');
  return { folder, git, commit: git('rev-parse', 'HEAD') };
}

function setVariable(name: string, value: string) {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

test('no repository, no such folder: all is null', async () => {
  const folder = temporaryFolder();
  expect(await readGit(folder)).toEqual(NOTHING);
  expect(await readGit(join(folder, 'none'))).toEqual(NOTHING);
});

test('no git: all is null', async () => {
  const { folder } = withCommit();
  setVariable('PATH', temporaryFolder());
  expect(await readGit(folder)).toEqual(NOTHING);
});

test('a repository without a commit has a branch and no commit', async () => {
  const { folder } = repository();
  expect(await readGit(folder)).toEqual({ ...NOTHING, branch: 'main', dirty: false });
  writeFileSync(join(folder, 'new'), '');
  expect(await readGit(folder)).toEqual({ ...NOTHING, branch: 'main', dirty: true, untracked: ['new'] });
});

test('a clean commit, from a folder inside as well; a detached head has no branch', async () => {
  const { folder, git, commit } = withCommit();
  expect(await readGit(folder)).toEqual({ ...NOTHING, commit, branch: 'main', dirty: false });
  mkdirSync(join(folder, '안'));
  expect(await readGit(join(folder, '안'))).toEqual({ ...NOTHING, commit, branch: 'main', dirty: false });
  git('checkout', '--quiet', '--detach');
  expect(await readGit(folder)).toMatchObject({ commit, branch: null, dirty: false });
});

test('a dirty tree: the diff makes the changes again from the commit, staged, renamed and binary ones too', async () => {
  const { folder, git, commit } = withCommit();
  writeFileSync(join(folder, 'b.bin'), Buffer.from([0, 1, 255, 0]));
  writeFileSync(join(folder, 'a.txt'), 'one\ntwo 둘\n');
  git('mv', 'a.txt', 'renamed.txt');
  git('add', 'b.bin');
  writeFileSync(join(folder, '새 파일.txt'), '');
  git('config', 'diff.noprefix', 'true');
  git('config', 'color.ui', 'always');
  const state = await readGit(folder);
  expect(state).toMatchObject({
    commit,
    branch: 'main',
    dirty: true,
    diffCut: false,
    untracked: ['새 파일.txt'],
  });
  const patch = join(folder, 'x.patch');
  writeFileSync(patch, state.diff!);
  const expected = git('diff', 'HEAD', '--no-color', '--binary');
  git('reset', '--quiet', '--hard');
  execFileSync('git', ['apply', '--index', patch], { cwd: folder, stdio: 'pipe' });
  expect(git('diff', 'HEAD', '--no-color', '--binary')).toBe(expected);
});

test('a huge diff is cut at a mebibyte', async () => {
  const { folder } = withCommit();
  writeFileSync(join(folder, 'a.txt'), 'x'.repeat(99).concat('\n').repeat(20_000));
  const state = await readGit(folder);
  expect(state).toMatchObject({ dirty: true, diffCut: true });
  expect(state.diff?.length).toBe(1 << 20);
});

test('variables that hooks set do not point it at another repository', async () => {
  const { folder, commit } = withCommit();
  const other = withCommit();
  setVariable('GIT_DIR', join(other.folder, '.git'));
  setVariable('GIT_WORK_TREE', other.folder);
  setVariable('GIT_INDEX_FILE', join(other.folder, 'no-such-index'));
  expect(await readGit(folder)).toEqual({ ...NOTHING, commit, branch: 'main', dirty: false });
});

test.skipIf(process.platform === 'win32')("a repository's own settings start no program", async () => {
  const { folder, git } = withCommit();
  const trap = join(folder, '..', `trap-${process.pid}`);
  writeFileSync(trap, `#!/bin/sh\ntouch "${trap}.sprung"\n`);
  chmodSync(trap, 0o755);
  onTestFinished(() => {
    for (const path of [trap, `${trap}.sprung`]) rmSync(path, { force: true });
  });
  git('config', 'core.fsmonitor', trap);
  git('config', 'diff.external', trap);
  git('config', 'core.pager', trap);
  git('config', 'pager.diff', trap);
  writeFileSync(join(folder, 'a.txt'), 'two\n');
  expect(await readGit(folder)).toMatchObject({ dirty: true });
  expect(existsSync(`${trap}.sprung`)).toBe(false);
});
