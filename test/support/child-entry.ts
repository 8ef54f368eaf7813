import { type ChildProcess, spawn } from 'node:child_process';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { writeFileDurably } from '../../src/util/files.js';

const root = join(import.meta.dirname, '..', '..');

/** Bundles a TypeScript file that a test runs as a process of its own; gives the path of the result. */
export async function buildChild(entry: string): Promise<string> {
  // Inside node_modules, so that the packages it imports are found and nothing lands among the sources.
  const outfile = join(root, 'node_modules', '.riskops-test', relative(root, entry).replace(/\.ts$/, '.mjs'));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'warning',
  });
  // Whole or not at all: another test run may be starting the same file.
  writeFileDurably(outfile, outputFiles[0].contents);
  return outfile;
}

export interface Child {
  process: ChildProcess;
  /** Lines of its stdout so far. */
  lines: string[];
  stderr(): string;
  /** Resolves at a line that passes, which may have come already. */
  line(passes: (line: string) => boolean): Promise<string>;
  /** Resolves when it has ended: its exit code, or the signal that killed it. */
  ended: Promise<number | string>;
}

/** Starts a built child; it is killed when the test ends. */
export function startChild(file: string, args: string[]): Child {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const reader = createInterface({ input: child.stdout });
  const waiting = new Set<() => void>();
  reader.on('line', (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const line = (passes: (line: string) => boolean) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = lines.find(passes);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      reader.once('close', () => reject(new Error(`the child ended without that line: ${stderr}`)));
      look();
    });
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return { process: child, lines, stderr: () => stderr, line, ended };
}
