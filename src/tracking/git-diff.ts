import { runGit } from './git.js';

/** A file that differs between two commits. */
export interface ChangedFile {
  path: string;
  /** Lines; null for a file that is not text. */
  added: number | null;
  removed: number | null;
}

/** What git says of the way from one commit to another. */
export interface CommitDiff {
  /** Why there is no diff; null when there is one. */
  why: string | null;
  files: ChangedFile[];
  /** Whether there are more files than are listed. */
  filesCut: boolean;
  /** As `git diff` writes it; null when it was not asked for. */
  diff: string | null;
  /** Whether `diff` is longer than its limit, and ends in the middle. */
  diffCut: boolean;
}

const DIFF_LIMIT = 4 << 20;
const LIST_LIMIT = 1 << 20;
const MOST_FILES = 1000;

/**
 * A repository may name programs in its settings for diffs, text conversion and submodules: none of them is started. The order of the
 * files and the prefixes are git's own, whatever the settings say.
 */
const PLAIN = [
  ...['--no-color', '--no-ext-diff', '--no-textconv', '--no-relative', '--submodule=short', '-O/dev/null'],
  ...['--src-prefix=a/', '--dst-prefix=b/', '--diff-algorithm=histogram', '--no-renames'],
];

/**
 * The difference between two commits in the repository of `cwd`, in processes of at most five seconds each.
 * @param whole also the diff itself, up to 4 MiB
 */
export async function diffCommits(
  cwd: string,
  from: string,
  to: string,
  { whole = false }: { whole?: boolean } = {},
): Promise<CommitDiff> {
  const nothing = { files: [], filesCut: false, diff: null, diffCut: false };
  const unknown = await firstUnknown(cwd, [from, to]);
  if (unknown !== undefined)
    return { ...nothing, why: `the repository here has no commit ${unknown.slice(0, 12)}` };
  const listed = await runGit(cwd, LIST_LIMIT, diffWords(['--numstat', '-z'], from, to));
  if (listed === undefined) return { ...nothing, why: 'git did not answer within its time' };
  const files = parseNumstat(Buffer.from(listed.output).toString('utf8'), listed.cut);
  const shown = { files: files.slice(0, MOST_FILES), filesCut: listed.cut || files.length > MOST_FILES };
  if (!whole) return { ...nothing, ...shown, why: null };
  const diff = await runGit(cwd, DIFF_LIMIT, diffWords([], from, to));
  if (diff === undefined) return { ...nothing, ...shown, why: 'git did not write the diff within its time' };
  return { ...shown, why: null, diff: Buffer.from(diff.output).toString('utf8'), diffCut: diff.cut };
}

/** Nothing is fetched: a repository that keeps a part of its objects elsewhere answers from what it has. */
const diffWords = (words: string[], from: string, to: string) => [
  ...['-c', 'protocol.allow=never', 'diff', ...PLAIN, ...words, from, to, '--'],
];

/** What is on record as a commit may have come with an archive: only hex is ever given to git. */
async function firstUnknown(cwd: string, commits: string[]): Promise<string | undefined> {
  for (const commit of commits) {
    if (!/^[0-9a-f]{40,64}$/.test(commit)) return commit;
    const words = ['-c', 'protocol.allow=never', 'rev-parse', '--quiet', '--verify', `${commit}^{commit}`];
    if ((await runGit(cwd, 1024, words)) === undefined) return commit;
  }
  return undefined;
}

/** `added TAB removed TAB path NUL`, `-` for both where the file is not text. */
function parseNumstat(text: string, cut: boolean): ChangedFile[] {
  const entries = text.split('\0').slice(0, -1);
  const whole = cut ? entries.slice(0, -1) : entries;
  return whole.map((entry) => {
    const [added, removed, ...path] = entry.split('\t');
    const count = (cell: string) => (cell === '-' ? null : Number(cell));
    return { path: path.join('\t'), added: count(added), removed: count(removed) };
  });
}
