import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { writeLoans } from '../support/loans.js';
import { BINARY, cleanEnvironment, folderForFile, refuse, riskops, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

// Windows needs the sh of Git there; the script is the same, and what is asserted of paths and signals is not.
describe.skipIf(process.platform === 'win32')('the pre-push hook', () => {
  /** A project with a current model, and one whose newest candidate the gate rejects. */
  const sound = join(folderForFile(), 'sound');
  const rejected = join(folderForFile(), 'rejected');

  beforeAll(async () => {
    mkdirSync(sound, { recursive: true });
    mkdirSync(dirname(rejected), { recursive: true });
    writeLoans(sound);
    await succeed(sound, ['init', '--data', 'loans.csv', '--target', 'default']);
    await succeed(sound, ['train', '--learner', 'logistic', '--promote']);
    cpSync(sound, rejected, { recursive: true });
    await succeed(rejected, ['train', '--learner', 'dummy']);
  }, 30_000);

  /** A repository with a bare remote and one commit to push; the project lies in a folder below its top. */
  function repository(project?: string): { top: string; work: string; remote: string } {
    const folder = temporaryFolder();
    const [top, remote] = [join(folder, 'my repo 저장소'), join(folder, 'remote.git')];
    const work = join(top, "Jo's 모델");
    git(folder, ['init', '--bare', '--quiet', remote]);
    git(folder, ['init', '--quiet', '--initial-branch=main', top]);
    if (project) cpSync(project, work, { recursive: true });
    mkdirSync(join(work, 'node_modules', '.bin'), { recursive: true });
    replaceRiskops(work, `exec '${process.execPath}' '${BINARY}' "$@"`);
    writeFileSync(join(top, '.gitignore'), 'node_modules\ndata\nartifacts\n');
    git(top, ['remote', 'add', 'origin', remote]);
    git(top, ['add', '.']);
    git(top, ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'first']);
    return { top, work, remote };
  }

  function git(folder: string, words: string[], environment: Record<string, string> = {}) {
    const { status, stdout, stderr } = spawnSync('git', words, {
      cwd: folder,
      env: { ...cleanEnvironment(environment), GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
      encoding: 'utf8',
    });
    return { status, said: `${stdout}${stderr}` };
  }

  const push = (top: string, environment?: Record<string, string>, words: string[] = ['main']) =>
    git(top, ['push', 'origin', ...words], environment);
  const branches = (remote: string) =>
    git(remote, ['branch', '--list', '--format=%(refname:short)']).said.split('\n').filter(Boolean);
  const install = (work: string) => succeed<{ path: string; changed: boolean }>(work, ['hooks', 'install']);

  /** Puts another program in the place of the project's riskops. */
  function replaceRiskops(work: string, script: string): void {
    const path = join(work, 'node_modules', '.bin', 'riskops');
    spawnSync('rm', [path]);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  test('lets a sound project pass, and one without any model', async () => {
    for (const project of [sound, undefined]) {
      const { top, work, remote } = repository(project);
      await install(work);
      expect(push(top)).toMatchObject({ status: 0 });
      expect(branches(remote)).toEqual(['main']);
    }
  });

  test('stops a push for a rejected candidate, says how to skip it, and can be skipped', async () => {
    const { top, work, remote } = repository(rejected);
    await install(work);
    const stopped = push(top);
    expect(stopped.status).not.toBe(0);
    expect(stopped.said).toMatch(
      /FAILED +gate loans[\s\S]*riskops: failed: gate loans\n.*RISKOPS_SKIP_PRE_PUSH=1 git push.*--no-verify/,
    );
    expect(branches(remote)).toEqual([]);
    expect(push(top, { RISKOPS_SKIP_PRE_PUSH: '0' }).status).not.toBe(0);
    expect(push(top, { RISKOPS_SKIP_PRE_PUSH: '1' })).toMatchObject({
      status: 0,
      said: expect.stringContaining('skipped'),
    });
    expect(push(top, {}, ['--no-verify', 'main:other'])).toMatchObject({ status: 0 });
    expect(branches(remote)).toEqual(['main', 'other']);
    // A push that only deletes brings nothing to check.
    expect(push(top, {}, ['--delete', 'other'])).toMatchObject({ status: 0 });
    expect(branches(remote)).toEqual(['main']);
  });

  test('an undecided gate warns, and stops only where the config says so', async () => {
    const { top, work, remote } = repository(sound);
    await install(work);
    await succeed(work, ['train', '--learner', 'logistic', '--seed', '5']);
    expect(push(top)).toMatchObject({
      status: 0,
      said: expect.stringContaining('the gate is undecided; the push goes on'),
    });
    const config = join(work, 'riskops.config.mjs');
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('default {', "default {\n  ci: { undecided: 'fail' },"),
    );
    expect(push(top, {}, ['main:again'])).toMatchObject({
      said: expect.stringContaining('riskops: failed: gate loans'),
    });
    expect(branches(remote)).toEqual(['main']);
  });

  describe('what is no verdict lets the push pass with a warning', () => {
    test('a store that a newer riskops wrote', async () => {
      const { top, work } = repository(sound);
      await install(work);
      const raw = openConnection(join(work, 'data', 'riskops.db'));
      raw.pragma('user_version = 999');
      raw.close();
      expect(push(top)).toMatchObject({
        status: 0,
        said: expect.stringMatching(/newer riskops[\s\S]*exit code 78/),
      });
    });

    test('whatever the checks end with that is no failed check', async () => {
      const { top, work, remote } = repository();
      await install(work);
      const ends: [string, RegExp][] = [
        ...[2, 70, 74, 75, 78].map((code): [string, RegExp] => [
          `exit ${code}`,
          new RegExp(`exit code ${code}`),
        ]),
        // Node itself, a shell and a package runner also end with 1.
        ['echo "Cannot find module" >&2; exit 1', /exit code 1\)/],
        ['kill -9 $$', /exit code 137/],
        ['kill $$', /exit code 143/],
      ];
      for (const [number, [script, said]] of ends.entries()) {
        replaceRiskops(work, script);
        const pushed = push(top, {}, [`main:b${number}`]);
        expect(pushed).toMatchObject({ status: 0, said: expect.stringMatching(said) });
        expect(pushed.said).toContain('the push goes on unchecked');
      }
      expect(branches(remote)).toHaveLength(ends.length);
    });

    test('no riskops anywhere', async () => {
      const { top, work } = repository();
      const { path } = await install(work);
      spawnSync('rm', [join(work, 'node_modules', '.bin', 'riskops')]);
      // The one that installed the hook still answers.
      expect(push(top)).toMatchObject({ status: 0, said: expect.stringMatching(/skipped +config/) });
      writeFileSync(path, readFileSync(path, 'utf8').replace(/^program=.*$/m, "program='/nowhere'"));
      expect(push(top, {}, ['main:b'])).toMatchObject({
        status: 0,
        said: expect.stringContaining('not found here'),
      });
    });
  });

  test('Ctrl-C ends the push, and nothing of it goes on', async () => {
    const { top, work, remote } = repository();
    await install(work);
    const [begun, ended] = [join(work, 'begun'), join(work, 'ended')];
    replaceRiskops(
      work,
      "trap 'touch ended; exit 130' INT; touch begun; n=0; while [ $n -lt 100 ]; do sleep .1; n=$((n+1)); done",
    );
    // A group of its own, as a terminal gives to what runs in the foreground.
    const child = spawn('git', ['push', 'origin', 'main'], {
      cwd: top,
      env: cleanEnvironment(),
      detached: true,
      stdio: 'ignore',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const finished = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
    await expect.poll(() => existsSync(begun), { timeout: 5_000 }).toBe(true);
    process.kill(-(child.pid as number), 'SIGINT');
    expect(await finished).not.toBe(0);
    await expect.poll(() => existsSync(ended), { timeout: 5_000 }).toBe(true);
    expect(branches(remote)).toEqual([]);
  });

  test('a hook that was there is called first, with the same words and input, and comes back byte for byte', async () => {
    const { top, work, remote } = repository(sound);
    const path = join(top, '.git', 'hooks', 'pre-push');
    const own = '#!/bin/sh\n# 회사 hook\nprintf "%s|" "$@" > seen\ncat >> seen\n[ ! -e refuse ]\n';
    writeFileSync(path, own);
    chmodSync(path, 0o751);
    expect(await install(work)).toMatchObject({ changed: true });
    expect(await install(work)).toMatchObject({ changed: false });
    expect(await succeed(work, ['hooks', 'status'])).toMatchObject({
      installed: true,
      up_to_date: true,
      other: false,
    });
    expect(push(top)).toMatchObject({ status: 0 });
    expect(readFileSync(join(top, 'seen'), 'utf8')).toMatch(
      /^origin\|.*remote\.git\|refs\/heads\/main [0-9a-f]{40} refs\/heads\/main 0{40}\n$/,
    );
    writeFileSync(join(top, 'refuse'), '');
    expect(push(top, { RISKOPS_SKIP_PRE_PUSH: '1' }, ['main:b']).status).not.toBe(0);
    expect(branches(remote)).toEqual(['main']);
    for (const put_back of [true, false]) {
      expect(await succeed(work, ['hooks', 'uninstall'])).toMatchObject({ removed: put_back, put_back });
      expect(readFileSync(path, 'utf8')).toBe(own);
      expect(statSync(path).mode & 0o777).toBe(0o751);
    }
    expect(await succeed(work, ['hooks', 'status'], { exitCode: 1 })).toMatchObject({
      installed: false,
      other: true,
    });
  });

  test('an installation that was cut off between its two steps is finished by the next one', async () => {
    const { top, work } = repository();
    const [path, kept] = ['pre-push', 'pre-push.kept-by-riskops'].map((name) =>
      join(top, '.git', 'hooks', name),
    );
    writeFileSync(kept, '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    await install(work);
    expect(push(top).status).not.toBe(0);
    await succeed(work, ['hooks', 'uninstall']);
    expect([existsSync(kept), readFileSync(path, 'utf8')]).toEqual([false, '#!/bin/sh\nexit 3\n']);
  });

  test('works in a linked work tree, and where git names its folder in the environment', async () => {
    const { top, work, remote } = repository(rejected);
    await install(work);
    const linked = join(top, '..', 'linked tree');
    git(top, ['worktree', 'add', '--quiet', '-b', 'side', linked]);
    cpSync(join(work, 'data'), join(linked, "Jo's 모델", 'data'), { recursive: true });
    cpSync(join(work, 'artifacts'), join(linked, "Jo's 모델", 'artifacts'), { recursive: true });
    expect(push(linked, {}, ['side'])).toMatchObject({ said: expect.stringContaining('failed: gate loans') });
    const named = { GIT_DIR: join(top, '.git'), GIT_WORK_TREE: top };
    expect(push(top, named)).toMatchObject({ said: expect.stringContaining('failed: gate loans') });
    expect(branches(remote)).toEqual([]);
    expect(await succeed(join(linked, "Jo's 모델"), ['hooks', 'status'])).toMatchObject({ installed: true });
  });

  test('goes where core.hooksPath says, but not into a folder that others share or that husky writes', async () => {
    const { top, work } = repository();
    git(top, ['config', 'core.hooksPath', '.githooks']);
    expect((await install(work)).path).toBe(join(top, '.githooks', 'pre-push'));
    expect(push(top)).toMatchObject({ status: 0, said: expect.stringMatching(/skipped +config/) });
    git(top, ['config', 'core.hooksPath', '.husky/_']);
    await refuse(work, ['hooks', 'install'], 'HOOK_REFUSED');
    const shared = temporaryFolder();
    git(top, ['config', 'core.hooksPath', shared]);
    expect((await refuse(work, ['hooks', 'install'], 'HOOK_REFUSED')).hint).toContain('--force');
    await succeed(work, ['hooks', 'install', '--force']);
    expect(existsSync(join(shared, 'pre-push'))).toBe(true);
  });

  test('outside of a repository it says so', async () => {
    const folder = temporaryFolder();
    for (const word of ['install', 'uninstall', 'status'])
      await refuse(folder, ['hooks', word], 'GIT_REPOSITORY_NOT_FOUND');
    expect((await riskops(folder, ['hooks'])).exitCode).toBe(2);
  });
});
