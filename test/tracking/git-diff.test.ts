import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diffCommits } from '../../src/tracking/git-diff.js';
import { temporaryFolder } from '../support/temporary.js';
import { repository } from './tracking-support.js';

function commit(git: (...args: string[]) => string, what: string): string {
  git('add', '--all');
  git('commit', '--quiet', '--message', what);
  return git('rev-parse', 'HEAD');
}

function twoCommits() {
  const { folder, git } = repository();
  writeFileSync(join(folder, '학습.py'), 'depth = 4\nrate = 0.1\n');
  writeFileSync(join(folder, 'raw.bin'), Buffer.from([0, 1, 2, 255]));
  const first = commit(git, 'first');
  writeFileSync(join(folder, '학습.py'), 'depth = 6\nrate = 0.1\nseed = 1\n');
  writeFileSync(join(folder, 'raw.bin'), Buffer.from([0, 1, 2, 254]));
  const second = commit(git, 'second');
  return { folder, git, first, second };
}

test('the files that differ, with their lines, and the diff when it is asked for', async () => {
  const { folder, first, second } = twoCommits();
  const short = await diffCommits(folder, first, second);
  expect(short).toMatchObject({ why: null, filesCut: false, diff: null });
  expect(short.files).toEqual([
    { path: 'raw.bin', added: null, removed: null },
    { path: '학습.py', added: 2, removed: 1 },
  ]);
  const { diff, diffCut } = await diffCommits(folder, first, second, { whole: true });
  expect(diffCut).toBe(false);
  expect(diff).toContain('-depth = 4\n+depth = 6\n');
  expect(diff).toContain('--- a/학습.py\n+++ b/학습.py\n');
  expect((await diffCommits(folder, second, second)).files).toEqual([]);
});

test('a commit that the repository does not have, and what is no commit, are told', async () => {
  const { folder, first } = twoCommits();
  const unknown = 'f'.repeat(40);
  expect((await diffCommits(folder, first, unknown)).why).toContain('has no commit ffffffffffff');
  for (const word of ['--output=evil', 'main', 'HEAD'])
    expect((await diffCommits(folder, first, word)).why).toBe(
      `the repository here has no commit ${word.slice(0, 12)}`,
    );
  expect((await diffCommits(temporaryFolder(), first, first)).why).toContain('has no commit');
  expect(existsSync(join(folder, 'evil'))).toBe(false);
});

test.skipIf(process.platform === 'win32')(
  'nothing that the settings of the repository name is started',
  async () => {
    const { folder, git, first, second } = twoCommits();
    const ran = join(folder, 'ran');
    const program = join(folder, 'program.sh');
    writeFileSync(program, `#!/bin/sh\necho x >> '${ran}'\ncat "$1" 2>/dev/null\n`, { mode: 0o755 });
    for (const [key, value] of [
      ['diff.external', program],
      ['diff.py.command', program],
      ['diff.py.textconv', program],
      ['core.fsmonitor', program],
      ['core.pager', program],
      ['pager.diff', program],
      ['interactive.diffFilter', program],
      ['diff.noprefix', 'true'],
      ['diff.mnemonicPrefix', 'true'],
      ['color.ui', 'always'],
    ])
      git('config', key, value);
    writeFileSync(join(folder, '.git', 'info', 'attributes'), '*.py diff=py\n');
    const { diff, files } = await diffCommits(folder, first, second, { whole: true });
    expect(files.map(({ path }) => path)).toContain('학습.py');
    expect(diff).toContain('+++ b/학습.py\n');
    expect(diff).not.toContain('\u001b');
    expect(existsSync(ran)).toBe(false);
  },
);

test('a diff without end ends at its limit', async () => {
  const { folder, git, second } = twoCommits();
  writeFileSync(join(folder, 'large.txt'), 'a line of a large file\n'.repeat(250_000));
  const third = commit(git, 'large');
  const { diff, diffCut, files } = await diffCommits(folder, second, third, { whole: true });
  expect({ diffCut, length: Buffer.byteLength(diff ?? '') }).toEqual({ diffCut: true, length: 4 << 20 });
  expect(files).toEqual([{ path: 'large.txt', added: 250_000, removed: 0 }]);
});
