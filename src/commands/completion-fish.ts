import { wordTree } from './completion-bash.js';
import type { CommandWords, WordKind } from './completion-words.js';

/** Text as one word of fish, whose single quotes know two escapes. */
const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** The flags of \`complete\` that say what a value is. */
function valueWords(kind: WordKind): string {
  if (kind === 'file' || kind === 'folder') return '-r -F';
  if (kind === 'text') return '-x';
  if (typeof kind === 'string') return `-x -a '(__riskops_ask ${kind})'`;
  return `-x -a ${quoted(kind.join(' '))}`;
}

/** The completion script for fish 3. */
export function fishScript(commands: readonly CommandWords[]): string {
  const { first, groups } = wordTree(commands);
  const summaryOf = (word: string) =>
    commands.find(({ name }) => name === word)?.summary ?? (groups.get(word) ?? []).join(', ');
  const at = (line: string) => `complete -c riskops -n ${quoted(`__riskops_at ${line}`)}`;
  const flagLines = commands.flatMap(({ name, argument, flags }) => [
    ...(argument === undefined ? [] : [`${at(name)} ${valueWords(argument).replace(/^-[rx] /, '')}`]),
    ...[...flags, { name: '--help', description: 'print help', value: undefined }].map(
      (flag) =>
        `${at(name)} -l ${flag.name.slice(2)} ${flag.value === undefined ? '' : `${valueWords(flag.value)} `}-d ${quoted(flag.description)}`,
    ),
  ]);
  return `# fish completion of riskops, written by: riskops completion fish
function __riskops_line
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        string match -q -- '-*' $word; and break
        echo $word
    end
end

# The words so far begin with this command.
function __riskops_at
    set -l words (__riskops_line)
    set -l count (count $argv)
    test (count $words) -ge $count; and test "$words[1..$count]" = "$argv"
end

# The words so far are just these: the next one is a part of the command's name.
function __riskops_next
    set -l words (__riskops_line)
    test (count $words) -eq (count $argv); and test "$words" = "$argv"
end

function __riskops_ask
    set -l words (commandline -opc)
    $words[1] completion --complete $argv[1] 2>/dev/null
end

complete -c riskops -e
complete -c riskops -f
${first.map((word) => `complete -c riskops -n __riskops_next -a ${word} -d ${quoted(summaryOf(word))}`).join('\n')}
${[...groups]
  .flatMap(([group, members]) =>
    members.map(
      (word) =>
        `complete -c riskops -n ${quoted(`__riskops_next ${group}`)} -a ${word} -d ${quoted(summaryOf(`${group} ${word}`))}`,
    ),
  )
  .join('\n')}
${flagLines.join('\n')}
`;
}
