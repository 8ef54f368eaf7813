/** The state of the code that a run came from. All null where git or a repository is missing. */
export interface GitState {
  commit: string | null;
  branch: string | null;
  /** Whether the work tree differs from the commit, untracked files included. */
  dirty: boolean | null;
  /** `git diff HEAD` as `git apply` takes it, when tracked files differ. */
  diff: Uint8Array | null;
  /** Whether `diff` was longer than its limit, and ends in the middle. */
  diffCut: boolean;
  /** Files, and folders as a whole, that git does not track and was not told to ignore. */
  untracked: string[];
}

const NO_GIT: GitState = {
  commit: null,
  branch: null,
  dirty: null,
  diff: null,
  diffCut: false,
  untracked: [],
};
const DIFF_LIMIT = 1 << 20;
const STATUS_LIMIT = 8 << 20;
const TIME_LIMIT_MS = 5000;

/**
 * What git says of `cwd`, in one or two processes of at most five seconds each. A repository's settings cannot make
 * git start another program here, and nothing in the repository is written.
 */
export async function readGit(cwd: string): Promise<GitState> {
  const status = await runGit(cwd, STATUS_LIMIT, [
    'status',
    '--porcelain=v2',
    '--branch',
    '-z',
    '--untracked-files=normal',
  ]);
  if (status === undefined || status.cut) return NO_GIT;
  const { changed, ...state } = parseStatus(Buffer.from(status.output).toString('utf8'));
  if (state.commit === null || !changed) return { ...NO_GIT, ...state };
  const diff = await runGit(cwd, DIFF_LIMIT, [
    'diff',
    'HEAD',
    '--binary',
    '--no-color',
    '--no-ext-diff',
    '--no-textconv',
    '--no-relative',
    '--src-prefix=a/',
    '--dst-prefix=b/',
  ]);
  return { ...state, diff: diff?.output ?? null, diffCut: diff?.cut ?? false };
}

/** Reads the format of git-status(1), "Porcelain Format Version 2", with NUL between entries. */
function parseStatus(text: string) {
  const entries = text.split('\0').filter((entry) => entry !== '');
  const header = (name: string) =>
    entries.find((entry) => entry.startsWith(`# ${name} `))?.slice(name.length + 3) ?? '';
  const commit = header('branch.oid');
  const branch = header('branch.head');
  // The old path of a rename stands alone after its entry; like all tracked changes it means only "changed" here.
  const untracked = entries.filter((entry) => entry.startsWith('? ')).map((entry) => entry.slice(2));
  const changed = entries.some((entry) => /^[12u] /.test(entry));
  return {
    commit: /^[0-9a-f]{40,64}$/.test(commit) ? commit : null,
    branch: branch === '' || branch === '(detached)' ? null : branch,
    dirty: changed || untracked.length > 0,
    untracked,
    changed,
  };
}

/** Set by hooks and scripts, these would make git answer for another repository than the one in `cwd`. */
const FOREIGN = [
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_INDEX_FILE', 'GIT_PREFIX', 'GIT_NAMESPACE'],
  ...['GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_CONFIG', 'GIT_CONFIG_PARAMETERS'],
  ...['GIT_CONFIG_COUNT', 'GIT_EXTERNAL_DIFF', 'GIT_DIFF_OPTS', 'GIT_SHALLOW_FILE', 'GIT_LITERAL_PATHSPECS'],
];

/** The output of git, undefined when it fails; `cut` when it was longer than `limit` bytes. */
export async function runGit(
  cwd: string,
  limit: number,
  args: string[],
): Promise<{ output: Uint8Array; cut: boolean } | undefined> {
  const { execa } = await import('execa');
  const result = await execa('git', ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false', ...args], {
    cwd,
    env: {
      ...Object.fromEntries(FOREIGN.map((name) => [name, undefined])),
      // Status would otherwise rewrite the index, and collide with a git that the user runs.
      GIT_OPTIONAL_LOCKS: '0',
      GIT_TERMINAL_PROMPT: '0',
      LC_ALL: 'C',
    },
    stdin: 'ignore',
    stderr: 'ignore',
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: limit,
    timeout: TIME_LIMIT_MS,
    reject: false,
  });
  if (result.failed && !result.isMaxBuffer) return undefined;
  return { output: result.stdout.subarray(0, limit), cut: result.isMaxBuffer };
}
