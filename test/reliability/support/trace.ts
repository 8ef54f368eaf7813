import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runToEnd } from './run-to-end.js';

/** Why calls to the system cannot be traced here; undefined when they can. */
export const whyNoTrace: string | undefined = findWhyNoTrace();

function findWhyNoTrace(): string | undefined {
  if (process.platform !== 'linux') return 'strace is for Linux';
  const { error, status, stderr } = spawnSync(
    'strace',
    ['-f', '-o', '/dev/null', '-e', 'trace=fsync', 'true'],
    {
      encoding: 'utf8',
    },
  );
  if (error) return 'strace is not installed';
  return status === 0 ? undefined : `strace may not trace here: ${stderr.split('\n')[0]}`;
}

/**
 * The words that have the kernel answer calls of all threads of a program with an error.
 * @param when `3` is the third such call of a thread, `3+` all from there on
 */
export function failing(calls: string, error: string, when: string): string[] {
  const inject = `inject=${calls}:error=${error}:when=${when}`;
  return ['strace', '-f', '--seccomp-bpf', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', inject];
}

/** One call of a traced program. */
export interface Call {
  name: string;
  /** The file that a descriptor stood for, or the path that was given; of a rename the old name. */
  path: string;
  /** Of a rename: the new name. */
  to: string;
  /** All arguments as strace shows them. */
  args: string;
  isDone: boolean;
  /** Lines of the trace at which it began and ended: another thread's calls may stand between. */
  began: number;
  ended: number;
}

export interface Traced {
  exitCode: number;
  stdout: string;
  stderr: string;
  calls: Call[];
}

/** Runs a program of Node under strace; `calls` are the traced ones of all its threads, in order of their end. */
export async function traceNode(
  args: readonly string[],
  { cwd, trace, text = 32 }: { cwd: string; trace: string; text?: number },
): Promise<Traced> {
  const folder = mkdtempSync(join(tmpdir(), 'riskops-trace-'));
  const log = join(folder, 'calls');
  const words = [
    '-f',
    '-y',
    '-s',
    String(text),
    '-o',
    log,
    '-e',
    `trace=${trace}`,
    process.execPath,
    ...args,
  ];
  try {
    const ended = await runToEnd('strace', words, cwd);
    return { ...ended, calls: parseCalls(readFileSync(log, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `12 fsync(20</a/b>) = 0`; a call that another thread came between stands on two lines. */
function parseCalls(log: string): Call[] {
  const open = new Map<string, { text: string; began: number }>();
  const calls: Call[] = [];
  for (const [at, line] of log.split('\n').entries()) {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined || /^(\+\+\+|---)/.test(rest)) continue;
    const [, resumed] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    const begun = resumed === undefined ? { text: '', began: at } : open.get(thread);
    const text = `${begun?.text ?? ''}${resumed ?? rest}`;
    if (text.endsWith('<unfinished ...>')) {
      open.set(thread, { text: text.slice(0, -'<unfinished ...>'.length), began: at });
      continue;
    }
    const [, name, args, result] = /^(\w+)\((.*)\) += (.*)$/.exec(text) ?? [];
    if (name === undefined) continue;
    const [path = '', to = ''] = pathsIn(name, args);
    calls.push({
      name,
      args,
      path,
      to,
      isDone: !result.startsWith('-1'),
      began: begun?.began ?? at,
      ended: at,
    });
  }
  return calls;
}

/** Of a call on a descriptor, its file; of one on names, the names. */
function pathsIn(name: string, args: string): string[] {
  if (/^(open|rename|unlink|mkdir)/.test(name))
    return [...args.matchAll(/"([^"]*)"/g)].map(([, path]) => path);
  return [/^\d+<([^>]*)>/.exec(args)?.[1] ?? ''];
}
