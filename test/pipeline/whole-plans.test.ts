import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeTable } from '../../src/datasets/encode-table.js';
import { forecast } from '../../src/pipeline/forecast/forecast.js';
import { judgeVersion } from '../../src/pipeline/judge.js';
import { reproduceRun } from '../../src/pipeline/reproduce.js';
import { scoreFile } from '../../src/pipeline/score-file.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { listVersions } from '../../src/registry/versions.js';
import { seededRandom } from '../../src/util/random.js';
import { writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

/** Machines that wear out: a reading a cycle, until the last. */
function writeMachines(folder: string): void {
  const random = seededRandom(4);
  const lines = ['unit,cycle,heat,load,shop'];
  for (let unit = 1; unit <= 30; unit++) {
    const life = 30 + Math.floor(random() * 30);
    for (let cycle = 1; cycle <= life; cycle++) {
      const heat = 50 + (30 * cycle) / life + 4 * (random() - 0.5);
      lines.push([unit, cycle, heat, random(), ['성수', '안산'][unit % 2]].join(','));
    }
  }
  writeFileSync(join(folder, 'loans.csv'), `${lines.join('\n')}\n`);
}

const rul = { kind: 'run-to-failure', time: 'cycle', group: 'unit', unit: 'cycles', cap: 25, name: 'rul' };
const rolling = { kind: 'rolling', columns: ['heat'], windows: [5], of: ['mean', 'sd'] };

const plans: [string, Partial<TrainPlan>][] = [
  [
    'a label that is made, series and steps over them',
    {
      target: 'rul',
      label: rul,
      time: 'cycle',
      group: 'unit',
      recipe: [rolling],
      split: 'group:unit:0.2',
      learner: 'ridge',
    },
  ],
  [
    'a forecaster of many series',
    { target: 'heat', time: 'cycle', group: 'unit', horizon: 3, split: 'time:cycle:0.2', learner: 'ridge' },
  ],
  [
    'weights, balanced classes, rows that are drawn again',
    {
      target: 'shop',
      weights: 'load',
      learner: 'logistic',
      classWeight: 'balanced',
      balance: 'oversample',
      drop: ['unit'],
      allow: ['ids'],
    },
  ],
  [
    'early stopping on rows of its own',
    {
      target: 'rul',
      label: rul,
      split: 'group:unit:0.2',
      learner: 'gradient-boosting',
      hyper: { trees: 60, early_stopping: 3 },
      validation: 0.3,
    },
  ],
];

test.each(plans)(
  '%s: the holdout is made again to be judged on, and the training to be proved',
  async (_, change) => {
    const folder = temporaryFolder();
    writeMachines(folder);
    const store = await openStoreIn(folder);
    const { summary } = await trainModel(store, { ...planFor(folder), ...change }, { root: folder });
    const [version] = await listVersions(store, 'loans');
    const { report } = await judgeVersion(store, version, { root: folder });
    expect(report.holdout.rows).toBe(summary.rows.test);
    const again = await reproduceRun(store, summary.run_id, { root: folder, threads: 2 });
    expect(again).toMatchObject({ identical: true, reasons: [] });
  },
);

test('a model that predicts a quantile is judged by the loss of quantiles, beside that quantile', async () => {
  const folder = temporaryFolder();
  writeMachines(folder);
  const store = await openStoreIn(folder);
  const hyper = { loss: 'quantile', quantile: 0.9, trees: 60 };
  const plan = { ...planFor(folder), target: 'heat', learner: 'gradient-boosting', hyper, drop: ['unit'] };
  const trained = await trainModel(store, { ...plan, split: 'group:unit:0.3' }, { root: folder });
  expect(trained.summary.metrics['pinball']).toBeGreaterThan(0);
  const { report } = await judgeTraining(store, trained);
  expect(report.metric).toBe('pinball');
  expect(report.comparisons.map(({ against }) => against)).toContain('baseline quantile');
  expect(report.verdict).toBe('promote');
  const predictions = trained.predictor.predictCells(
    encodeTable(trained.holdout.table, trained.predictor.header.signature, trained.holdout.rows),
    trained.holdout.rows.length,
  );
  const below = trained.holdout.y.filter((value, i) => value <= predictions[i]).length;
  expect(below / predictions.length).toBeGreaterThan(0.7);
  expect(below / predictions.length).toBeLessThan(0.97);
});

test('rows without a target are history all the same: a lag is learned as it will be served', async () => {
  const folder = temporaryFolder();
  const random = seededRandom(9);
  const x = Array.from({ length: 600 }, () => random());
  const lines = x.map((value, t) => `${t},${value},${t === 0 || random() < 0.3 ? '' : x[t - 1]}`);
  writeFileSync(join(folder, 'loans.csv'), `t,x,y\n${lines.join('\n')}\n`);
  const store = await openStoreIn(folder);
  const recipe = [
    { kind: 'lag', columns: ['x'], by: 1 },
    { kind: 'drop', columns: ['x'] },
  ];
  const change = { target: 'y', time: 't', split: 'time:t:0.2', learner: 'ridge', recipe };
  const { summary } = await trainModel(store, { ...planFor(folder), ...change }, { root: folder });
  expect(summary.rows.without_target).toBeGreaterThan(100);
  expect(summary.metrics['r2']).toBeGreaterThan(0.9999);
});

test('classes that were evened out are not weighed a second time', async () => {
  const folder = temporaryFolder();
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const metricsOf = async (change: Partial<TrainPlan>) =>
    (await trainModel(store, { ...planFor(folder), ...change }, { root: folder })).summary.metrics;
  const once = await metricsOf({ balance: 'oversample' });
  expect(await metricsOf({ balance: 'oversample', classWeight: 'balanced' })).toEqual(once);
});

test('raw rows are made as in training wherever the model reads rows: to score, to forecast, to evaluate', async () => {
  const folder = temporaryFolder();
  const random = seededRandom(2);
  const lines = Array.from({ length: 400 }, (_, i) => i).flatMap((at) => {
    const load = Math.sin(at / 9) + random() / 5;
    return [`${at},load,${load}`, `${at},heat,${20 + 3 * load + random() / 9}`];
  });
  writeFileSync(join(folder, 'loans.csv'), `at,sensor,value\n${lines.join('\n')}\n`);
  const store = await openStoreIn(folder);
  const pivot = { index: ['at'], names: 'sensor', values: 'value', aggregate: 'mean' };
  const plan = {
    ...planFor(folder),
    target: 'heat',
    time: 'at',
    horizon: 2,
    learner: 'ridge',
    reshape: { pivot },
  };
  const { summary } = await trainModel(store, { ...plan, split: 'time:at:0.2' }, { root: folder });
  expect(summary.rows.train + summary.rows.test).toBe(400);
  expect(summary.notes[0]).toBe('800 rows of the data were made into 400.');
  const file = join(folder, 'loans.csv');
  const out = join(folder, 'out.csv');
  expect((await scoreFile(store, { model: 'loans', version: '1', file, out })).rows).toBe(400);
  const found = await forecast(store, { model: 'loans', version: '1', root: folder });
  expect(found.rows.map(({ time }) => time)).toEqual([400, 401]);
  // What was made already is taken as it is.
  expect((await scoreFile(store, { model: 'loans', version: '1', file: out, out: `${out}.csv` })).rows).toBe(
    400,
  );
});
