import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, runRiskops, type Sandbox, startServing } from '../../src/checks/riskops-process.js';
import { sandboxEnvironment } from '../../src/config.js';
import type { StorePlaces } from '../../src/storage/store.js';
import { writeLoans } from '../support/loans.js';

/** One row of such a book, as a client sends it. */
export const LOAN = { income: 31.4, debt: 27.2, age: 41, 지역: '제주' };

export function placesOf({ folder }: Sandbox): StorePlaces {
  const artifacts = join(folder, 'artifacts');
  return {
    database: join(folder, 'data', 'riskops.db'),
    artifacts,
    currentModel: join(artifacts, 'models', 'current.json'),
  };
}

/** A project in `folder` with a loan book and its config. */
export async function makeProject(folder: string, rows = 800): Promise<Sandbox> {
  mkdirSync(folder, { recursive: true });
  writeLoans(folder, 'loans.csv', rows);
  const sandbox = { folder, environment: sandboxEnvironment() };
  await succeed(sandbox, ['init', '--data', 'loans.csv', '--target', 'default']);
  return sandbox;
}

/** Runs a command that must end well; its JSON document. */
export async function succeed<T = Record<string, unknown>>(
  sandbox: Sandbox,
  words: readonly string[],
): Promise<T> {
  const ended = await runRiskops(sandbox, [...words, '--json']);
  if (ended.exitCode !== 0)
    throw new Error(
      `riskops ${words.join(' ')} ended with ${ended.exitCode}: ${ended.stderr}${ended.stdout}`,
    );
  return JSON.parse(ended.stdout);
}

/** Runs a command that must fail with this exit code and one readable error. */
export async function fail(sandbox: Sandbox, words: readonly string[], exitCode: number): Promise<Ended> {
  const ended = await runRiskops(sandbox, words);
  if (ended.exitCode !== exitCode)
    throw new Error(
      `riskops ${words.join(' ')} ended with ${ended.exitCode}, not ${exitCode}: ${ended.stderr}${ended.stdout}`,
    );
  return ended;
}

export { runRiskops, type Sandbox, startServing };
