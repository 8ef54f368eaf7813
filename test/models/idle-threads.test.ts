import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveHyper } from '../../src/models/hyper.js';
import type { FitContext, TrainingData } from '../../src/models/learner.js';
import { randomForest } from '../../src/models/random-forest.js';
import { runTrainingThreads } from '../../src/models/training-thread.js';
import type { RandomForestJob, TrainingMessage } from '../../src/models/trees/job.js';
import { prepareData } from '../../src/models/trees/prepare.js';

const data: TrainingData = {
  x: Float64Array.from({ length: 2000 }, (_, i) => Math.sin(i * i)),
  y: Float64Array.from({ length: 1000 }, (_, i) => Number(Math.sin(i * 3) > 0)),
  rowCount: 1000,
  names: ['a', 'b'],
  categories: new Int32Array(2),
  classCount: 2,
  weights: null,
  previous: null,
  validation: null,
};

/** The threads that a test started. */
let started: Worker[] = [];
const note = (worker: Worker) => started.push(worker);
const alive = () => started.filter(({ threadId }) => threadId !== -1);

beforeEach(() => process.on('worker', note));
afterEach(async () => {
  process.off('worker', note);
  await Promise.all(started.map((worker) => worker.terminate()));
  started = [];
});

async function grow(context: Partial<FitContext> = {}, trees = 20) {
  const hyper = resolveHyper(randomForest, { trees });
  return (await randomForest.fit(data, 'binary', hyper, { seed: 3, threads: 2, ...context })).save();
}

/** One run of a forest's job on one thread that is said to have taken so many bytes. */
async function run(bytes: number): Promise<void> {
  const options = { trees: 1, minLeaf: 1, maxDepth: null, leaves: null, featuresPerSplit: 1, seed: 0 };
  const nextTree = new Int32Array(new SharedArrayBuffer(4));
  const prepared = await prepareData(data, 'binary');
  const job: RandomForestJob = { kind: 'random-forest', ...prepared, options, nextTree, module: null };
  const take = (message: TrainingMessage) => (message.type === 'done' ? message : undefined);
  await runTrainingThreads({ name: 'train-trees', job, threads: 1, bytesOf: () => bytes }, take);
}

test('the threads of a fit do the next one too, with the same bytes', async () => {
  const first = await grow();
  expect(await grow()).toEqual(first);
  expect(await grow({ threads: 1 })).toEqual(first);
  expect(started).toHaveLength(2);
  expect(await grow({ threads: 3 })).toEqual(first);
  expect(started).toHaveLength(3);
});

test('after an abort or a fault the threads have ended when the fit has, and the next one has others', async () => {
  await grow({ threads: 3 });
  const stop = new AbortController();
  const abort = () => stop.abort('stopped');
  await expect(grow({ signal: stop.signal, onStep: abort }, 100_000)).rejects.toBe('stopped');
  expect(alive()).toHaveLength(1);
  const fault = new Error('disk full');
  const fail = () => {
    throw fault;
  };
  await expect(grow({ onStep: fail })).rejects.toBe(fault);
  expect(alive()).toEqual([]);
  await expect(grow()).resolves.toBeDefined();
});

test('a thread whose jobs took more than 256 MB ends; one that ended while it waited is not taken', async () => {
  await run(2 ** 28 + 1);
  expect(alive()).toEqual([]);
  for (const waiting of [1, 1, 0]) {
    await run(2 ** 27);
    expect(alive()).toHaveLength(waiting);
  }
  expect(started).toHaveLength(2);
  await run(0);
  await alive()[0].terminate();
  await run(0);
  expect(started).toHaveLength(4);
});

test('threads that nothing is left to do for end', async () => {
  await grow();
  expect(alive()).toHaveLength(2);
  await expect.poll(() => alive().length, { timeout: 20_000 }).toBe(0);
});

const script = `
import { learnerFor, resolveHyper } from '${pathToFileURL(join(import.meta.dirname, '../../dist/index.js'))}';
const started = [];
process.on('worker', (worker) => started.push(worker));
process.on('exit', () => console.log(started.map(({ threadId }) => threadId > 0)));
const learner = learnerFor('random-forest');
const data = { x: new Float64Array(100), y: Float64Array.from({ length: 100 }, (_, i) => i % 2), rowCount: 100, names: ['a'], categories: new Int32Array(1), classCount: 2, weights: null, previous: null, validation: null };
await learner.fit(data, 'binary', resolveHyper(learner, { trees: 2 }), { seed: 0, threads: 2 });
`;

test('a process does not wait for threads that wait for a job', () => {
  const args = ['--input-type=module', '-e', script];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('[ true, true ]\n');
});
