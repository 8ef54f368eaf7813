import type { CommandWords, WordKind } from './completion-words.js';

/** Text as one word of a shell. */
export const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What the script calls a kind. */
const kindWord = (kind: WordKind) => (typeof kind === 'string' ? kind : `one of ${kind.join(' ')}`);

/** The first words, and under each group its second words. */
export function wordTree(commands: readonly CommandWords[]): {
  first: string[];
  groups: Map<string, string[]>;
} {
  const first = [...new Set(commands.map(({ name }) => name.split(' ')[0]))];
  const groups = new Map<string, string[]>();
  for (const { name } of commands) {
    const [group, word] = name.split(' ');
    if (word !== undefined) groups.set(group, [...(groups.get(group) ?? []), word]);
  }
  return { first, groups };
}

/** The branches of a `case` over `COMMAND FLAG`: what the flag's value is. Words of one kind share a branch. */
export function valueBranches(commands: readonly CommandWords[]): string[] {
  const byKind = new Map<string, string[]>();
  for (const { name, flags, argument } of commands) {
    const places = flags.map((flag) => ({ place: `${name} ${flag.name}`, kind: flag.value }));
    for (const { place, kind } of [...places, { place: `${name} word`, kind: argument }])
      if (kind !== undefined) byKind.set(kindWord(kind), [...(byKind.get(kindWord(kind)) ?? []), place]);
  }
  return [...byKind].map(([kind, places]) => `    ${places.map(quoted).join('|')}) kind=${quoted(kind)} ;;`);
}

/** The completion script for bash 3.2 and later. Names from the store are compared as they are, never evaluated. */
export function bashScript(commands: readonly CommandWords[]): string {
  const { first, groups } = wordTree(commands);
  return `# bash completion of riskops, written by: riskops completion bash
_riskops_offer() {
  local word
  for word in "$@"; do [[ $word == "$cur"* ]] && COMPREPLY+=("$word"); done
}

_riskops_ask() {
  local word
  while IFS=$'\\t' read -r word _; do
    [[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("$word")
  done < <("\${COMP_WORDS[0]}" completion --complete "$1" 2>/dev/null)
}

_riskops_kind() {
  kind=
  case "$line $1" in
${valueBranches(commands).join('\n')}
  esac
}

_riskops() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} line=\${COMP_WORDS[1]} kind= at=2
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then _riskops_offer ${first.join(' ')} --help --version; return; fi
  case $line in
${[...groups]
  .map(
    ([group, words]) =>
      `    ${group}) if ((COMP_CWORD == 2)); then _riskops_offer ${words.join(' ')}; return; fi; line="$line \${COMP_WORDS[2]}"; at=3 ;;`,
  )
  .join('\n')}
  esac
  if ((COMP_CWORD > at)); then _riskops_kind "$prev"; fi
  if [[ -z $kind && $cur == -* ]]; then
    case $line in
${commands.map(({ name, flags }) => `      ${quoted(name)}) _riskops_offer ${flags.map((flag) => flag.name).join(' ')} --help ;;`).join('\n')}
    esac
    return
  fi
  [[ -n $kind ]] || _riskops_kind word
  case $kind in
    runs|models) _riskops_ask "$kind" ;;
    'one of '*) _riskops_offer \${kind#one of } ;;
    file|folder) return ;;
  esac
  # Nothing else is a file here, so the shell is not to offer any; bash 3 has no word for that.
  compopt +o default 2>/dev/null
  return 0
}

complete -o default -F _riskops riskops
`;
}
