import { type Command as Node, Command as Program } from 'commander';
import { packageVersion } from '../util/package.js';
import { commands } from './all.js';
import type { Command, CommandEntry } from './command.js';

/** Options that every command takes. */
export const commonOptions = [
  { flag: '--json', description: 'print one JSON document' },
  { flag: '--dir <folder>', description: "the project's folder, instead of the nearest config upwards" },
] as const;

/** `runs list` is two words: the longest name that the words begin with. */
export function findEntry(words: readonly string[]): CommandEntry | undefined {
  const plain = words.filter((word) => !word.startsWith('-'));
  return (
    commands.find((entry) => entry.name === plain.slice(0, 2).join(' ')) ??
    commands.find((entry) => entry.name === plain[0])
  );
}

/** The commander program: every command by name and summary, the chosen one in full. */
export function buildProgram(
  chosen: CommandEntry | undefined,
  loaded: Command | undefined,
  act: (args: string[], flags: Record<string, unknown>) => Promise<void>,
): Node {
  const program = new Program('riskops')
    .description('From a table to a gated, served, watched model, with proof of every step.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpText('after', '\nStart with: riskops demo, or riskops init and riskops train');
  const groups = new Map<string, Node>();
  for (const entry of commands) {
    const [first, second] = entry.name.split(' ');
    const parent = second === undefined ? program : groupNode(program, groups, first);
    const node = parent.command(second ?? first).description(entry.summary);
    if (entry === chosen && loaded) describe(node, loaded, act);
  }
  return program;
}

function groupNode(program: Node, groups: Map<string, Node>, name: string): Node {
  const existing = groups.get(name);
  if (existing) return existing;
  const members = commands
    .filter((entry) => entry.name.startsWith(`${name} `))
    .map((entry) => entry.name.split(' ')[1]);
  const made = program.command(name).description(members.join(', ')).helpCommand(false);
  groups.set(name, made);
  return made;
}

function describe(
  node: Node,
  loaded: Command,
  act: (args: string[], flags: Record<string, unknown>) => Promise<void>,
): void {
  if (loaded.args) for (const argument of loaded.args.split(' ')) node.argument(argument);
  for (const option of [...loaded.options, ...commonOptions]) node.option(option.flag, option.description);
  if (loaded.details) node.addHelpText('after', `\n${loaded.details}`);
  node.addHelpText('after', `\nExamples:\n${loaded.examples.map((line) => `  ${line}`).join('\n')}`);
  node.allowExcessArguments(false);
  node.action(async (...given: unknown[]) => {
    const flags = given.at(-2) as Record<string, unknown>;
    const args = given
      .slice(0, -2)
      .flat()
      .filter((argument): argument is string => typeof argument === 'string');
    await act(args, flags);
  });
}

/** The help of one command as the terminal shows it, at 100 columns. */
export async function helpOf(entry: CommandEntry): Promise<string> {
  const { command } = await entry.load();
  let node: Node = buildProgram(entry, command, async () => {});
  for (const word of entry.name.split(' '))
    node = node.commands.find((child) => child.name() === word) as Node;
  let text = '';
  node.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 100,
    getOutHasColors: () => false,
  });
  node.outputHelp();
  return text.trimEnd();
}
