import { expect, test } from 'vitest';
import { resolveHyper } from '../../../src/models/hyper.js';
import type { LstmJob } from '../../../src/models/lstm/job.js';
import { loadTfjs } from '../../../src/models/lstm/load-tfjs.js';
import { openOwnEngine } from '../../../src/models/lstm/net-engine.js';
import { openAnswers } from '../../../src/models/lstm/predict-net.js';
import { initialWeights } from '../../../src/models/lstm/shape.js';
import { openTfjsEngine } from '../../../src/models/lstm/tfjs-engine.js';
import { trainNet } from '../../../src/models/lstm/train-net.js';
import { lstmTfjs } from '../../../src/models/lstm-tfjs.js';
import { seededRandom } from '../../../src/util/random.js';

const tfjs = await loadTfjs();
const ROWS = 60;

function jobOf(over: Partial<LstmJob['options']>, layers: number): LstmJob {
  const random = seededRandom(3);
  const x = Float32Array.from({ length: ROWS * 3 }, () => random() * 2 - 1);
  const previous = Int32Array.from({ length: ROWS }, (_, row) => (row % 20 === 0 ? -1 : row - 1));
  const y = Float64Array.from({ length: ROWS }, (_, row) => x[row * 3] + (row % 20 > 0 ? x[row * 3 - 3] : 0));
  const rows = { x, previous, rowCount: ROWS, y, weights: null };
  return {
    engine: 'tfjs',
    task: 'regression',
    shape: { inputs: 3, hidden: 10, layers, outputs: 1 },
    options: {
      window: 5,
      dropout: 0,
      epochs: 4,
      batch: 16,
      learningRate: 5e-3,
      optimiser: 'adam',
      weightDecay: 0,
      loss: 'mse',
      delta: 1,
      clip: 1,
      patience: null,
      plateauPatience: null,
      plateauFactor: 0.5,
      ...over,
    },
    rows,
    validation: {
      ...rows,
      weights: Float64Array.from({ length: ROWS }, (_, row) => (row < 40 ? 0 : 1 + (row % 3))),
    },
    seed: 5,
    kernels: 'js',
  };
}

/** The losses epoch by epoch, and all weights. */
function trained(job: LstmJob, open: Parameters<typeof trainNet>[1]) {
  const losses: number[] = [];
  const weights = trainNet(job, open, ({ loss, validation_loss: watched }) => losses.push(loss, watched));
  const numbers = [
    ...weights.layers.flatMap(({ kernel, recurrent, bias }) => [...kernel, ...recurrent, ...bias]),
    ...weights.head,
    ...weights.headBias,
  ];
  return { losses, numbers };
}

test.each([
  ['adam', 1, {}],
  [
    'adamw, huber, dropout, two layers',
    2,
    { optimiser: 'adamw', weightDecay: 0.1, loss: 'huber', dropout: 0.3 },
  ],
  ['decay in the gradient, no clip', 1, { weightDecay: 0.05, clip: null, plateauPatience: 1 }],
] as const)('TensorFlow.js learns the same from the same batches: %s', (_, layers, over) => {
  const job = jobOf(over, layers);
  const own = trained(job, openOwnEngine);
  const theirs = trained(job, (_job, weights) => openTfjsEngine(tfjs, job, weights));
  for (const [i, loss] of own.losses.entries()) expect(theirs.losses[i]).toBeCloseTo(loss, 4);
  const off = Math.max(...own.numbers.map((weight, i) => Math.abs(weight - theirs.numbers[i])));
  expect(off).toBeLessThan(1e-3);
});

test.each([
  [1, 1],
  [2, 3],
])('the same weights answer the same in TensorFlow.js: %i layer(s), %i answer(s)', (layers, outputs) => {
  const job = jobOf({ window: 30 }, layers);
  job.shape = { inputs: 3, hidden: 20, layers, outputs };
  const weights = initialWeights(job.shape, seededRandom(8));
  const own = openAnswers(job.shape, weights, 30, 'wasm');
  const answers = new Float64Array(ROWS * outputs);
  const picks = Int32Array.from({ length: ROWS }, (_, row) => row);
  openTfjsEngine(tfjs, job, weights).answer({ rows: job.rows, picks, from: 0, to: ROWS }, answers);
  const found = own(Float64Array.from(job.rows.x), ROWS, job.rows.previous);
  const off = Math.max(...answers.map((answer, i) => Math.abs(answer - found[i])));
  expect(off).toBeLessThan(1e-5);
  expect(Math.max(...answers)).toBeGreaterThan(0.1);
});

test('the learner trains with TensorFlow.js on a thread, says each epoch, and its model needs it no more', async () => {
  const { rows } = jobOf({}, 1);
  const data = {
    ...rows,
    x: Float64Array.from(rows.x),
    names: ['a', 'b', 'c'],
    categories: new Int32Array(3),
    classCount: 0,
    validation: null,
  };
  const losses: number[] = [];
  const onStep = ({ metrics }: { metrics: Record<string, number> }) => losses.push(metrics['loss']);
  const given = { hidden: 8, window: 4, epochs: 12, learning_rate: 0.02, early_stopping: 'none' };
  const model = await lstmTfjs.fit(data, 'regression', resolveHyper(lstmTfjs, given), {
    seed: 0,
    threads: 1,
    onStep,
  });
  expect(losses.length).toBe(12);
  expect(losses[11]).toBeLessThan(losses[0] / 2);
  const shape = { featureCount: 3, categories: data.categories, classCount: 0 };
  const loaded = await lstmTfjs.load(model.save(), 'regression', shape);
  const answers = loaded.predict(data.x, ROWS, rows.previous);
  const { sd } = model.save().facts as { sd: number };
  const mse = answers.reduce((sum, answer, i) => sum + ((answer - rows.y[i]) / sd) ** 2, 0) / ROWS;
  expect(mse).toBeLessThan(losses[11] * 1.2);
});
