import { settings } from '../config.js';
import { learners, trainable } from '../models/all.js';
import { commands } from './all.js';
import type { CommandOption } from './command.js';
import { commonOptions } from './program.js';

/** What stands at a place of the command line: text of any kind, a path, a name from the store, or one of some words. */
export type WordKind = 'text' | 'file' | 'folder' | 'runs' | 'models' | readonly string[];

export interface FlagWords {
  /** `--model` */
  name: string;
  description: string;
  /** What its value is; undefined when it takes none. */
  value: WordKind | undefined;
}

export interface CommandWords {
  /** One or two words. */
  name: string;
  summary: string;
  /** What its words are; all of one kind. */
  argument: WordKind | undefined;
  flags: FlagWords[];
}

/** Everything that a shell needs to know of the command line, from the commands' own tables. */
export async function commandWords(): Promise<CommandWords[]> {
  return Promise.all(
    commands.map(async ({ name, summary, load }) => {
      const { args, options } = (await load()).command;
      const flags = [...options, ...commonOptions].map(flagWords);
      return { name, summary, argument: args === undefined ? undefined : kindOf(args), flags };
    }),
  );
}

function flagWords(option: CommandOption): FlagWords {
  const [name, value] = option.flag.split(' ');
  return {
    name,
    description: option.description,
    value: value === undefined ? undefined : valueKind(name, value, option),
  };
}

const NAMES: Record<string, readonly string[]> = {
  '--learner': [...new Set(trainable.map((learner) => learner.name))],
  '--engine': [...new Set(learners.map((learner) => learner.engine))],
};

function valueKind(name: string, value: string, { setting, choices }: CommandOption): WordKind {
  const known = choices ?? settings.find(({ key }) => key === setting)?.choices ?? NAMES[name];
  if (known) return known;
  if (name === '--model') return 'models';
  if (name === '--run') return 'runs';
  return kindOf(value);
}

const KINDS: Record<string, WordKind> = {
  run: 'runs',
  runs: 'runs',
  model: 'models',
  file: 'file',
  folder: 'folder',
  shell: ['bash', 'zsh', 'fish'],
};

/** `<runs...>` -> runs */
function kindOf(placeholder: string): WordKind {
  return KINDS[/[a-z]+/.exec(placeholder)?.[0] ?? ''] ?? 'text';
}
