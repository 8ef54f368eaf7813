import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { RiskopsError } from '../../errors.js';
import { makeFolder, syncFolder } from '../../util/files.js';
import { packageRoot } from '../../util/package.js';
import { printable } from '../../util/text.js';
import { askGit } from './ask-git.js';
import { hookScript, isOurHook, KEPT_NAME, withoutPaths } from './hook-script.js';

export interface HookState {
  installed: boolean;
  /** The hook is as this riskops would write it, and git can start it. */
  up_to_date: boolean;
  path: string;
  /** The hook that was there before and is called first. */
  kept: string | null;
  /** Another hook stands at `path`. */
  other: boolean;
}

interface Place {
  /** Where git looks for the hook. */
  path: string;
  kept: string;
  /** What stands there now: null for nothing. */
  text: string | null;
  script: string;
  /** The folder that `core.hooksPath` names when it lies outside of the repository. */
  shared: string | null;
}

/** What a pre-push hook of `root`'s repository is. @throws GIT_REPOSITORY_NOT_FOUND */
export async function hookState(root: string): Promise<HookState> {
  return stateOf(await findPlace(root));
}

function stateOf({ path, kept, text, script }: Place): HookState {
  const installed = text !== null && isOurHook(text);
  return {
    installed,
    up_to_date: installed && withoutPaths(text) === withoutPaths(script) && canRun(path),
    path,
    kept: exists(kept) ? kept : null,
    other: text !== null && !installed,
  };
}

/**
 * Installs the pre-push hook, or brings it up to date. A hook that is there is moved aside, and called first from then on.
 * @param force also where `core.hooksPath` names a folder outside of the repository, which others may share
 * @returns what was found before
 * @throws GIT_REPOSITORY_NOT_FOUND, HOOK_REFUSED, STORE_IO
 */
export async function installHook(root: string, { force = false } = {}): Promise<HookState> {
  const place = await findPlace(root);
  const before = stateOf(place);
  if (before.up_to_date && place.text === place.script) return before;
  refuseManaged(place, force);
  makeFolder(dirname(place.path));
  if (before.other) {
    if (before.kept !== null) throw twoHooks(place);
    renameSync(place.path, place.kept);
  }
  // git would pass over a hook that may not be executed, so it gets its name when it may.
  const temporary = `${place.path}.riskops-new`;
  writeFileSync(temporary, place.script, { flush: true });
  chmodSync(temporary, 0o755);
  renameSync(temporary, place.path);
  syncFolder(dirname(place.path));
  return before;
}

/**
 * Takes the hook out, and puts the one back that was there before. Another hook than ours is not touched.
 * @returns what was found before
 * @throws GIT_REPOSITORY_NOT_FOUND, HOOK_REFUSED, STORE_IO
 */
export async function uninstallHook(root: string): Promise<HookState> {
  const place = await findPlace(root);
  const before = stateOf(place);
  if (before.other && before.kept !== null) throw twoHooks(place);
  if (before.other) return before;
  if (before.kept !== null) renameSync(place.kept, place.path);
  else rmSync(place.path, { force: true });
  if (before.installed || before.kept !== null) syncFolder(dirname(place.path));
  return before;
}

async function findPlace(root: string): Promise<Place> {
  const top = await askGit(root, ['rev-parse', '--show-toplevel']);
  if (top === null || top === '')
    throw new RiskopsError('GIT_REPOSITORY_NOT_FOUND', {
      what: `${printable(root, 500)} is in no git repository with a work tree.`,
      why: 'git is not installed, knows no repository here, or refuses it: git status says which.',
      fix: 'git init, then riskops hooks install',
    });
  // A relative core.hooksPath begins at the top of the work tree.
  const answered = async (words: string[]) => resolve(top, (await askGit(top, words)) ?? '.git/hooks');
  const folder = await answered(['rev-parse', '--git-path', 'hooks']);
  const common = await answered(['rev-parse', '--git-common-dir']);
  const path = join(folder, 'pre-push');
  const project = (await askGit(root, ['rev-parse', '--show-prefix'])) ?? '';
  return {
    path,
    kept: join(folder, KEPT_NAME),
    text: readHook(path),
    script: hookScript({
      project: project.replace(/\/$/, ''),
      node: process.execPath.split(sep).join('/'),
      program: join(packageRoot(), 'bin', 'riskops.js').split(sep).join('/'),
    }),
    shared: isInside(top, folder) || isInside(common, folder) ? null : folder,
  };
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way.split(sep)[0] !== '..';
}

/** The hook's text; for a link what it leads to. */
function readHook(path: string): string | null {
  if (!exists(path)) return null;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (lstatSync(path).isSymbolicLink()) return '';
    throw new RiskopsError('HOOK_REFUSED', {
      what: `${printable(path, 500)} cannot be read as a hook.`,
      why: printable((error as Error).message),
      fix: 'move it away, then: riskops hooks install',
      cause: error,
    });
  }
}

const exists = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Hooks that a tool writes anew, or that other repositories share, are not ours to change. */
function refuseManaged({ path, shared }: Place, force: boolean): void {
  const folder = dirname(path);
  if (basename(folder) === '_' && basename(dirname(folder)) === '.husky')
    throw new RiskopsError('HOOK_REFUSED', {
      what: 'The hooks of this repository are written by husky.',
      why: `It would write over ${printable(path, 500)} at the next install.`,
      fix: 'add this line to .husky/pre-push: riskops ci --quick || [ $? -ne 1 ]',
    });
  if (shared === null || force) return;
  throw new RiskopsError('HOOK_REFUSED', {
    what: `git looks for hooks in ${printable(shared, 500)}, outside of this repository.`,
    why: 'core.hooksPath says so, and a hook there runs for every repository that shares it.',
    fix: 'riskops hooks install --force, or: git config --local core.hooksPath .git/hooks',
  });
}

function twoHooks({ path, kept }: Place): RiskopsError {
  return new RiskopsError('HOOK_REFUSED', {
    what: `Another program has replaced the hook of riskops, and ${KEPT_NAME} is still there.`,
    why: `Only one of ${printable(path, 500)} and ${printable(kept, 500)} can be kept.`,
    fix: `keep one of the two as pre-push, delete ${KEPT_NAME}, then: riskops hooks install`,
  });
}
