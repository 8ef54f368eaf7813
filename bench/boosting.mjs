#!/usr/bin/env node
// Gradient boosting of 100 rounds of 31 leaves on 30,000 x 20 made-up credit cases: the fit call alone on one thread, beside scikit-learn's
// HistGradientBoosting and XGBoost's hist with the same settings, where Python has them. CPU seconds, and the AUC on 10,000 other rows.
import { learnerFor, resolveHyper } from '../dist/index.js';
import { aucOf, FEATURES, makeCredit } from './credit.mjs';
import { alternate } from './measure.mjs';
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
const learner = learnerFor('gradient-boosting');
const hyper = resolveHyper(learner, { trees: 100, leaves: 31, min_leaf: 20, l2: 1, learning_rate: 0.1 });
const aucs = {};

const ours = (name, kernels) => async () => {
  const before = process.cpuUsage();
  const model = await learner.fit(data, 'binary', hyper, { seed: 0, threads: 1, kernels });
  const { user, system } = process.cpuUsage(before);
  aucs[name] = aucOf(model.predict(held.x, held.y.length), held.y);
  return (user + system) / 1e6;
};

const rivals = await openRivals('boosting_rivals.py', [train.x, train.y, held.x, held.y], [FEATURES]);
const theirs = (name) => async () => {
  const { fit, auc } = await rivals.ask(name);
  aucs[name] = auc;
  return fit;
};

const LIMITS = { 'scikit-learn': 0.8, xgboost: 1 };
const names = rivals === null ? [] : Object.keys(LIMITS);
const fit = await alternate(rounds, {
  riskops: ours('riskops', 'wasm'),
  ...Object.fromEntries(names.map((name) => [name, theirs(name)])),
  'riskops, without WebAssembly': ours('riskops, without WebAssembly', 'js'),
});
rivals?.close();
const ratios = Object.fromEntries(names.map((name) => [name, fit.riskops.median / fit[name].median]));
console.log(
  JSON.stringify(
    {
      unit: 'CPU seconds of the fit call',
      rows: ROWS,
      features: FEATURES,
      fit,
      ratios,
      limits: LIMITS,
      aucs,
    },
    null,
    2,
  ),
);
