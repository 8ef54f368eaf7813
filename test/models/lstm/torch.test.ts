import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Task } from '../../../src/models/learner.js';
import { backward } from '../../../src/models/lstm/backward.js';
import { forward } from '../../../src/models/lstm/forward.js';
import type { LstmJob } from '../../../src/models/lstm/job.js';
import { lossFor } from '../../../src/models/lstm/losses.js';
import { openNet } from '../../../src/models/lstm/net.js';
import { openOwnEngine } from '../../../src/models/lstm/net-engine.js';
import { readWeights } from '../../../src/models/lstm/placed-weights.js';
import { openAnswers } from '../../../src/models/lstm/predict-net.js';
import type { LstmWeights } from '../../../src/models/lstm/shape.js';
import { trainNet } from '../../../src/models/lstm/train-net.js';
import { fillWindows } from '../../../src/models/lstm/windows.js';

interface PlainWeights {
  layers: { kernel: number[]; recurrent: number[]; bias: number[] }[];
  head: number[];
  headBias: number[];
}

/** PyTorch's numbers; `vectors/lstm.py` writes them. */
const vectors: {
  rows: number;
  inputs: number;
  hidden: number;
  window: number;
  steps: number;
  clip: number;
  cases: {
    name: string;
    layers: number;
    outputs: number;
    task: Task;
    loss: 'mse';
    optimiser: 'adam';
    weight_decay: number;
    x: number[];
    y: number[];
    weights: number[];
    first: PlainWeights;
    answers: number[];
    first_loss: number;
    gradient: PlainWeights;
    last: PlainWeights;
  }[];
} = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', 'lstm.json'), 'utf8'));

const float32 = ({ layers, head, headBias }: PlainWeights): LstmWeights => ({
  layers: layers.map(({ kernel, recurrent, bias }) => ({
    kernel: Float32Array.from(kernel),
    recurrent: Float32Array.from(recurrent),
    bias: Float32Array.from(bias),
  })),
  head: Float32Array.from(head),
  headBias: Float32Array.from(headBias),
});

const flat = ({ layers, head, headBias }: PlainWeights | LstmWeights): number[] => [
  ...layers.flatMap(({ kernel, recurrent, bias }) => [...kernel, ...recurrent, ...bias]),
  ...head,
  ...headBias,
];

const furthest = (found: ArrayLike<number>, wanted: ArrayLike<number>) =>
  Array.from(wanted).reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0);

for (const given of vectors.cases) {
  const { inputs, hidden, window, rows: rowCount, steps, clip } = vectors;
  const { layers, outputs, task } = given;
  const shape = { inputs, hidden, layers, outputs };
  const previous = Int32Array.from({ length: rowCount }, (_, row) => row - 1);
  const first = float32(given.first);

  test(`PyTorch's answers on the same weights: ${given.name}`, () => {
    const answers = openAnswers(shape, first, window, 'wasm')(Float64Array.from(given.x), rowCount, previous);
    expect(furthest(answers, given.answers)).toBeLessThan(2e-6);
  });

  test(`PyTorch's gradient: ${given.name}`, () => {
    const net = openNet(shape, first, { batch: rowCount, window, training: true }, 'wasm');
    const picks = Int32Array.from({ length: rowCount }, (_, row) => row);
    fillWindows(net, { x: Float32Array.from(given.x), previous, rowCount }, picks, 0, rowCount);
    const answers = new Float64Array(rowCount * outputs);
    const slopes = answers.slice();
    forward(net, rowCount, answers);
    const loss = lossFor(task, outputs, given.loss, 0.5);
    const total = given.weights.reduce((sum, weight) => sum + weight, 0);
    let mean = 0;
    for (const [row, weight] of given.weights.entries()) {
      mean += (loss(answers, slopes, row * outputs, given.y[row]) * weight) / total;
      for (let k = 0; k < outputs; k++) slopes[row * outputs + k] *= weight / total;
    }
    expect(mean).toBeCloseTo(given.first_loss, 5);
    backward(net, rowCount, slopes);
    const found = readWeights(net.kernels.memory, net.layout, shape, net.layout.gradients);
    expect(furthest(flat(found), flat(given.gradient))).toBeLessThan(2e-6);
  });

  test(`PyTorch's weights after some steps: ${given.name}`, () => {
    const job: LstmJob = {
      engine: 'riskops',
      task,
      shape,
      options: {
        window,
        dropout: 0,
        epochs: steps,
        batch: rowCount,
        learningRate: 1e-2,
        optimiser: given.optimiser,
        weightDecay: given.weight_decay,
        loss: given.loss,
        delta: 0.5,
        clip,
        patience: null,
        plateauPatience: null,
        plateauFactor: 0.5,
      },
      rows: {
        x: Float32Array.from(given.x),
        previous,
        rowCount,
        y: Float64Array.from(given.y),
        weights: Float64Array.from(given.weights),
      },
      validation: null,
      seed: 0,
      kernels: 'wasm',
    };
    const found = trainNet(
      job,
      (own, _weights, batch) => openOwnEngine(own, first, batch),
      () => {},
    );
    expect(furthest(flat(found), flat(given.last))).toBeLessThan(5e-5);
  });
}
