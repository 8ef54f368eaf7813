import { CommanderError } from 'commander';
import { commands } from './commands/all.js';
import { type Command, Interrupted } from './commands/command.js';
import { createOutput } from './commands/output.js';
import { buildProgram, findEntry } from './commands/program.js';
import { debugWanted, openProject } from './config.js';
import { EXIT, RiskopsError } from './errors.js';
import { toPrettyJson } from './util/json.js';
import { printable, suggestWord } from './util/text.js';

/** Runs the command line and sets the exit code; the only catch of all commands is here. */
export async function main(argv: readonly string[]): Promise<void> {
  const words = argv.slice(2);
  const json = words.includes('--json');
  guardStreams();
  const stop = new AbortController();
  const release = abortOnSignals(stop);
  try {
    process.exitCode = (await runWords(words, stop.signal)) ?? EXIT.DONE;
  } catch (error) {
    process.exitCode = await report(error, json, stop.signal);
  } finally {
    release();
  }
}

async function runWords(words: string[], signal: AbortSignal): Promise<number | undefined> {
  let exitCode: number | undefined;
  const entry = findEntry(words);
  const loaded = entry === undefined ? undefined : (await entry.load()).command;
  const program = buildProgram(entry, loaded, async (args, flags) => {
    const output = createOutput(flags['json'] === true);
    const project = await openProject({ dir: flags['dir'] as string | undefined });
    try {
      exitCode = await loaded?.run({ args, flags, project, output, signal });
    } finally {
      output.done();
    }
  });
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.DONE;
    throw usageError(error, words, loaded);
  }
  return exitCode;
}

function usageError(
  error: CommanderError,
  words: readonly string[],
  loaded: Command | undefined,
): RiskopsError {
  const message = error.message.replace(/^error: /, '').split('\n')[0];
  if (loaded !== undefined) {
    const name = findEntry(words)?.name ?? '';
    const hint = /Did you mean (.+)\?/.exec(error.message)?.[1];
    return new RiskopsError('USAGE', {
      what: `${capital(message)}.`,
      why: hint && `did you mean ${hint}?`,
      fix: `riskops ${name} --help`,
    });
  }
  const plain = words.filter((word) => !word.startsWith('-'));
  const inGroup = commands
    .filter((entry) => entry.name.startsWith(`${plain[0]} `))
    .map((entry) => entry.name);
  if (plain.length === 0)
    return new RiskopsError('USAGE', {
      what: words.length === 0 ? 'No command was given.' : `${capital(message)}.`,
    });
  const asked = plain.slice(0, inGroup.length > 0 ? 2 : 1).join(' ');
  const known = inGroup.length > 0 ? inGroup : commands.map((entry) => entry.name);
  return new RiskopsError('USAGE', {
    what: inGroup.includes(`${asked}`) ? `${capital(message)}.` : `"${printable(asked)}" is not a command.`,
    why: suggestWord(asked, known),
  });
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '');

/** Prints an error as what, why and what helps, and gives its exit code. A fault of ours never looks like a verdict. */
async function report(error: unknown, json: boolean, signal: AbortSignal): Promise<number> {
  if (error instanceof Interrupted || (signal.aborted && signal.reason instanceof Interrupted)) {
    const { signalName } = (error instanceof Interrupted ? error : signal.reason) as Interrupted;
    process.stderr.write(`Stopped by ${signalName}.\n`);
    return signalName === 'SIGINT' ? EXIT.SIGINT : EXIT.SIGTERM;
  }
  const known = error instanceof RiskopsError ? error : unexpected(error);
  const { code, message, why, fix, details } = known;
  if (json)
    process.stdout.write(
      `${toPrettyJson({ ok: false, error: { code, message, why, hint: fix, details } })}\n`,
    );
  const { paintStderr } = await import('./commands/colours.js');
  const lines = [`${paintStderr.red('Error:')} ${message}`, why && `Why:   ${why}`, `Try:   ${fix}`];
  process.stderr.write(`${lines.filter(Boolean).join('\n')}\n`);
  if (debugWanted()) process.stderr.write(`${(error as Error).stack}\n`);
  return known.exitCode;
}

function unexpected(error: unknown): RiskopsError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return new RiskopsError('STORE_IO', {
      what: `The disk or the network refused: ${printable(message)}.`,
      why: code,
      cause: error,
    });
  }
  return new RiskopsError('INTERNAL_ERROR', {
    what: `riskops failed: ${printable(String(message ?? error))}.`,
    why: 'This is a fault in riskops.',
    cause: error,
  });
}

/** The first signal asks the command to end; the second, or five seconds, ends the process. */
function abortOnSignals(stop: AbortController): () => void {
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => () => {
    const code = name === 'SIGINT' ? EXIT.SIGINT : EXIT.SIGTERM;
    if (stop.signal.aborted) process.exit(code);
    stop.abort(new Interrupted(name));
    setTimeout(() => process.exit(code), 5_000).unref();
  };
  const [onInterrupt, onTerminate] = [onSignal('SIGINT'), onSignal('SIGTERM')];
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
  return () => process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
}

/** `riskops ... | head` closes our stdout: that is no error. A full disk under stdout is one. */
function guardStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.DONE : EXIT.IO),
  );
  process.stderr.on('error', () => {});
}
