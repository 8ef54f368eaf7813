import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { gradientBoosting } from '../../src/models/gradient-boosting.js';
import { resolveHyper } from '../../src/models/hyper.js';
import type { TrainingData } from '../../src/models/learner.js';
import { randomForest } from '../../src/models/random-forest.js';
import type { RandomForestJob } from '../../src/models/trees/job.js';
import { prepareData } from '../../src/models/trees/prepare.js';
import { runJob } from '../../src/models/trees/run-job.js';
import { temporaryFolder } from '../support/temporary.js';

const root = join(import.meta.dirname, '..', '..');

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

for (const learner of [gradientBoosting, randomForest]) {
  test(`${learner.name}: an abort ends the fit soon, with the signal's reason`, async () => {
    const hyper = resolveHyper(learner, { trees: 100_000 });
    const controller = new AbortController();
    const reason = new Error('Ctrl-C');
    let abortedAt = 0;
    let stepsAfter = 0;
    const onStep = () => {
      if (abortedAt > 0) stepsAfter++;
      // Long enough for the threads to finish trees that are not reported yet.
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      abortedAt = performance.now();
      controller.abort(reason);
    };
    const fit = learner.fit(data, 'binary', hyper, {
      seed: 0,
      threads: 2,
      onStep,
      signal: controller.signal,
    });
    await expect(fit).rejects.toBe(reason);
    expect(performance.now() - abortedAt).toBeLessThan(2000);
    expect(stepsAfter).toBe(0);

    const early = learner.fit(data, 'binary', hyper, {
      seed: 0,
      threads: 2,
      signal: AbortSignal.abort(reason),
    });
    await expect(early).rejects.toBe(reason);
  });
}

test('an error of onStep ends the fit with that error', async () => {
  const fault = new Error('disk full');
  const onStep = () => {
    throw fault;
  };
  const hyper = resolveHyper(randomForest, { trees: 1000 });
  await expect(randomForest.fit(data, 'binary', hyper, { seed: 0, threads: 2, onStep })).rejects.toBe(fault);
});

test('a thread that crashes makes TRAINING_FAILED, and the other threads end', async () => {
  const options = { trees: 1000, minLeaf: 1, maxDepth: null, leaves: null, featuresPerSplit: 1, seed: 0 };
  const prepared = await prepareData(data, 'binary');
  const job = { kind: 'random-forest', ...prepared, options, nextTree: null, module: null };
  await expect(runJob(job as unknown as RandomForestJob, 2, {})).rejects.toMatchObject({
    code: 'TRAINING_FAILED',
    message: 'A training thread failed.',
    why: expect.stringContaining('integer typed array'),
  });
});

const script = `
import { randomForest } from './random-forest.mjs';
const data = { x: Float64Array.from({ length: 5000 }, (_, i) => i % 97), y: Float64Array.from({ length: 5000 }, (_, i) => i % 2), rowCount: 5000, names: ['a'], categories: new Int32Array(1), classCount: 2, weights: null, previous: null, validation: null };
const hyper = { trees: 100000, min_leaf: 1, max_features: null, max_depth: null, leaves: null };
const stop = new AbortController();
const fit = randomForest.fit(data, 'binary', hyper, { seed: 0, threads: 2, signal: stop.signal, onStep: () => stop.abort('stopped') });
await fit.catch((error) => console.log(JSON.stringify([error.code, error.message, error.fix, error])));
`;

test('threads are gone after an abort, so that the process ends; a missing worker file is named', async () => {
  const folder = temporaryFolder();
  await build({
    entryPoints: [join(root, 'src/models/random-forest.ts')],
    outfile: join(folder, 'random-forest.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'riskops', type: 'module' }));
  writeFileSync(join(folder, 'fit.mjs'), script);
  const run = () =>
    JSON.parse(
      execFileSync(process.execPath, ['fit.mjs'], { cwd: folder, timeout: 20_000, encoding: 'utf8' }),
    );

  const [code, message, fix] = run();
  expect(code).toBe('TRAINING_FAILED');
  expect(message).toContain('dist/workers/train-trees.js is missing');
  expect(fix).toBe('npm run build');

  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  expect(run()[3]).toBe('stopped');
});
