import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../src/commands/all.js';
import { completionScripts } from '../../src/commands/completion-scripts.js';
import { openStore } from '../../src/storage/open-store.js';
import { placesIn } from '../storage/rows.js';
import { writeLoans } from '../support/loans.js';
import { BINARY, cleanEnvironment, folderForFile, refuse, riskops, succeed } from '../support/riskops.js';

const folder = folderForFile();
const bin = join(folder, 'bin');
let scripts: Awaited<ReturnType<typeof completionScripts>>;
let run = '';

beforeAll(async () => {
  scripts = await completionScripts();
  mkdirSync(bin);
  // As npm installs it.
  writeFileSync(join(bin, 'riskops'), `#!/bin/sh\nexec '${process.execPath}' '${BINARY}' "$@"\n`, {
    mode: 0o755,
  });
  writeLoans(folder);
  await succeed(folder, ['init', '--data', 'loans.csv', '--target', 'default', '--model', '대출']);
  run = (await succeed<{ run_id: string }>(folder, ['train', '--learner', 'dummy'])).run_id.slice(0, 8);
});

const hasShell = (name: string) => spawnSync(name, ['-c', 'exit 0']).status === 0;

/** What bash offers for the last of these words, with the script as `.bashrc` would read it. */
function offered(words: string[]): string[] {
  const line = ['riskops', ...words];
  const quoted = line.map((word) => `'${word}'`).join(' ');
  const script = `${scripts.bash}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${line.length - 1}\n_riskops\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
    cwd: folder,
    env: { ...cleanEnvironment(), PATH: `${bin}:${process.env['PATH']}` },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

describe.skipIf(process.platform === 'win32' || !hasShell('bash'))('bash', () => {
  test('offers commands, their second words and their flags', () => {
    const names = commands.map(({ name }) => name);
    expect(offered([''])).toEqual(expect.arrayContaining(names.map((name) => name.split(' ')[0])));
    expect(offered(['roll'])).toEqual(['rollback']);
    expect(offered(['hooks', ''])).toEqual(['install', 'uninstall', 'status']);
    expect(offered(['promote', '--re'])).toEqual(['--reason']);
    expect(offered(['runs', 'list', '--mod'])).toEqual(['--model']);
    expect(offered(['unknown', '--'])).toEqual([]);
  });

  test('offers the words that a flag takes, and names from the store', () => {
    expect(offered(['train', '--task', ''])).toEqual(['binary', 'multiclass', 'regression']);
    expect(offered(['train', '--learner', 'r'])).toEqual(['ridge', 'random-forest']);
    expect(offered(['completion', ''])).toEqual(['bash', 'zsh', 'fish']);
    expect(offered(['gate', '--model', ''])).toEqual(['대출']);
    expect(offered(['models', 'show', '대'])).toEqual(['대출']);
    expect(offered(['runs', 'show', run.slice(0, 3)])).toEqual([run]);
    expect(offered(['runs', 'show', 'zz'])).toEqual([]);
    // Text of the user's own, and files, which bash itself offers.
    expect(offered(['promote', '--reason', ''])).toEqual([]);
    expect(offered(['predict', '--file', ''])).toEqual([]);
  });

  test('a name in the store that is a command of the shell is neither offered nor run', async () => {
    const store = await openStore(placesIn(folder), { mode: 'write' });
    const name = '$(touch ran)';
    await store.write((t) =>
      t.insertInto('models').values({ name, created_at: new Date().toISOString() }).execute(),
    );
    expect(offered(['gate', '--model', ''])).toEqual(['대출']);
    expect(spawnSync('ls', [join(folder, 'ran')]).status).not.toBe(0);
    await store.write((t) => t.deleteFrom('models').where('name', '=', name).execute());
    await store.close();
  });
});

test.for(['zsh', 'fish'] as const)('the script for %s is one that this shell can read', (shell, context) => {
  context.skip(!hasShell(shell), `there is no ${shell} on this machine`);
  const path = join(folder, `riskops.${shell}`);
  writeFileSync(path, scripts[shell]);
  expect(spawnSync(shell, ['-n', path], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});

test('the printed script is the one that was built; names come without an error, whatever state the project is in', async () => {
  const printed = await riskops(folder, ['completion', 'bash']);
  expect(printed).toEqual({ exitCode: 0, stdout: scripts.bash, stderr: '' });
  await refuse(folder, ['completion', 'tcsh'], 'USAGE');
  const broken = join(folder, 'broken');
  mkdirSync(join(broken, 'data'), { recursive: true });
  writeFileSync(join(broken, 'data', 'riskops.db'), 'not a database');
  for (const config of ['export default {};', 'export default {']) {
    writeFileSync(join(broken, 'riskops.config.mjs'), config);
    expect(await riskops(broken, ['completion', '--complete', 'runs'])).toEqual({
      exitCode: 0,
      stdout: '\n',
      stderr: '',
    });
    expect(await riskops(broken, ['completion', 'fish'])).toMatchObject({ exitCode: 0, stderr: '' });
  }
});
