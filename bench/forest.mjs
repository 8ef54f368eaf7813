#!/usr/bin/env node
// Random forest of 100 trees (leaves of 1, as scikit-learn's default, and of 10, ours) and isolation forest of 100 trees, on 30,000 x 20
// made-up credit cases: the fit call alone on one thread, beside scikit-learn's, where Python has it. CPU seconds, and the AUC on 10,000 other rows; then
// the random forest's wall seconds on two threads beside one, which need an idle machine: threads that wait from fit to fit, as within one training.
import { learnerFor, resolveHyper } from '../dist/index.js';
import { aucOf, FEATURES, makeCredit } from './credit.mjs';
import { alternate, summary } from './measure.mjs';
import { openRivals } from './rivals.mjs';

const rounds = Number(process.argv[2] ?? 5);
const ROWS = 30_000;
const train = makeCredit(ROWS, 1);
const held = makeCredit(10_000, 2);
const data = {
  ...{ ...train, rowCount: ROWS, weights: null, previous: null, validation: null, classCount: 2 },
  names: Array.from({ length: FEATURES }, (_, i) => `x${i}`),
  categories: new Int32Array(FEATURES),
};

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Each round has another seed, so that the AUC is a mean over forests. */
const aucs = {};
const scoring = {};
const note = (list, name, value) => {
  list[name] ??= [];
  list[name].push(value);
};

function ours(label, name, options, { threads = 1, kernels = 'wasm', clock = cpuSeconds } = {}) {
  const learner = learnerFor(name);
  let seed = 0;
  return async () => {
    const start = clock();
    const model = await learner.fit(data, 'binary', resolveHyper(learner, options), {
      seed: seed++,
      threads,
      kernels,
    });
    const fitted = clock();
    model.predict(train.x, ROWS);
    note(scoring, label, clock() - fitted);
    note(aucs, label, aucOf(model.predict(held.x, held.y.length), held.y));
    return fitted - start;
  };
}

const rivals = await openRivals('forest_rivals.py', [train.x, train.y, held.x, held.y], [FEATURES]);
function theirs(label, word) {
  return async () => {
    const { fit, score, auc } = await rivals.ask(word);
    note(scoring, label, score);
    note(aucs, label, auc);
    return fit;
  };
}

const cases = [
  ['random forest, leaves of 1', 'random-forest', { trees: 100, min_leaf: 1 }, 'forest 1', 0.25],
  ['random forest, leaves of 10', 'random-forest', { trees: 100, min_leaf: 10 }, 'forest 10', 0.25],
  ['isolation forest', 'isolation-forest', { trees: 100, sample_size: 256 }, 'isolation 0', 0.5],
];
const results = {};
for (const [label, name, options, word, limit] of cases) {
  const measurements = { riskops: ours(`${label}: riskops`, name, options) };
  if (rivals) measurements['scikit-learn'] = theirs(`${label}: scikit-learn`, word);
  if (name === 'random-forest') {
    measurements['riskops, without WebAssembly'] = ours(`${label}: plain`, name, options, { kernels: 'js' });
  }
  const fit = await alternate(rounds, measurements);
  const ratio = rivals ? fit.riskops.median / fit['scikit-learn'].median : null;
  results[label] = { fit, ratio, limit };
}
rivals?.close();

const wall = () => performance.now() / 1000;
const threads = await alternate(rounds, {
  one: ours('one', 'random-forest', { trees: 100 }, { clock: wall }),
  two: ours('two', 'random-forest', { trees: 100 }, { clock: wall, threads: 2 }),
});
const means = (lists) =>
  Object.fromEntries(
    Object.entries(lists).map(([name, values]) => [
      name,
      values.reduce((sum, value) => sum + value, 0) / values.length,
    ]),
  );
const medians = (lists) =>
  Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, summary(values).median]));
console.log(
  JSON.stringify(
    {
      unit: 'CPU seconds of the fit call',
      ...{ rows: ROWS, features: FEATURES, ...results },
      'CPU seconds to score 30,000 rows': medians(scoring),
      'AUC, mean': means(aucs),
      'threads, wall seconds': { ...threads, speedup: threads.one.median / threads.two.median, limit: 1.6 },
    },
    null,
    2,
  ),
);
