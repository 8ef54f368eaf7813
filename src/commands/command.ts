import type { Project } from '../config.js';
import type { Output } from './output.js';

/** A flag of a command. When `setting` names a setting, the value may also come from environment or config. */
export interface CommandOption {
  /** As commander writes it: `--port <number>`, `--json`, `--drop <column...>`. */
  flag: string;
  description: string;
  setting?: string;
  /** The words that it takes, where they are few and are not those of its setting. */
  choices?: readonly string[];
}

export interface CommandContext {
  args: string[];
  /** Flags as given, by their camel-case names; absent when not given. */
  flags: Record<string, unknown>;
  project: Project;
  output: Output;
  /** Aborted by SIGINT or SIGTERM; its reason says which. */
  signal: AbortSignal;
}

/** What a command file exports. It parses, calls one function and prints. */
export interface Command {
  /** Positional arguments as commander writes them: `[run]`, `<runs...>`. */
  args?: string;
  options: readonly CommandOption[];
  /** `--dir` may name a folder that is not there yet. */
  makesFolder?: boolean;
  /** It loads the config itself, if at all: one that cannot be loaded must not end it. */
  withoutConfig?: boolean;
  /** One or two lines below the summary. */
  details?: string;
  examples: readonly string[];
  /** The exit code; 0 when nothing is returned. */
  run(context: CommandContext): Promise<number | undefined>;
}

/** One line of the command list: enough for help, the rest is loaded when it is called. */
export interface CommandEntry {
  name: string;
  summary: string;
  load(): Promise<{ command: Command }>;
}

/** The reason carried by an abort signal when the process was told to stop. */
export class Interrupted extends Error {
  constructor(readonly signalName: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signalName}`);
    this.name = 'Interrupted';
  }
}
