import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { writeLoans } from '../support/loans.js';
import { BINARY, cleanEnvironment } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

/** A command that opens the database. */
const TRAIN = ['train', '--data', 'loans.csv', '--target', 'default', '--learner', 'dummy'];

/** Runs the binary in a process that takes itself for a Node of `version`, and says at its end whether the native database module was loaded. */
function runOn(version: string, words: readonly string[] = TRAIN) {
  const folder = temporaryFolder();
  writeLoans(folder);
  const pretend = `
    Object.defineProperty(process.versions, 'node', { value: '${version}' });
    process.on('exit', () => {
      const native = process.report.getReport().sharedObjects.filter((path) => path.includes('better_sqlite3'));
      process.stdout.write('native modules: ' + native.length + '\\n');
    });`;
  const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', preload, BINARY, ...words], {
    cwd: folder,
    env: cleanEnvironment(),
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test.each(['12.22.0', '18.20.4', '20.18.3'])(
  'Node %s: one sentence, exit 78, before a native module is loaded',
  (version) => {
    expect(runOn(version)).toEqual({
      status: 78,
      stdout: 'native modules: 0\n',
      stderr: `riskops needs Node 20.19 or newer, and this is ${version}: install a newer Node from nodejs.org.\n`,
    });
  },
);

test.each(['20.19.0', '22.0.0', '100.1.0'])('Node %s is new enough', (version) => {
  const { status, stderr } = runOn(version, ['--version']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('the same command on this Node loads it, so the tests above could see it', () => {
  expect(runOn(process.versions.node).stdout).toContain('native modules: 1');
});
