import { constants } from 'node:os';

/** Why a process ends while a run of it is open. */
export interface ProcessEnd {
  /** What was thrown and not caught. */
  uncaught?: { error: unknown };
  signal?: NodeJS.Signals;
  exitCode: number;
}

/** A run that is open in this process. */
export interface Watched {
  /** Ends it as KILLED. */
  kill(signal: string): Promise<void>;
  /** The process is ending, and nothing that is awaited goes on any more. */
  endWithProcess(end: ProcessEnd): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** So long may the ends of the runs hold up a process that was told to stop. */
const STOP_MS = 4_000;

/** The open runs of this process, which has one set of hooks however many there are. */
const open = new Set<Watched>();
const seen: Omit<ProcessEnd, 'exitCode'> = {};
let stopping = false;

/**
 * Watches the process while `run` is open: an error that nobody caught, an exit and a signal end the run with it. The
 * process goes the way it would have gone: its handlers, its message and its exit code stay as they are.
 * @returns to be called when the run has ended
 */
export function watchProcess(run: Watched): () => void {
  if (open.size === 0) install();
  open.add(run);
  return () => {
    if (open.delete(run) && open.size === 0) remove();
  };
}

function install(): void {
  Object.assign(seen, { uncaught: undefined, signal: undefined });
  process.on('uncaughtExceptionMonitor', onUncaught).on('exit', onExit);
  // First in line, to see handlers of the program that are there for one signal only.
  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
}

function remove(): void {
  process.off('uncaughtExceptionMonitor', onUncaught).off('exit', onExit);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function onUncaught(error: unknown): void {
  seen.uncaught = { error };
}

function onExit(exitCode: number): void {
  for (const run of open) run.endWithProcess({ ...seen, exitCode });
}

function onSignal(signal: NodeJS.Signals): void {
  seen.signal ??= signal;
  // A handler of the program decides what the signal means; should it end the process, the runs end with it.
  if (process.listenerCount(signal) > 1) return;
  if (stopping) {
    raise(signal);
    return;
  }
  stopping = true;
  const ends = Promise.allSettled([...open].map((run) => run.kill(signal)));
  const limit = new Promise((resolve) => setTimeout(resolve, STOP_MS));
  void Promise.race([ends, limit]).then(() => raise(signal));
}

/** Without our listener the signal does what it always did. */
function raise(signal: NodeJS.Signals): void {
  const ended: ProcessEnd = { signal, exitCode: exitCodeOf(signal) };
  for (const run of open) run.endWithProcess(ended);
  open.clear();
  remove();
  process.kill(process.pid, signal);
}

/** What a shell shows of a process that a signal ended. */
export function exitCodeOf(signal: string): number {
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}

/** The signal that an exit code of a shell tells of, undefined when it tells of none. */
export function signalOf(exitCode: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => exitCode === 128 + number)?.[0];
}
