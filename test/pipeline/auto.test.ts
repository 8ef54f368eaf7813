import { expect, it } from 'vitest';
import { type AutoOptions, chooseLearner, prepareChoice } from '../../src/pipeline/auto.js';
import { contestantsFor } from '../../src/pipeline/auto-learners.js';
import { runTraining } from '../../src/pipeline/train.js';
import { getRun } from '../../src/tracking/read-runs.js';
import { writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

const limits = { least: 100, few: 1000, many: 5000 };

const names = (task: 'binary' | 'regression', rows: number) =>
  contestantsFor(task, rows, limits).map(({ learner }) => learner.name);

it('few rows: a linear model and a random forest; more rows: gradient boosting in two settings too', () => {
  expect(names('binary', 100)).toEqual(['logistic', 'random-forest']);
  expect(names('regression', 999)).toEqual(['ridge', 'random-forest']);
  const many = ['ridge', 'random-forest', 'gradient-boosting', 'gradient-boosting'];
  expect(names('regression', 1000)).toEqual(many);
  const hypers = contestantsFor('regression', 1000, limits).map(({ hyper }) => JSON.stringify(hyper));
  expect(new Set(hypers).size).toBe(4);
});

it('too few rows are refused with their number, before anything is on record', async () => {
  const folder = temporaryFolder();
  writeLoans(folder, 'loans.csv', 99);
  await expect(prepareChoice(planFor(folder, { learner: 'auto' }), limits)).rejects.toMatchObject({
    code: 'DATA_NOT_SUFFICIENT',
    exitCode: 10,
    message: expect.stringContaining('99 rows'),
    details: { rows: 99, least: 100 },
  });
  const plan = planFor(folder, { learner: 'auto', hyper: { trees: 9 } });
  await expect(prepareChoice(plan, limits)).rejects.toMatchObject({ code: 'LEARNER_OPTION_INVALID' });
  expect(() => contestantsFor('binary', 500, { least: 100, few: 50, many: 5000 })).toThrowError(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});

it('the best by folds of the training rows is trained; where rows are many the two best are tuned first', async () => {
  const folder = temporaryFolder();
  writeLoans(folder, 'loans.csv', 150);
  const store = await openStoreIn(folder);
  const plan = planFor(folder, { learner: 'auto' });
  const options: AutoOptions = { least: 100, few: 150, many: 150, trials: 1, seconds: 60, root: folder };
  const chosen = await chooseLearner(store, await prepareChoice(plan, options), options);
  expect(chosen).toMatchObject({ rows: 150, metric: 'auc', method: 'kfold:3' });
  // Four that are tried, and one drawn setting of each of the two best.
  expect(chosen.table).toHaveLength(6);
  const [best] = chosen.table;
  expect([chosen.learner, chosen.hyper]).toEqual([best.learner, best.hyper]);
  expect(chosen.table.every(({ value }) => Number(value) <= Number(best.value))).toBe(true);
  expect(chosen.table.filter(({ changed }) => Object.keys(changed).length === 0)).toHaveLength(3);
  const run = await getRun(store, chosen.run_id);
  expect(run).toMatchObject({ kind: 'auto', status: 'FINISHED', children: 6 });
  expect(run.params).toMatchObject({ 'best.learner': best.learner, 'best.run': best.run_id });
  const { summary } = await runTraining(store, chosen.training, {
    root: folder,
    labels: { parent: run.run_id },
  });
  expect(summary.learner).toBe(chosen.learner);
  const trained = await getRun(store, summary.run_id);
  expect(trained).toMatchObject({ parent_run_id: run.run_id, params: { learner: chosen.learner } });
});
