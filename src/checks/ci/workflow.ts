import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { RiskopsError } from '../../errors.js';
import { writeFileDurably } from '../../util/files.js';
import { packageVersion } from '../../util/package.js';
import { askGit } from '../hooks/ask-git.js';
import { type PackageManager, packageManagerOf } from './package-scripts.js';

const INSTALL: Record<PackageManager, readonly string[]> = {
  npm: ['npm ci'],
  pnpm: ['corepack enable', 'pnpm install --frozen-lockfile'],
  yarn: ['corepack enable', 'yarn install --immutable'],
  bun: ['npm install --global bun', 'bun install --frozen-lockfile'],
};

/**
 * Writes `.github/workflows/riskops.yml` at the top of the repository that `root` is in (of `root`, where it is in none).
 * @returns its path
 * @throws ALREADY_EXISTS
 */
export async function writeWorkflow(root: string): Promise<string> {
  const top = (await askGit(root, ['rev-parse', '--show-toplevel'])) ?? root;
  const path = join(top, '.github', 'workflows', 'riskops.yml');
  if (existsSync(path))
    throw new RiskopsError('ALREADY_EXISTS', {
      what: `${path} is there already.`,
      why: 'It may have been edited, so it is not written over.',
      fix: `edit ${basename(path)}, or delete it and run: riskops ci --init github`,
    });
  const folder = relative(top, root).split(sep).join('/');
  writeFileDurably(path, workflowText(folder, commandsOf(root)));
  return path;
}

/** How the project's packages are installed, and riskops with them or by itself. */
function commandsOf(root: string): { install: readonly string[]; riskops: string } {
  const file = join(root, 'package.json');
  const alone = `npx --yes riskops@${packageVersion()}`;
  if (!existsSync(file)) return { install: [], riskops: alone };
  const { dependencies, devDependencies } = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  const isInstalled = Object.hasOwn({ ...dependencies, ...devDependencies }, 'riskops');
  return { install: INSTALL[packageManagerOf(root)], riskops: isInstalled ? 'npx riskops' : alone };
}

/** An expression of GitHub's: the system that the job runs on. */
const OS = `\${{ matrix.os }}`;

function workflowText(folder: string, { install, riskops }: ReturnType<typeof commandsOf>): string {
  return [
    '# Written by riskops ci --init github, and yours to edit: riskops does not write it again.',
    '# An undecided gate ends the job as a failed one does; `continue-on-error` or a larger holdout are the ways out.',
    'name: riskops',
    'on:',
    '  push:',
    '    branches: [main, master]',
    '  pull_request:',
    'permissions:',
    '  contents: read',
    'jobs:',
    '  riskops:',
    '    strategy:',
    '      fail-fast: false',
    '      matrix:',
    '        os: [ubuntu-latest, windows-latest, macos-latest]',
    `    runs-on: ${OS}`,
    '    timeout-minutes: 30',
    ...(folder === ''
      ? []
      : ['    defaults:', '      run:', `        working-directory: ${JSON.stringify(folder)}`]),
    '    steps:',
    '      - uses: actions/checkout@v4',
    '      - uses: actions/setup-node@v4',
    '        with:',
    '          node-version: 22',
    ...install.map((command) => `      - run: ${command}`),
    `      - run: ${riskops} ci --junit riskops-junit.xml`,
    '      - uses: actions/upload-artifact@v4',
    '        if: always()',
    '        with:',
    `          name: riskops-${OS}`,
    `          path: ${JSON.stringify(folder === '' ? 'riskops-junit.xml' : `${folder}/riskops-junit.xml`)}`,
    '',
  ].join('\n');
}
