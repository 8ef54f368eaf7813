import { dirname } from 'node:path';
import type { StorePlaces } from '../storage/store.js';
import { readGit } from '../tracking/git.js';
import type { GitState } from './context.js';

/** The state of the project's repository, asked for once: null when there is none, or no git. */
export function gitReader({ artifacts }: StorePlaces): () => Promise<GitState | null> {
  let asked: Promise<GitState | null> | undefined;
  const ask = async () => {
    const { commit, branch, dirty } = await readGit(dirname(artifacts));
    return commit === null ? null : { commit, branch, dirty };
  };
  return () => (asked ??= ask().catch(() => null));
}
