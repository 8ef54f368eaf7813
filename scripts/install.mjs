// The install that check and demo share: npm ci when package-lock.json is newer than what is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The path of a package's own script, without a shell between. */
export const bin = (name, script) => join(root, 'node_modules', ...name.split('/'), ...script.split('/'));

/** Runs a program and ends this one with its exit code when it fails. */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Is the database module there, and does it open a database? Asked in a process of its own: a bad build may crash. */
function databaseWorks() {
  const test = "const D = require('better-sqlite3'); new D(':memory:').prepare('select 1').get()";
  return spawnSync(process.execPath, ['-e', test], { cwd: root, stdio: 'ignore' }).status === 0;
}

function isFresh() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  return (
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  );
}

/** Installs the locked dependencies; says what is missing when the database module can be neither fetched nor built. */
export function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(
      `riskops needs Node 20.19 or newer, and this is ${process.versions.node}: install a newer Node from nodejs.org.`,
    );
    process.exit(78);
  }
  if (isFresh() && databaseWorks()) return;
  console.log('== install (npm ci)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (result.status === 0 && databaseWorks()) return;
  if (result.status === 0 || !existsSync(join(root, 'node_modules', 'better-sqlite3', 'build')))
    explainDatabaseModule();
  process.exit(result.status || 1);
}

function explainDatabaseModule() {
  const need =
    {
      linux: 'a C++ compiler, make and Python 3 (Debian and Ubuntu: apt-get install g++ make python3)',
      darwin: "Apple's command line tools (xcode-select --install)",
      win32: 'the Visual Studio build tools with "Desktop development with C++", and Python 3',
    }[process.platform] ?? 'a C++ compiler, make and Python 3';
  console.error('Error: the database module better-sqlite3 is not usable.');
  console.error('Why:   its prebuilt file could not be fetched, and it could not be compiled here.');
  console.error(`Try:   install ${need}, then run this script again.`);
}
