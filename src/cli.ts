import { CommanderError } from 'commander';
import { Interrupted } from './commands/command.js';
import { loadCommand } from './commands/load-command.js';
import { createOutput, forPeople } from './commands/output.js';
import { buildProgram, findEntry } from './commands/program.js';
import { checkCommand, usageError } from './commands/usage-error.js';
import { debugWanted, openProject } from './config.js';
import { EXIT, RiskopsError } from './errors.js';
import { fileLimit } from './serving/open-files.js';
import { toPrettyJson } from './util/json.js';
import { printable } from './util/text.js';

/** Runs the command line and sets the exit code; the only catch of all commands is here. */
export async function main(argv: readonly string[]): Promise<void> {
  const words = argv.slice(2);
  guardStreams();
  const stop = new AbortController();
  const release = abortOnSignals(stop);
  // Until a command has ended, an end of the process is a fault: it must never look like a verdict.
  process.exitCode = EXIT.FAULT;
  const onFault = (error: unknown) => void endByFault(error, words, stop);
  process.on('uncaughtException', onFault).on('unhandledRejection', onFault);
  try {
    process.exitCode = (await runWords(words, stop.signal)) ?? EXIT.DONE;
  } catch (error) {
    process.exitCode = await report(error, words, stop.signal);
  } finally {
    release();
  }
}

const FAULT_MS = 2_000;

/** An error that nobody caught: the command is told to stop, so that its run is recorded as FAILED, and then the process ends. */
async function endByFault(error: unknown, words: readonly string[], stop: AbortController): Promise<void> {
  const code = await report(error, words, stop.signal);
  stop.abort(error);
  setTimeout(() => process.exit(code), FAULT_MS);
}

async function runWords(given: string[], signal: AbortSignal): Promise<number | undefined> {
  let exitCode: number | undefined;
  const words = given[0] === 'help' ? [...given.slice(1), '--help'] : given;
  const entry = findEntry(words);
  checkCommand(words, entry);
  const loaded = entry === undefined ? undefined : (await loadCommand(entry)).command;
  const program = buildProgram(entry, loaded, async (args, flags) => {
    const output = createOutput(flags['json'] === true);
    const project = await openProject({
      dir: flags['dir'] as string | undefined,
      dirMayBeMissing: loaded?.makesFolder,
      withoutConfig: loaded?.withoutConfig,
    });
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
    throw usageError(error, words, entry);
  }
  return exitCode;
}

/** Prints an error as what, why and what helps, and gives its exit code. A fault of ours never looks like a verdict. */
async function report(error: unknown, words: readonly string[], signal: AbortSignal): Promise<number> {
  if (error instanceof Interrupted || (signal.aborted && signal.reason instanceof Interrupted)) {
    const { signalName } = (error instanceof Interrupted ? error : signal.reason) as Interrupted;
    process.stderr.write(`Stopped by ${signalName}.\n`);
    return signalName === 'SIGINT' ? EXIT.SIGINT : EXIT.SIGTERM;
  }
  const known = error instanceof RiskopsError ? error : unexpected(error);
  const { code, message, why, details } = known;
  const hint = known.fix.replace('<command>', findEntry(words)?.name ?? '<command>');
  if (words.includes('--json'))
    process.stdout.write(`${toPrettyJson({ ok: false, error: { code, message, why, hint, details } })}\n`);
  const lines = [message, why && `Why:   ${why}`, `Try:   ${hint}`].filter(Boolean).join('\n');
  process.stderr.write(`${await redLabel()} ${forPeople(lines, process.stderr)}\n`);
  if (debugWanted()) process.stderr.write(`${(error as Error).stack}\n`);
  return known.exitCode;
}

/** Colour is an extra: where even its module cannot be loaded (no file handle is left), the error is still told. */
async function redLabel(): Promise<string> {
  try {
    return (await import('./commands/colours.js')).paintStderr.red('Error:');
  } catch {
    return 'Error:';
  }
}

/** What the system's words mean. */
const PLAIN: Record<string, string> = {
  EACCES: 'Permission is denied.',
  EFBIG: 'A limit on the size of files was reached.',
  EISDIR: 'A folder stands there.',
  ENFILE: 'The system may open no more files.',
  ENOENT: 'There is no such file or folder.',
  ENOSPC: 'The disk is full.',
  EROFS: 'The file system is read-only.',
};

/** Which file was one too many is chance, and most often one of the program's own. */
function outOfFiles(cause: unknown): RiskopsError {
  const limit = fileLimit();
  return new RiskopsError('STORE_IO', {
    what: 'This command opens more files at a time than it may.',
    why: limit === null ? 'This process may open no more files.' : `This process may open ${limit}.`,
    fix: 'ulimit -n 1024, then the same command again',
    cause,
  });
}

function unexpected(error: unknown): RiskopsError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE') return outOfFiles(error);
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return new RiskopsError('STORE_IO', {
      what: `The disk or the network refused: ${printable(message)}.`,
      why: PLAIN[code] ?? code,
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
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.DONE);
    process.stderr.write(
      `Error: The result could not be written to stdout.\nWhy:   ${error.message}\nTry:   free space, or another place for the output\n`,
    );
    process.exit(EXIT.IO);
  });
  process.stderr.on('error', () => {});
  // Over its file-size limit the process would be killed without a word; with a listener the write fails and says so.
  if (process.platform !== 'win32') process.on('SIGXFSZ', () => {});
}
