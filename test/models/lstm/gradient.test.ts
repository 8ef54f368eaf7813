import { expect, test } from 'vitest';
import type { Task } from '../../../src/models/learner.js';
import { backward } from '../../../src/models/lstm/backward.js';
import { forward, type Mask } from '../../../src/models/lstm/forward.js';
import { type LossName, lossFor } from '../../../src/models/lstm/losses.js';
import { type Net, openNet } from '../../../src/models/lstm/net.js';
import { readWeights } from '../../../src/models/lstm/placed-weights.js';
import { initialWeights, type LstmWeights } from '../../../src/models/lstm/shape.js';
import { fillWindows } from '../../../src/models/lstm/windows.js';
import { seededRandom } from '../../../src/util/random.js';

const [BATCH, WINDOW, INPUTS, HIDDEN] = [5, 4, 3, 10];

/** A net with windows in its input. */
function makeNet(layers: number, outputs: number): Net {
  const shape = { inputs: INPUTS, hidden: HIDDEN, layers, outputs };
  const random = seededRandom(1);
  const room = { batch: BATCH, window: WINDOW, training: true };
  const net = openNet(shape, initialWeights(shape, random), room, 'wasm');
  const x = Float32Array.from({ length: 2 * BATCH * INPUTS }, () => random() * 4 - 2);
  const previous = Int32Array.from({ length: 2 * BATCH }, (_, row) => row - 1);
  const picks = Int32Array.from({ length: BATCH }, (_, i) => 2 * BATCH - 1 - 2 * i);
  fillWindows(net, { x, previous, rowCount: 2 * BATCH }, picks, 0, BATCH);
  return net;
}

function makeMasks({ layout, shape }: Net): Mask[] {
  const random = seededRandom(4);
  const length = BATCH * WINDOW * layout.units;
  return Array.from({ length: shape.layers }, () =>
    Float32Array.from({ length }, () => (random() < 0.3 ? 0 : 1 / 0.7)),
  );
}

/** Every kind of weight, as its name and its array. */
const groupsOf = ({ layers, head, headBias }: LstmWeights): [string, Float32Array][] => [
  ...layers.flatMap((own, layer) =>
    (['kernel', 'recurrent', 'bias'] as const).map((part): [string, Float32Array] => [
      `${part} of layer ${layer}`,
      own[part],
    ]),
  ),
  ['head', head],
  ['bias of the head', headBias],
];

/** Where each weight lies in memory: the weights, read where every place holds its own number. */
function placesOf({ kernels: { memory }, layout, shape }: Net): LstmWeights {
  const own = memory.slice();
  for (let i = 0; i < layout.parameterCount; i++) memory[layout.parameters + i] = layout.parameters + i;
  const places = readWeights(memory, layout, shape);
  memory.set(own);
  return places;
}

/** The slope of `value` along one weight: Richardson's, so that what is left is of the fourth order. */
function numericSlope(memory: Float32Array, place: number, value: () => number): number {
  const weight = memory[place];
  const across = (reach: number) => {
    const [above, below] = [reach, -reach].map((shift) => {
      memory[place] = weight + shift;
      return value();
    });
    return (above - below) / (2 * reach);
  };
  const slope = (4 * across(2e-2) - across(4e-2)) / 3;
  memory[place] = weight;
  return slope;
}

const CASES: { task: Task; loss: LossName; outputs: number; dropout: boolean }[] = [
  { task: 'regression', loss: 'mse', outputs: 1, dropout: false },
  { task: 'regression', loss: 'mse', outputs: 1, dropout: true },
  { task: 'regression', loss: 'mae', outputs: 1, dropout: false },
  { task: 'regression', loss: 'huber', outputs: 1, dropout: false },
  { task: 'binary', loss: 'mse', outputs: 1, dropout: false },
  { task: 'multiclass', loss: 'mse', outputs: 3, dropout: true },
];

for (const layers of [1, 2]) {
  for (const { task, loss: name, outputs, dropout } of CASES) {
    const title = `${layers} layer(s), ${task === 'regression' ? name : task}${dropout ? ', dropout' : ''}`;
    test(`the gradient is the slope of the loss: ${title}`, () => {
      const net = makeNet(layers, outputs);
      const { memory } = net.kernels;
      const masks = dropout ? makeMasks(net) : null;
      const loss = lossFor(task, outputs, name, 0.5);
      const answers = new Float64Array(BATCH * outputs);
      const slopes = answers.slice();
      const value = () => {
        forward(net, BATCH, answers, masks);
        let sum = 0;
        for (let i = 0; i < BATCH; i++) {
          const target = task === 'regression' ? i - 2.3 : i % (task === 'binary' ? 2 : 3);
          sum += loss(answers, slopes, i * outputs, target);
        }
        return sum;
      };
      value();
      backward(net, BATCH, slopes, masks);
      const gradient = groupsOf(readWeights(memory, net.layout, net.shape, net.layout.gradients));
      const places = groupsOf(placesOf(net));
      for (const [group, [weights, found]] of gradient.entries()) {
        const largest = Math.max(...found.map(Math.abs));
        for (let i = 0; i < found.length; i += Math.ceil(found.length / 20)) {
          const slope = numericSlope(memory, places[group][1][i], value);
          const off = Math.abs(slope - found[i]) / (largest + Math.abs(slope));
          expect(off, `${weights}, number ${i}: ${found[i]}, and the slope is ${slope}`).toBeLessThan(1e-3);
        }
      }
    });
  }
}
