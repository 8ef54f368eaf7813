import { quoted, valueBranches, wordTree } from './completion-bash.js';
import type { CommandWords } from './completion-words.js';

/** A word with its description as \`_describe\` takes it. */
const described = (word: string, text: string) => quoted(`${word.replaceAll(':', '\\:')}:${text}`);

/** The completion script for zsh: a file on fpath, or for eval after compinit. */
export function zshScript(commands: readonly CommandWords[]): string {
  const { first, groups } = wordTree(commands);
  const summaryOf = (word: string) =>
    commands.find(({ name }) => name === word)?.summary ?? (groups.get(word) ?? []).join(', ');
  return `#compdef riskops
# zsh completion of riskops, written by: riskops completion zsh
_riskops_kind() {
  kind=
  case "$line $1" in
${valueBranches(commands).join('\n')}
  esac
}

_riskops_ask() {
  local -a found
  local word text
  while IFS=$'\\t' read -r word text; do
    [[ -n $word ]] && found+=("$word:$text")
  done < <("$words[1]" completion --complete "$1" 2>/dev/null)
  _describe -t "$1" "$1" found
}

_riskops() {
  local line=$words[2] kind= at=3
  local -a offer
  if ((CURRENT == 2)); then
    offer=(
${first.map((word) => `      ${described(word, summaryOf(word))}`).join('\n')}
    )
    _describe -t commands command offer
    return
  fi
  case $line in
${[...groups]
  .map(
    ([group, members]) =>
      `    ${group})
      if ((CURRENT == 3)); then
        offer=(${members.map((word) => described(word, summaryOf(`${group} ${word}`))).join(' ')})
        _describe -t commands command offer
        return
      fi
      line="$line $words[3]"; at=4 ;;`,
  )
  .join('\n')}
  esac
  ((CURRENT > at)) && _riskops_kind "$words[CURRENT-1]"
  if [[ -z $kind && $PREFIX == -* ]]; then
    case $line in
${commands
  .map(
    ({ name, flags }) =>
      `      ${quoted(name)}) offer=(${[...flags, { name: '--help', description: 'print help' }].map((flag) => described(flag.name, flag.description)).join(' ')}) ;;`,
  )
  .join('\n')}
    esac
    _describe -o -t flags flag offer
    return
  fi
  [[ -n $kind ]] || _riskops_kind word
  case $kind in
    runs|models) _riskops_ask $kind ;;
    'one of '*) compadd -- \${=kind#one of } ;;
    file) _files ;;
    folder) _files -/ ;;
  esac
}

if [[ $funcstack[1] == _riskops ]]; then _riskops "$@"; else compdef _riskops riskops; fi
`;
}
