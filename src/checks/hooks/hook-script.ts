/** What tells our hook from another. The number grows when the text changes its meaning. */
const MARK = '# riskops pre-push hook 1';

/** The name that a hook gets which was there before ours. */
export const KEPT_NAME = 'pre-push.kept-by-riskops';

export interface HookOptions {
  /** The project below the top of the work tree, with `/`; empty at the top. */
  project: string;
  /** The Node and the program that installed the hook: used where no other riskops is found. */
  node: string;
  program: string;
}

export const isOurHook = (text: string) =>
  text.split('\n', 3).some((line) => line.startsWith('# riskops pre-push hook '));

/** The text without what differs from one installation of Node to the next. */
export const withoutPaths = (text: string) => text.replaceAll(/^(node|program)=.*$/gm, '');

/** Text as one word of sh, whatever is in it. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * The pre-push hook, for every POSIX sh. It stops a push for one reason alone: `riskops ci --quick` ended with 1 and said in
 * its last line that a check failed. An exit code by itself proves nothing: a shell, Node or a package runner that cannot start also ends with 1.
 */
export function hookScript({ project, node, program }: HookOptions): string {
  return `#!/bin/sh
${MARK}
# Written by riskops hooks install, taken out by riskops hooks uninstall.
# Skip it once with RISKOPS_SKIP_PRE_PUSH=1, or with git push --no-verify.
say() { printf 'riskops: %s\\n' "$1" >&2; }

# A hook that was here before goes first, with the same arguments and the same input; when it fails, so does the push.
# The x keeps the last line break, which the shell would drop.
input=$(cat; printf x)
input=\${input%x}
kept=$(dirname "$0")/${KEPT_NAME}
if [ -x "$kept" ]; then
  printf '%s' "$input" 2>/dev/null | "$kept" "$@" || exit
fi

case \${RISKOPS_SKIP_PRE_PUSH:-0} in
  0) ;;
  *) say 'skipped, as RISKOPS_SKIP_PRE_PUSH says'; exit 0 ;;
esac

# A push that only deletes branches, or nothing, brings nothing to check. A line: local name, local commit, remote name, remote commit.
brings=
while read -r name commit rest; do
  case $commit in *[!0]*) brings=yes ;; esac
done <<END
$input
END
[ -n "$brings" ] || exit 0

# git names the repository in variables, which would lead each git that the checks call to it.
names=$(git rev-parse --local-env-vars 2>/dev/null)
[ -n "$names" ] && unset $names
top=$(pwd)
cd "./"${quoted(project)} 2>/dev/null || exit 0

node=${quoted(node)}
program=${quoted(program)}
check() {
  if command -v node >/dev/null 2>&1; then
    for found in "node_modules/.bin/riskops" "$top/node_modules/.bin/riskops" "$(command -v riskops)"; do
      if [ -x "$found" ]; then "$found" ci --quick; return; fi
    done
  fi
  if [ -x "$node" ] && [ -f "$program" ]; then "$node" "$program" ci --quick; return; fi
  return 127
}

said=$(check </dev/null)
code=$?
last=$(printf '%s\\n' "$said" | tail -n 1)
case $code in
  0) exit 0 ;;
  1)
    case $last in
      'riskops ci: failed'*)
        say "\${last#riskops ci: }"
        say 'the push was stopped. To push all the same: RISKOPS_SKIP_PRE_PUSH=1 git push, or git push --no-verify'
        exit 1
        ;;
    esac
    ;;
  3) say 'the gate is undecided; the push goes on'; exit 0 ;;
  127) say 'not found here; the push goes on unchecked. To mend: npm install, then riskops hooks install'; exit 0 ;;
  130) say 'stopped by Ctrl-C, and the push with it'; exit 130 ;;
esac
say "the checks could not be carried out (exit code $code); the push goes on unchecked"
exit 0
`;
}
