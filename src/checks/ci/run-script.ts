import type { ResultPromise } from 'execa';

export interface ScriptEnd {
  /** -1 when a signal ended it. */
  exitCode: number;
  timedOut: boolean;
  /** The program is not installed. */
  notFound: boolean;
  /** Its last lines, stdout and stderr as they came. */
  output: string[];
}

const KEPT_BYTES = 256 * 1024;
const GRACE_MS = 3_000;

/**
 * Runs a program to its end, or to its limit: then it is asked to stop and after three seconds killed, with
 * all that it started. The same happens when `signal` aborts, whose reason is then thrown.
 */
export async function runScript({
  command: [program, ...words],
  folder,
  environment,
  limitMs,
  signal,
}: {
  command: readonly string[];
  folder: string;
  environment: Record<string, string>;
  limitMs: number;
  signal?: AbortSignal;
}): Promise<ScriptEnd> {
  const { execa } = await import('execa');
  // A group of its own, so that what npm starts can be reached too.
  const child = execa(program, words, {
    cwd: folder,
    env: environment,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const tail = keepTail(child);
  let timedOut = false;
  const stop = () => stopGroup(child);
  const limit = setTimeout(() => {
    timedOut = true;
    stop();
  }, limitMs);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    const { exitCode, code } = await child;
    signal?.throwIfAborted();
    return { exitCode: exitCode ?? -1, timedOut, notFound: code === 'ENOENT', output: tail() };
  } finally {
    clearTimeout(limit);
    signal?.removeEventListener('abort', stop);
  }
}

/** The end of what a child says, as lines. */
function keepTail(child: ResultPromise): () => string[] {
  let text = '';
  child.all?.setEncoding('utf8').on('data', (part: string) => {
    text = (text + part).slice(-KEPT_BYTES);
  });
  return () => text.trimEnd().split(/\r?\n/);
}

function stopGroup(child: ResultPromise): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    void import('execa').then(({ execa }) =>
      execa('taskkill', ['/pid', String(pid), '/t', '/f'], { reject: false }),
    );
    return;
  }
  signalGroup(pid, 'SIGTERM');
  const killer = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS);
  void child.finally(() => {
    clearTimeout(killer);
    // What the program left behind in its group.
    signalGroup(pid, 'SIGKILL');
  });
}

function signalGroup(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, name);
  } catch {
    // all of it has ended
  }
}
