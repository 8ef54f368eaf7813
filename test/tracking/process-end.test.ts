import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { getRun } from '../../src/tracking/read-runs.js';
import { endRun } from '../../src/tracking/shell-run.js';
import { buildChild, startChild } from '../support/child-entry.js';
import { temporaryFolder } from '../support/temporary.js';
import { workplace } from './tracking-support.js';

let program: string;
beforeAll(async () => {
  program = await buildChild(join(import.meta.dirname, 'program', 'child.ts'));
});

const isId = (line: string) => /^[0-9a-f]{32}$/.test(line);

/** Runs a program to its end; how it ended, and how its run reads to another process. */
async function ending(task: string[], signal?: NodeJS.Signals) {
  const folder = temporaryFolder();
  const [name, ...rest] = task;
  const started = startChild(program, [name, folder, ...rest]);
  const runId = await started.line(isId);
  if (signal) started.process.kill(signal);
  const ended = await started.ended;
  const { store } = await workplace(folder);
  const { status, error, exit_code, metrics } = await getRun(store, runId);
  return {
    ended,
    lines: started.lines,
    stderr: started.stderr(),
    run: { status, error, exit_code },
    metrics,
  };
}

describe('an error that nobody caught is FAILED with its text and its stack, and Node says what it always says', () => {
  test.each([
    ['throw', 'TypeError: the loss is not finite'],
    ['reject', 'Error: no such file'],
    ['leave', 'RangeError: diverged at step 3'],
  ])('%s', async (task, error) => {
    const { ended, stderr, run, metrics } = await ending([task]);
    expect(ended).toBe(1);
    expect(run).toMatchObject({ status: 'FAILED', exit_code: 1 });
    const [first, ...stack] = String(run.error).split('\n');
    expect(first).toBe(error);
    expect(stack.join('\n')).toMatch(/\n {4}at /);
    expect(stderr).toContain(stack.join('\n'));
    expect(stderr).toMatch(new RegExp(`\\n${error}\\n    at `));
    if (task !== 'leave') expect(metrics).toEqual({ loss: 0.5 });
  });
});

test.each([
  [['exit', '0'], 0],
  [['exit', '3'], 3],
  [['natural'], 0],
])(
  'a process that ends by %s before its run is never FINISHED, and keeps its exit code',
  async (task, code) => {
    const { ended, run, metrics } = await ending(task);
    const error = `the process ended with exit code ${code} before the run was ended`;
    expect({ ended, run }).toEqual({ ended: code, run: { status: 'FAILED', error, exit_code: code } });
    expect(metrics).toEqual({ loss: 0.5 });
  },
);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s makes the run KILLED, and ends the process as a signal does', async (signal, code) => {
  const { ended, run, metrics } = await ending(['wait'], signal);
  expect(ended).toBe(signal);
  expect(run).toEqual({ status: 'KILLED', error: `stopped by ${signal}`, exit_code: code });
  expect(metrics).toEqual({ loss: 0.5 });
});

test('kill -9 leaves it LOST', async () => {
  const { ended, run } = await ending(['wait'], 'SIGKILL');
  expect(ended).toBe('SIGKILL');
  expect(run).toMatchObject({ status: 'LOST', exit_code: null, error: expect.stringMatching(/is gone/) });
});

describe('handlers of the program come first: what they do is not taken from them', () => {
  test('one that exits by itself', async () => {
    const { ended, lines, run } = await ending(['handler'], 'SIGTERM');
    expect({ ended, said: lines.at(-1) }).toEqual({ ended: 9, said: 'my own handler' });
    expect(run).toEqual({ status: 'KILLED', error: 'stopped by SIGTERM', exit_code: 9 });
  });
  test('one that ends the run well', async () => {
    const { ended, run } = await ending(['graceful'], 'SIGTERM');
    expect({ ended, status: run.status }).toEqual({ ended: 0, status: 'FINISHED' });
  });
  test('one that catches errors and goes on', async () => {
    const { ended, lines, run } = await ending(['caught']);
    expect({ ended, status: run.status, said: lines.at(-1) }).toEqual({
      ended: 0,
      status: 'FINISHED',
      said: 'caught once',
    });
  });
});

test('five processes that log 1,000 points each to one run: 5,000 points, each with a step of its own', async () => {
  const { folder, store } = await workplace();
  const { startShellRun } = await import('../../src/tracking/shell-run.js');
  const runId = await startShellRun(store, { cwd: folder });
  const writers = [0, 1, 2, 3, 4].map((writer) =>
    startChild(program, ['write', folder, runId, String(writer)]),
  );
  expect(await Promise.all(writers.map((writer) => writer.ended))).toEqual([0, 0, 0, 0, 0]);
  const points = await store.db
    .selectFrom('metric_points')
    .select(['step', 'value'])
    .orderBy('step')
    .execute();
  expect(points.map(({ step }) => step)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  expect(points.map(({ value }) => value!).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 5000 }, (_, i) => i),
  );
  await endRun(store, runId);
});
