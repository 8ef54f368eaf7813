import { spawn } from 'node:child_process';

export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs any program to its end; without an `environment` it has the caller's. */
export function runToEnd(
  program: string,
  words: readonly string[],
  cwd: string,
  environment?: Record<string, string>,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part) => (stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part) => (stderr += part));
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? -1, stdout, stderr }));
  });
}
