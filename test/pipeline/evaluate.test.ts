import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { studentQuantile } from '../../src/evaluation/student-t.js';
import { evaluateLearner, prepareEvaluation } from '../../src/pipeline/evaluate.js';
import { parseMethod } from '../../src/pipeline/evaluate-method.js';
import { evaluateVersion } from '../../src/pipeline/evaluate-version.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import { getRun, metricHistory } from '../../src/tracking/read-runs.js';
import { seededRandom } from '../../src/util/random.js';
import { loansCsv, writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

const nothing = { slices: null, calibration: false, costs: null };

async function project(csv?: string) {
  const folder = temporaryFolder();
  if (csv === undefined) writeLoans(folder, 'loans.csv', 400);
  else writeFileSync(join(folder, 'loans.csv'), csv);
  const store = await openStoreIn(folder);
  const measure = async (method: string | null, plan = {}, request = {}) => {
    const asked = { ...nothing, ...request };
    const prepared = await prepareEvaluation(planFor(folder, plan), method, asked);
    return evaluateLearner(store, prepared, asked, { root: folder });
  };
  return { folder, store, measure };
}

/** A series of months that goes up by 1, but for each January, which is 10 more: 24 rows. */
const MONTHS = Array.from({ length: 24 }, (_, i) => ({
  month: new Date(Date.UTC(2020, i)).toISOString().slice(0, 10),
  sales: i + (i % 12 === 0 ? 10 : 0),
}));

describe('folds', () => {
  it('each row is measured once, by a model that did not see it; means, spread and folds agree', async () => {
    const { store, measure } = await project();
    const found = await measure('kfold:4');
    expect(found).toMatchObject({ method: 'kfold:4', rows: 400, metric: 'auc', interval: 'folds' });
    expect(found.folds.map(({ train_rows, test_rows }) => train_rows + test_rows)).toEqual([
      400, 400, 400, 400,
    ]);
    const auc = found.folds.map(({ metrics }) => metrics['auc']);
    const mean = auc.reduce((sum, value) => sum + value / 4, 0);
    const sd = Math.sqrt(auc.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3);
    // Nadeau & Bengio: the variance of the mean is (1 / 4 + 100 / 300) sd^2.
    const half = studentQuantile(0.975, 3) * sd * Math.sqrt(1 / 4 + 1 / 3);
    const shown = found.metrics.find(({ metric }) => metric === 'auc');
    expect(shown?.mean).toBeCloseTo(mean, 12);
    expect(shown?.sd).toBeCloseTo(sd, 12);
    expect(shown?.upper).toBeCloseTo(mean + half, 10);
    expect(shown?.lower).toBeCloseTo(mean - half, 10);
    expect(found.baselines).toEqual([{ name: 'prior', value: 0.5 }]);
    const run = await getRun(store, found.run_id);
    expect(run).toMatchObject({ kind: 'evaluate', status: 'FINISHED', metrics: { auc: shown?.mean } });
    const points = await metricHistory(store, found.run_id, 'fold_auc');
    expect(points.map(({ value }) => value)).toEqual(auc);
  });

  it('whole groups: a group is never on both sides', async () => {
    const { measure } = await project(loansCsv(300).replaceAll(',NA,', ',서울,'));
    const found = await measure('group:지역:3', { allow: ['duplicates', 'ids', 'target-copy'] });
    const sizes = found.folds.map(({ test_rows }) => test_rows);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(300);
    const regions = loansCsv(300).trimEnd().split('\n').slice(1);
    const count = (name: string) =>
      regions.filter((line) => (line.split(',')[3] === 'NA' ? '서울' : line.split(',')[3]) === name).length;
    expect(sizes.toSorted()).toEqual(['서울', '부산', '제주'].map(count).toSorted());
  });

  it('rolling: each part from all rows before it, with the walk-forward baselines of months', async () => {
    const lines = [
      'month,sales,other',
      ...MONTHS.map(({ month, sales }, i) => `${month},${sales},${(i * 7) % 5}`),
    ];
    const { measure } = await project(`${lines.join('\n')}\n`);
    const plan = { target: 'sales', learner: 'ridge', time: 'month', split: 'time:month:0.2' };
    const found = await measure('rolling:month:3', { ...plan, allow: ['duplicates', 'ids', 'target-copy'] });
    expect(found.folds.map(({ train_rows, test_rows }) => [train_rows, test_rows])).toEqual([
      [6, 6],
      [12, 6],
      [18, 6],
    ]);
    const value = (name: string) => found.baselines.find((one) => one.name === name)?.value as number;
    // The month before is off by 1, but for January (month 12: by 11) and the one after it (by 9).
    const withJanuary = Math.sqrt((11 ** 2 + 9 ** 2 + 4) / 6);
    expect(value('previous value')).toBeCloseTo((1 + withJanuary + 1) / 3, 10);
    // A year before, twelve less; the first part has no year before it, and gets the month before.
    expect(value('seasonal naive')).toBeGreaterThan(value('previous value'));
    expect(value('zero')).toBeGreaterThan(value('mean'));
    expect(found.metrics.map(({ metric }) => metric)).toContain('mase');
    expect(found.baselines.map((one) => one.value)).toEqual(
      found.baselines.map((one) => one.value).toSorted((a, b) => Number(a) - Number(b)),
    );
  });

  it('those that the split promises not to make are refused, with those that keep the promise', async () => {
    const { measure } = await project();
    const refused = { code: 'SPLIT_INVALID', fix: '--method rolling:age:5' };
    await expect(measure('kfold:5', { split: 'time:age:0.2' })).rejects.toMatchObject(refused);
    await expect(measure('group:지역:5', { split: 'time:age:0.2' })).rejects.toMatchObject(refused);
  });

  it('a method is told by its text', () => {
    expect(parseMethod('rolling:a:b:7')).toEqual({ kind: 'rolling', column: 'a:b', folds: 7 });
    for (const text of ['kfold', 'kfold:1', 'kfold:x', 'rolling:5', 'loo', ''])
      expect(() => parseMethod(text)).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }));
    const why = (text: string) => expect.objectContaining({ why: text });
    expect(() => parseMethod('kfld:5')).toThrowError(why('There is no method "kfld": did you mean "kfold"?'));
    expect(() => parseMethod('kfold')).toThrowError(why('It lacks the number of folds.'));
  });
});

describe('of a number', () => {
  const income = { target: 'income', learner: 'ridge', keep: ['default'] };

  it('mape is not shown where the target of any fold has a 0, and cannot decide', async () => {
    const lines = loansCsv(200).trimEnd().split('\n');
    lines[10] = lines[10].replace(/^[^,]*/, '0');
    const { measure } = await project(`${lines.join('\n')}\n`);
    const { metrics } = await measure('kfold:3', income);
    expect(metrics.map(({ metric }) => metric)).toEqual(['rmse', 'mae', 'r2', 'smape']);
    const policy = { metric: 'mape' };
    await expect(measure('kfold:3', { ...income, policy })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('a learner of quantiles is measured by their loss, beside that quantile of the training rows', async () => {
    const { measure, store, folder } = await project();
    const hyper = { loss: 'quantile', quantile: 0.9, trees: 10 };
    const plan = { ...income, learner: 'gradient-boosting', hyper };
    for (const method of ['kfold:3', 'holdout']) {
      const found = await measure(method, plan, { slices: '지역' });
      expect(found.metric).toBe('pinball');
      expect(found.metrics.find(({ metric }) => metric === 'pinball')?.lower).toEqual(expect.any(Number));
      expect(found.baselines.map(({ name }) => name)).toContain('quantile');
      expect(found.slices?.[0].metrics['pinball']).toEqual(expect.any(Number));
    }
    await trainModel(store, planFor(folder, plan), { root: folder });
    const data = join(folder, 'loans.csv');
    const options = { root: folder, policy: {} };
    const scored = await evaluateVersion(store, { model: 'loans', version: '1', data }, nothing, options);
    expect(scored).toMatchObject({
      metric: 'pinball',
      metrics: expect.arrayContaining([expect.objectContaining({ metric: 'pinball' })]),
    });
  });
});

describe('beside the metrics', () => {
  it('slices: their rows add up, and one is what it would be alone', async () => {
    const { measure } = await project();
    const found = await measure('kfold:3', {}, { slices: '지역' });
    expect(found.slices?.map(({ slice }) => slice).toSorted()).toEqual(['missing', '부산', '서울', '제주']);
    expect(found.slices?.reduce((sum, { rows }) => sum + rows, 0)).toBe(400);
    const byAge = await measure('kfold:3', {}, { slices: 'age' });
    expect(byAge.slices).toHaveLength(4);
    expect(byAge.slices?.reduce((sum, { positives }) => sum + Number(positives), 0)).toBe(
      found.slices?.reduce((sum, { positives }) => sum + Number(positives), 0),
    );
  });

  it('calibration and costs are of all predictions together; the least cost is no more than at any threshold shown', async () => {
    const { measure } = await project();
    const costs = { falsePositive: 1, falseNegative: 5 };
    const found = await measure('kfold:3', {}, { calibration: true, costs });
    expect(found.calibration?.reduce((sum, { rows }) => sum + rows, 0)).toBe(400);
    const [least, half, own] = found.costs ?? [];
    expect([least.at, half.threshold, own.threshold]).toEqual(['least cost', 0.5, found.threshold]);
    expect(least.cost).toBeLessThanOrEqual(Math.min(half.cost, own.cost));
    expect(half.cost_a_row).toBeCloseTo(half.cost / 400, 12);
  });

  test('a regression has neither', async () => {
    const { measure } = await project();
    const plan = { target: 'income', learner: 'ridge' };
    const asked = measure('kfold:3', plan, { calibration: true });
    await expect(asked).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});

describe('a trained version', () => {
  it('on its own held-out rows it has the figures of its training, and so has the method holdout', async () => {
    const { folder, store, measure } = await project();
    const { summary } = await trainModel(store, planFor(folder, { split: 'every:5:4' }), { root: folder });
    const lines = loansCsv(400).trimEnd().split('\n');
    const held = lines.filter((_, i) => i === 0 || (i - 1) % 5 === 4);
    const data = join(folder, 'held.csv');
    writeFileSync(data, `${held.join('\n')}\n`);
    const options = { root: folder, policy: {} };
    const found = await evaluateVersion(store, { model: 'loans', version: '1', data }, nothing, options);
    expect(found).toMatchObject({ version: 1, rows: 80, threshold: summary.threshold, notes: [] });
    expect(found.folds[0].metrics).toEqual(summary.metrics);
    for (const { metric, mean, lower, upper } of found.metrics) {
      expect(mean).toBe(summary.metrics[metric]);
      expect(lower).toBeLessThan(upper as number);
    }
    const again = await measure('holdout', { split: 'every:5:4' });
    expect(again.folds[0]).toMatchObject({ train_rows: 320, metrics: summary.metrics });
  });

  it('rows without a target are left out, a class that it does not know is refused, and its own file is said to be one', async () => {
    const { folder, store } = await project();
    await trainModel(store, planFor(folder), { root: folder });
    const measure = (csv: string) => {
      const data = join(folder, 'new.csv');
      writeFileSync(data, csv);
      return evaluateVersion(store, { model: 'loans', version: '1', data }, nothing, {
        root: folder,
        policy: {},
      });
    };
    const csv = loansCsv(60, 1);
    const found = await measure(csv.replace(/[01]\n$/, '\n'));
    expect(found).toMatchObject({ rows: 59, notes: ['1 rows have no target: they are not measured.'] });
    await expect(measure(csv.replace(/[01]\n$/, '2\n'))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('Row 60'),
    });
    await expect(measure(csv.replace('income', 'wages'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const own = await measure(loansCsv(400));
    expect(own.notes).toEqual([expect.stringContaining('learned from this very file')]);
  });
});

it('the gate refuses a forecaster that does not beat persistence, and names it', async () => {
  const random = seededRandom(1);
  let level = 100;
  const lines = Array.from({ length: 400 }, (_, day) => {
    level += random() - 0.5;
    return `${new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10)},${level},${random()}`;
  });
  const { folder, store } = await project(`day,price,noise\n${lines.join('\n')}\n`);
  const plan = { target: 'price', learner: 'ridge', time: 'day', split: 'time:day:0.3' };
  const trained = await trainModel(store, planFor(folder, plan), { root: folder });
  const { report } = await judgeTraining(store, trained);
  expect(report.verdict).toBe('reject');
  const failed = report.reasons.filter(({ passed }) => passed === false).map(({ rule }) => rule);
  expect(failed).toContain('baseline previous value');
  expect(report.comparisons.map(({ against }) => against)).toEqual(
    expect.arrayContaining(['baseline zero', 'baseline last value', 'baseline seasonal naive']),
  );
});
