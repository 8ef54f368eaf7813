import { lstatSync, realpathSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { RiskopsError } from '../../errors.js';
import { makeFolder } from '../../util/files.js';
import { printable } from '../../util/text.js';

/** Whether `folder` exists and lies, with all links followed, in `root` or is it. */
export function isInside(root: string, folder: string): boolean {
  try {
    const base = realpathSync(root);
    const real = realpathSync(folder);
    return real === base || real.startsWith(base.endsWith(sep) ? base : base + sep);
  } catch {
    return false;
  }
}

/**
 * Makes `folder` below `root`; a link on the way that leads out of `root` is not followed.
 * @throws ARTIFACT_KEY_INVALID
 */
export function makeFolderInside(root: string, folder: string, key: string): void {
  makeFolder(root);
  let there = folder;
  while (lstatSync(there, { throwIfNoEntry: false }) === undefined) there = dirname(there);
  if (!isInside(root, there)) {
    throw new RiskopsError('ARTIFACT_KEY_INVALID', {
      what: `"${printable(key)}" leads out of the artifacts folder`,
      why: 'a part of its path is a symbolic link',
    });
  }
  makeFolder(folder);
}
