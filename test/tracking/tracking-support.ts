import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { openStore } from '../../src/storage/open-store.js';
import type { Store } from '../../src/storage/store.js';
import { placesIn } from '../storage/rows.js';
import { temporaryFolder } from '../support/temporary.js';

export interface Workplace {
  folder: string;
  store: Store;
}

/** A new folder with an open store in it, outside of any repository. */
export async function workplace(folder = temporaryFolder()): Promise<Workplace> {
  const store = await openStore(placesIn(folder), { mode: 'write' });
  onTestFinished(() => store.close());
  return { folder, store };
}

/** A new repository on branch main, without a commit. */
export function repository(): { folder: string; git: (...args: string[]) => string } {
  const folder = temporaryFolder();
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  const git = (...args: string[]) =>
    execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
  git('init', '--quiet', '--initial-branch=main');
  return { folder, git };
}
