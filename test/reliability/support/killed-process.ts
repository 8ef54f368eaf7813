import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** When a process is killed: `waitMs` after it has said so many lines; 0 lines is its start. */
export interface Moment {
  lines: number;
  waitMs: number;
}

export interface KilledProcess {
  /** The whole lines it had printed. */
  lines: string[];
  /** False when it had ended by itself before. */
  wasKilled: boolean;
}

/** Runs a program of Node until `moment`, then kills it as a power cut would: without a word. */
export async function killAt(
  script: string,
  args: readonly string[],
  moment: Moment,
): Promise<KilledProcess> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const ended = new Promise<{ code: number | null }>((resolve) =>
    child.once('close', (code) => resolve({ code })),
  );
  const said = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (lines.length === moment.lines) resolve();
    });
    if (moment.lines === 0) resolve();
  });
  await Promise.race([said, ended]);
  await Promise.race([sleep(moment.waitMs), ended]);
  child.kill('SIGKILL');
  const { code } = await ended;
  if (code !== null && code !== 0) throw new Error(`it ended with ${code} before it was killed: ${stderr}`);
  return { lines, wasKilled: code === null };
}
