import type { Store } from '../storage/store.js';
import { type CommitDiff, diffCommits } from './git-diff.js';
import { readArtifact } from './read-artifact.js';
import type { RunRow } from './run-records.js';

/** What a run's commit alone does not tell. */
export interface UncommittedCode {
  /** Of the kept `git.diff`; null when tracked files were as committed. */
  diff_sha256: string | null;
  /** The kept diff itself; null when it was not asked for, or there is none. */
  diff: string | null;
  /** Why the kept diff cannot be read. */
  why: string | null;
  untracked: string[];
}

export interface CodeComparison {
  commits: [string | null, string | null];
  branches: [string | null, string | null];
  dirty: [boolean | null, boolean | null];
  /** Commit, kept changes and untracked names are the same; null where a run recorded no commit. */
  same: boolean | null;
  /** null when the commits are the same, or one is not known. */
  between: CommitDiff | null;
  uncommitted: [UncommittedCode, UncommittedCode];
}

/**
 * How the code of two runs differs: the commits through the repository of `cwd`, and what each run kept of changes that were not
 * committed.
 * @param whole with the diffs themselves
 */
export async function compareCode(
  store: Store,
  [a, b]: [RunRow, RunRow],
  cwd: string,
  whole: boolean,
): Promise<CodeComparison> {
  const uncommitted: [UncommittedCode, UncommittedCode] = [
    await uncommittedOf(store, a, whole),
    await uncommittedOf(store, b, whole),
  ];
  const commits: CodeComparison['commits'] = [a.git_commit, b.git_commit];
  const known = commits[0] !== null && commits[1] !== null;
  const [was, is] = uncommitted.map(({ diff_sha256, untracked }) => JSON.stringify([diff_sha256, untracked]));
  const between =
    known && commits[0] !== commits[1]
      ? await diffCommits(cwd, commits[0] as string, commits[1] as string, { whole })
      : null;
  const dirty = (row: RunRow) => (row.git_dirty === null ? null : row.git_dirty === 1);
  return {
    commits,
    branches: [a.git_branch, b.git_branch],
    dirty: [dirty(a), dirty(b)],
    same: known ? commits[0] === commits[1] && was === is : null,
    between,
    uncommitted,
  };
}

const MOST_UNTRACKED = 1000;

async function uncommittedOf(store: Store, { run_id }: RunRow, whole: boolean): Promise<UncommittedCode> {
  const kept = await store.db
    .selectFrom('artifacts')
    .select(['path', 'sha256'])
    .where('run_id', '=', run_id)
    .where('path', 'in', ['git.diff', 'git.untracked.txt'])
    .execute();
  const has = (path: string) => kept.find((artifact) => artifact.path === path);
  const diff = whole && has('git.diff') ? await readArtifact(store, run_id, 'git.diff') : null;
  const names = has('git.untracked.txt') ? await readArtifact(store, run_id, 'git.untracked.txt') : null;
  const untracked = names?.bytes?.toString('utf8').split('\n').filter(Boolean) ?? [];
  return {
    diff_sha256: has('git.diff')?.sha256 ?? null,
    diff: diff?.bytes?.toString('utf8') ?? null,
    why: diff?.why ?? names?.why ?? null,
    untracked: untracked.slice(0, MOST_UNTRACKED),
  };
}
