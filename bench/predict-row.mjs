// One row at a time, and all rows at once, through the fitted model: 100 trees of 31 leaves, 20 features. Microseconds of CPU a row.
import { learners } from '../dist/index.js';
import { alternate } from './measure.mjs';

const [FEATURES, ROWS, ROUNDS] = [20, 20_000, 9];

/** The same stream of numbers every time (Park and Miller 1988). */
function stream(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function cpu(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / ROWS;
}

const random = stream(7);
const x = Float64Array.from({ length: ROWS * FEATURES }, () => (random() < 0.02 ? Number.NaN : random()));
const cell = (row, column) => x[row * FEATURES + column] || 0;
const y = Float64Array.from({ length: ROWS }, (_, row) =>
  Number(Math.sin(6 * cell(row, 0)) + cell(row, 1) * cell(row, 2) + cell(row, 3) > 0.8 + random()),
);
const learner = learners.find(({ name }) => name === 'gradient-boosting');
const defaults = Object.fromEntries(learner.options.map((option) => [option.name, option.default]));
const order = { weights: null, previous: null, validation: null };
const names = Array.from({ length: FEATURES }, (_, i) => `f${i}`);
const data = { x, y, rowCount: ROWS, ...order, names, categories: new Int32Array(FEATURES), classCount: 2 };
const model = await learner.fit(
  data,
  'binary',
  { ...defaults, trees: 100, leaves: 31 },
  { seed: 0, threads: 1 },
);
const rows = Array.from({ length: ROWS }, (_, row) => x.slice(row * FEATURES, (row + 1) * FEATURES));

const found = await alternate(ROUNDS, {
  'one row at a time': () =>
    cpu(() => {
      for (const row of rows) model.predict(row, 1);
    }),
  'all rows at once': () => cpu(() => model.predict(x, ROWS)),
  'explained, 500 rows': () => (cpu(() => model.explain(x, 500)) * ROWS) / 500,
});
for (const [name, { least, median, greatest }] of Object.entries(found))
  console.log(`${name.padEnd(20)} ${median.toFixed(2)} us (${least.toFixed(2)} to ${greatest.toFixed(2)})`);
process.exit(found['one row at a time'].median <= 5 ? 0 : 1);
