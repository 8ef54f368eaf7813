import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { printable, suggestWord } from '../../util/text.js';
import type { CiOutcome } from './ci-result.js';
import { runScript } from './run-script.js';

/** A lock file tells whose project it is. */
const LOCK_FILES = {
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
} as const;

export type PackageManager = (typeof LOCK_FILES)[keyof typeof LOCK_FILES];

/** The package manager of the nearest lock file upwards, as in a folder of many packages; npm where there is none. */
export function packageManagerOf(folder: string): PackageManager {
  for (let at = folder; ; at = dirname(at)) {
    for (const [name, manager] of Object.entries(LOCK_FILES)) if (existsSync(join(at, name))) return manager;
    if (dirname(at) === at || existsSync(join(at, '.git'))) return 'npm';
  }
}

export interface PackageScriptOptions {
  /** The folder of package.json. */
  root: string;
  name: string;
  /** A script that was named must be there; one that is only usual may be missing. */
  mustExist: boolean;
  environment: Record<string, string>;
  limitSeconds: number;
  signal?: AbortSignal;
}

/** What npm init writes where there is no test; it always fails. */
const PLACEHOLDER = /no test specified/;
const SHOWN_LINES = 40;

/** One script of the project, as a step. */
export async function checkScript(options: PackageScriptOptions): Promise<CiOutcome> {
  const { root, name, mustExist, environment, limitSeconds, signal } = options;
  const file = join(root, 'package.json');
  const scripts = readScripts(file);
  const script = scripts?.[name];
  if (script === undefined || (!mustExist && PLACEHOLDER.test(script))) {
    const why =
      scripts === null
        ? 'there is no package.json in the project'
        : `package.json has no script "${printable(name, 60)}"`;
    if (!mustExist) return { status: 'skip', message: `${why}.` };
    const hint = scripts === null ? '' : `: ${suggestWord(name, Object.keys(scripts))}`;
    return { status: 'fail', message: `${why}${hint}.`, file, code: 'CONFIG_INVALID' };
  }
  const manager = packageManagerOf(root);
  const ended = await runScript({
    command: [manager, 'run', name],
    folder: root,
    environment,
    limitMs: limitSeconds * 1000,
    signal,
  });
  const said = `${manager} run ${printable(name, 60)}`;
  if (ended.notFound)
    return { status: 'error', code: 'PROGRAM_NOT_FOUND', message: `${manager} cannot be started.` };
  const lines = ended.output.slice(-SHOWN_LINES).map((line) => `${name} | ${printable(line, 500)}`);
  if (ended.timedOut)
    return { status: 'fail', file, lines, message: `${said} was stopped after ${limitSeconds} s.` };
  if (ended.exitCode !== 0)
    return { status: 'fail', file, lines, message: `${said} ended with ${ended.exitCode}.` };
  return { status: 'pass', message: said };
}

/** The scripts of a package.json; null where there is none. Anything but text as a script counts as missing. */
function readScripts(file: string): Record<string, string> | null {
  if (!existsSync(file)) return null;
  const { scripts } = (JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')) ?? {}) as {
    scripts?: Record<string, unknown>;
  };
  return Object.fromEntries(
    Object.entries(scripts ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}
