#!/usr/bin/env node
// Gradient boosting, the fit call alone, on one thread: 100 rounds of 31 leaves on 30,000 x 20 numbers and two classes, beside
// scikit-learn's HistGradientBoosting and XGBoost's hist with the same settings, where Python has them. CPU seconds.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gradientBoosting, resolveHyper } from '../dist/index.js';
import { alternate } from './measure.mjs';

const rounds = Number(process.argv[2] ?? 5);
const python = process.argv[3] ?? '/usr/bin/python3';
const [ROWS, FEATURES] = [30_000, 20];

/** Numbers in [0, 1), the same in each round (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Normal features, of which eight tell the class: six by their sum, two by their product. */
function makeData() {
  const random = numbers(1);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const x = new Float64Array(ROWS * FEATURES).map(normal);
  const y = new Float64Array(ROWS);
  for (let row = 0; row < ROWS; row++) {
    const at = row * FEATURES;
    let odds = x[at + 6] * x[at + 7];
    for (let j = 0; j < 6; j++) odds += x[at + j] * (j % 2 === 0 ? 0.6 : -0.6);
    y[row] = 1 / (1 + Math.exp(-odds)) > random() ? 1 : 0;
  }
  return { x, y };
}

/** A Python process that answers a program's name with its CPU seconds; null where it lacks what it needs. */
async function openRivals(folder, { x, y }) {
  const files = [join(folder, 'x.f64'), join(folder, 'y.f64')];
  writeFileSync(files[0], new Uint8Array(x.buffer));
  writeFileSync(files[1], new Uint8Array(y.buffer));
  const script = fileURLToPath(new URL('boosting_rivals.py', import.meta.url));
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const child = spawn(python, [script, ...files, String(ROWS), String(FEATURES)], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  if ((await lines.next()).value !== 'ready') return null;
  return {
    ask: async (name) => {
      child.stdin.write(`${name}\n`);
      return Number((await lines.next()).value);
    },
    close: () => child.stdin.end(),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'riskops-bench-'));
const raw = makeData();
const data = {
  ...{ ...raw, rowCount: ROWS, weights: null, previous: null, validation: null, classCount: 2 },
  names: Array.from({ length: FEATURES }, (_, i) => `x${i}`),
  categories: new Int32Array(FEATURES),
};
const fit = async (kernels) => {
  const cpu = process.cpuUsage();
  const hyper = resolveHyper(gradientBoosting, { trees: 100, leaves: 31 });
  await gradientBoosting.fit(data, 'binary', hyper, { seed: 0, threads: 1, kernels });
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1e6;
};
const rivals = await openRivals(folder, raw);
const ask = (name) => async () => rivals.ask(name);
const result = await alternate(rounds, {
  riskops: () => fit('wasm'),
  ...(rivals === null ? {} : { 'scikit-learn': ask('scikit-learn'), xgboost: ask('xgboost') }),
  'riskops, without WebAssembly': () => fit('js'),
});
rivals?.close();
rmSync(folder, { recursive: true, force: true });
const ratio = (name) => (result[name] ? result.riskops.median / result[name].median : null);
const ratios = { 'scikit-learn': ratio('scikit-learn'), xgboost: ratio('xgboost') };
const limits = { 'scikit-learn': 0.8, xgboost: 1 };
console.log(
  JSON.stringify({ unit: 'CPU seconds', rows: ROWS, features: FEATURES, ...result, ratios, limits }, null, 2),
);
