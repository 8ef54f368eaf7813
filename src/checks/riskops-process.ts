import { join } from 'node:path';
import type { ResultPromise } from 'execa';
import { packageRoot } from '../util/package.js';

/** Where the built binary runs: a folder, and an environment without the caller's own settings. */
export interface Sandbox {
  folder: string;
  environment: Record<string, string>;
}

export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** The binary as a user calls it. */
const BINARY = join(packageRoot(), 'bin', 'riskops.js');

async function start({ folder, environment }: Sandbox, words: readonly string[]) {
  const { execa } = await import('execa');
  return {
    child: execa(process.execPath, [BINARY, ...words], {
      cwd: folder,
      env: environment,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    }),
  };
}

/** Runs a command to its end. */
export async function runRiskops(
  sandbox: Sandbox,
  words: readonly string[],
  signal?: AbortSignal,
): Promise<Ended> {
  const { child } = await start(sandbox, words);
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  const { exitCode, stdout, stderr } = await child;
  signal?.removeEventListener('abort', kill);
  signal?.throwIfAborted();
  return { exitCode: exitCode ?? -1, stdout, stderr };
}

export interface ServedProcess {
  url: string;
  pid: number;
  /** Asks it to end as a service manager does, and waits. */
  stop(): Promise<Ended>;
}

/** Starts `riskops serve --port 0 --json` and waits until it says where it listens. */
export async function startServing(sandbox: Sandbox, words: readonly string[] = []): Promise<ServedProcess> {
  const { child } = await start(sandbox, ['serve', '--port', '0', '--json', ...words]);
  const { url } = await firstDocument(child);
  return {
    url,
    pid: child.pid as number,
    async stop() {
      child.kill('SIGTERM');
      const { exitCode, stdout, stderr } = await child;
      return { exitCode: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr) };
    },
  };
}

function firstDocument(child: ResultPromise): Promise<{ url: string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error('the server did not start within 30 s'));
    }, 30_000);
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      if (!/^}$/m.test(text)) return;
      clearTimeout(limit);
      resolve(JSON.parse(text));
    });
    void child.then(({ exitCode, stderr }) => {
      clearTimeout(limit);
      reject(new Error(`the server ended with ${exitCode}: ${String(stderr).split('\n')[0]}`));
    });
  });
}
