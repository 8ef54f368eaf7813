import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { actingEnvironment, type Project } from '../config.js';
import { catalogue, type ErrorCode, EXIT, RiskopsError } from '../errors.js';
import type { TokenRecord } from '../registry/tokens.js';
import type { ServerActions, VersionChoice } from '../serving/actions.js';
import { packageRoot } from '../util/package.js';
import { printable } from '../util/text.js';

/** The gate scores a holdout; what takes longer is stuck. */
const LONGEST_MS = 10 * 60_000;
const MOST_OUTPUT = 16 * 1024 * 1024;

interface Gated {
  promoted: boolean;
  gate: { verdict: string; summary?: string } | null;
}

/**
 * What a server does to the registry, as commands in a process of their own: the event loop neither scores a holdout nor waits for
 * the disk, and history and errors are those of the command line. One at a time; they end with the server.
 */
export function serverActions(project: Project, signal: AbortSignal): ServerActions {
  let isBusy = false;
  const run = async <T>(actor: string, words: readonly string[]): Promise<T> => {
    if (isBusy) throw busy();
    isBusy = true;
    try {
      return (await runCommand(project.root, actor, words, signal)) as T;
    } finally {
      isBusy = false;
    }
  };
  return {
    async promote({ actor, reason, model, choice }) {
      const words = ['promote', `--model=${model}`, choiceFlag(choice), ...reasonFlag(reason)];
      const done = await run<Gated>(actor, words);
      if (done.promoted) return done;
      throw notPromoted(model, done);
    },
    rollback: ({ actor, reason, model }) =>
      run(actor, ['rollback', `--model=${model}`, ...reasonFlag(reason)]),
    createToken: ({ actor, name, role, expires }) =>
      run(actor, [
        ...['token', 'create', `--name=${name}`, `--role=${role}`],
        ...(expires === undefined ? [] : [`--expires=${expires}`]),
      ]),
    revokeToken: ({ actor, name }) => run<TokenRecord>(actor, ['token', 'revoke', '--json', '--', name]),
  };
}

/** Values stand behind `=`, so that none can be taken for a flag. */
function choiceFlag({ version, run_id }: VersionChoice): string {
  if (version !== undefined) return `--version=${version}`;
  return run_id === undefined ? '--latest' : `--run=${run_id}`;
}

const reasonFlag = (reason: string | undefined) => (reason === undefined ? [] : [`--reason=${reason}`]);

/** One command with `--json`: its document, or the error that it printed. */
async function runCommand(
  root: string,
  actor: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<unknown> {
  const flags = ['--json', `--dir=${root}`].filter((flag) => !words.includes(flag));
  const end = words.indexOf('--');
  const all = end < 0 ? [...words, ...flags] : [...words.slice(0, end), ...flags, ...words.slice(end)];
  const { code, text } = await execute(all, actor, signal);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw fault(code, error);
  }
  if (isRefusal(document)) throw toError(document.error);
  const isVerdict = code === EXIT.REJECTED || code === EXIT.UNDECIDED;
  if (code !== EXIT.DONE && !isVerdict) throw fault(code);
  return document;
}

function execute(
  words: readonly string[],
  actor: string,
  signal: AbortSignal,
): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(packageRoot(), 'bin', 'riskops.js'), ...words], {
      ...{ stdio: ['ignore', 'pipe', 'ignore'], env: actingEnvironment(actor) },
      ...{ signal, timeout: LONGEST_MS, killSignal: 'SIGTERM' },
    });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.length > MOST_OUTPUT) child.kill('SIGKILL');
    });
    child.on('error', (error) => reject(fault(-1, error)));
    child.on('close', (code) => resolve({ code: code ?? -1, text }));
  });
}

interface Refusal {
  ok: false;
  error: { code: ErrorCode; message: string; why?: string; hint?: string; details?: unknown };
}

function isRefusal(document: unknown): document is Refusal {
  const { ok, error } = (document ?? {}) as Partial<Refusal>;
  return ok === false && error !== undefined && Object.hasOwn(catalogue, error.code);
}

function toError({ code, message: what, why, hint: fix, details }: Refusal['error']): RiskopsError {
  return new RiskopsError(code, { what, why, fix, details });
}

function notPromoted(model: string, { gate }: Gated): RiskopsError {
  const isUndecided = gate?.verdict === 'undecided';
  return new RiskopsError(isUndecided ? 'GATE_UNDECIDED' : 'GATE_REJECTED', {
    what: `The gate did not let the candidate of ${printable(model, 80)} pass: ${gate?.verdict ?? 'reject'}.`,
    details: { gate },
  });
}

function busy(): RiskopsError {
  return new RiskopsError('SERVER_BUSY', {
    what: 'Another change of the registry is being made.',
    why: 'They are made one at a time.',
  });
}

function fault(code: number, cause?: unknown): RiskopsError {
  return new RiskopsError('INTERNAL_ERROR', {
    what: 'The command behind this request did not end as it should.',
    why: `Its exit code was ${code}.`,
    cause,
  });
}
