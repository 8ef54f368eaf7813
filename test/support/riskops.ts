import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { sandboxEnvironment } from '../../src/config.js';
import { catalogue, type ErrorCode } from '../../src/errors.js';
import { sha256 } from '../../src/util/files.js';
import { packageRoot } from '../../src/util/package.js';

/** The binary as a user calls it. */
export const BINARY = join(packageRoot(), 'bin', 'riskops.js');

export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** The caller's environment without settings of riskops and without what decides about colour. */
export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...rest } = sandboxEnvironment();
  return { ...rest, ...extra };
}

/** A new empty folder for all tests of a file, with a space and Korean letters in its path. */
export function folderForFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'riskops 시험 '));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

export function start(folder: string, words: readonly string[], environment: Record<string, string> = {}) {
  return spawn(process.execPath, [BINARY, ...words], {
    cwd: folder,
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Collects what a started command says, until it has ended. */
export function ending(child: ReturnType<typeof start>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part) => (stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part) => (stderr += part));
    child.once('error', reject);
    child.once('close', (code, signal) =>
      code === null
        ? reject(new Error(`killed by ${signal}: ${stderr}`))
        : resolve({ exitCode: code, stdout, stderr }),
    );
  });
}

/** Runs a command to its end, as a user would in `folder`. */
export function riskops(
  folder: string,
  words: readonly string[],
  environment?: Record<string, string>,
): Promise<Ended> {
  return ending(start(folder, words, environment));
}

/** Runs a command with `--json` that must end with `exitCode`; its one document. */
export async function succeed<T = Record<string, never>>(
  folder: string,
  words: readonly string[],
  { exitCode = 0, environment = {} }: { exitCode?: number; environment?: Record<string, string> } = {},
): Promise<T> {
  const ended = await riskops(folder, [...words, '--json'], environment);
  expect({
    words,
    exitCode: ended.exitCode,
    stderr: ended.exitCode === exitCode ? '' : ended.stderr,
  }).toEqual({ words, exitCode, stderr: '' });
  return JSON.parse(ended.stdout);
}

export interface Refusal {
  code: ErrorCode;
  message: string;
  why?: string;
  hint: string;
  details?: unknown;
}

/** Every file below a folder with the hash of its content. */
export function filesIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/-(?:wal|shm)$/.test(path))
      .map((path) => [path, sha256(readFileSync(path))]),
  );
}

/**
 * Runs a command that must be refused: with the catalogue's exit code, one JSON document on stdout, what and the command that helps in
 * whole sentences on stderr, no stack, and nothing written.
 */
export async function refuse(
  folder: string,
  words: readonly string[],
  code: ErrorCode,
  environment: Record<string, string> = {},
): Promise<Refusal> {
  const before = filesIn(folder);
  const { exitCode, stdout, stderr } = await riskops(folder, [...words, '--json'], environment);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({ ok: false, error: { code } });
  const error: Refusal = document.error;
  expect({ words, exitCode }).toEqual({ words, exitCode: catalogue[code].exit });
  const lines = [
    `Error: ${error.message}`,
    ...(error.why ? [`Why:   ${error.why}`] : []),
    `Try:   ${error.hint}`,
  ];
  expect(stderr.trimEnd().split('\n')).toEqual(lines);
  expect(`${stdout}${stderr}`).not.toMatch(/\n\s+at |node_modules|INTERNAL_ERROR/);
  expect(error.hint).not.toMatch(/<command>|undefined/);
  expect(filesIn(folder)).toEqual(before);
  return error;
}

/** Serves while `work` runs; the server is ended by its own pid, whatever happens. */
export async function whileServing<T>(
  folder: string,
  words: readonly string[],
  work: (url: string, pid: number) => Promise<T>,
): Promise<T> {
  const child = start(folder, ['serve', ...words, '--json']);
  const ended = ending(child);
  try {
    return await work(await urlOf(child, ended), child.pid!);
  } finally {
    child.kill('SIGTERM');
    // Windows has no SIGTERM: there it ends without an exit code.
    await ended.catch(() => {});
  }
}

function urlOf(child: ReturnType<typeof start>, ended: Promise<Ended>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (part) => {
      text += part;
      if (/^}$/m.test(text)) resolve(JSON.parse(text).url);
    });
    ended.then(
      ({ exitCode, stderr }) => reject(new Error(`the server ended with ${exitCode}: ${stderr}`)),
      reject,
    );
  });
}
