#!/usr/bin/env node
// CPU seconds of a warm epoch of the LSTM: 64 units, 2,000 windows of 12 rows x 20 features, batches of 32, Adam, one thread, beside
// PyTorch's nn.LSTM and Linear on one thread, in turn. `node bench/lstm.mjs [rounds] [python with torch]`
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { learners } from '../dist/index.js';
import { alternate, summary } from './measure.mjs';

const [WINDOWS, STEPS, FEATURES, UNITS, BATCH] = [2000, 12, 20, 64, 32];
const WARM = 2;
const EPOCHS = WARM + 4;
const rounds = Number(process.argv[2] ?? 5);
const python = process.argv[3] ?? 'python3';
const lstm = learners.find(({ name, engine }) => name === 'lstm' && engine === 'riskops');

/** One series; the window of each row is the rows before it. */
function makeData() {
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const x = Float64Array.from({ length: WINDOWS * FEATURES }, random);
  return {
    x,
    y: Float64Array.from(
      { length: WINDOWS },
      (_, row) => x[row * FEATURES] - x[Math.max(0, row - 3) * FEATURES],
    ),
    rowCount: WINDOWS,
    weights: null,
    previous: Int32Array.from({ length: WINDOWS }, (_, row) => row - 1),
    names: Array.from({ length: FEATURES }, (_, j) => `f${j}`),
    categories: new Int32Array(FEATURES),
    classCount: 0,
    validation: null,
  };
}

const data = makeData();
const defaults = Object.fromEntries(lstm.options.map((option) => [option.name, option.default]));
const hyper = { ...defaults, window: STEPS, hidden: UNITS, batch: BATCH, epochs: EPOCHS, clip: null };

async function ownEpoch(kernels) {
  const epochs = [];
  let before = process.cpuUsage();
  const onStep = () => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    epochs.push((user + system) / 1e6);
  };
  await lstm.fit(data, 'regression', hyper, { seed: 1, threads: 1, kernels, onStep });
  return summary(epochs.slice(WARM)).median;
}

function torchEpoch() {
  const program = join(import.meta.dirname, 'lstm.py');
  const sizes = [EPOCHS, WINDOWS, STEPS, FEATURES, UNITS, BATCH].map(String);
  const { status, stdout } = spawnSync(python, [program, ...sizes], { encoding: 'utf8' });
  if (status !== 0) return null;
  return summary(stdout.trim().split('\n').map(Number).slice(WARM)).median;
}

const hasTorch = torchEpoch() !== null;
const seen = await alternate(rounds, {
  riskops: () => ownEpoch('wasm'),
  ...(hasTorch && { torch: torchEpoch }),
});
console.log(
  JSON.stringify(
    {
      unit: 'CPU seconds an epoch',
      ...seen,
      'riskops, plain TypeScript': await ownEpoch('js'),
      ratio: hasTorch ? seen.riskops.median / seen.torch.median : `${python} has no torch`,
      limit: 1.2,
    },
    (_, value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value),
    2,
  ),
);
