import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { Interrupted } from '../../src/commands/command.js';
import type { Learner } from '../../src/models/learner.js';
import { prepareTraining } from '../../src/pipeline/prepare-training.js';
import { prepareSearch, type TuneOptions, tune } from '../../src/pipeline/tune.js';
import { prepareAgain, readTune } from '../../src/pipeline/tune-record.js';
import type { TuneRequest } from '../../src/pipeline/tune-request.js';
import type { Trial } from '../../src/pipeline/tune-trial.js';
import { getRun, listRuns, metricHistory } from '../../src/tracking/read-runs.js';
import { loansCsv, writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

const asked: TuneRequest = { search: 'random', trials: 3, seconds: null, metric: null, method: null };

async function project(rows = 400) {
  const folder = temporaryFolder();
  writeLoans(folder, 'loans.csv', rows);
  const store = await openStoreIn(folder);
  const search = async (
    request: Partial<TuneRequest> = {},
    { learner, plan = {}, ...options }: Partial<TuneOptions> & { learner?: Learner; plan?: object } = {},
  ) => {
    const training = await prepareTraining(planFor(folder, plan));
    const used = learner === undefined ? training : { ...training, learner };
    return tune(store, prepareSearch(used, { ...asked, ...request }), { root: folder, ...options });
  };
  const trialRuns = async () => (await listRuns(store, { kind: 'trial', limit: 100 })).items.reverse();
  return { folder, store, search, trialRuns };
}

/** The logistic regression of a plan, changed where the test says. */
async function logisticThat(
  change: (c: number, usual: () => ReturnType<Learner['fit']>) => ReturnType<Learner['fit']>,
) {
  const { logistic } = await import('../../src/models/logistic.js');
  return {
    ...logistic,
    fit: (...args: Parameters<Learner['fit']>) => change(Number(args[2]['c']), () => logistic.fit(...args)),
  };
}

const figures = (trials: readonly Trial[]) =>
  trials.map(({ trial, value, folds, hyper }) => ({ trial, value, folds, hyper }));

it('each trial is a run below the search, with its options, its metric and that of each fold', async () => {
  const { store, search, trialRuns } = await project();
  const found = await search();
  expect(found).toMatchObject({
    metric: 'auc',
    direction: 'greater',
    method: 'kfold:3',
    folds: 3,
    rows: 320,
  });
  expect(found.trials).toHaveLength(3);
  const values = found.trials.map(({ value }) => value as number);
  expect(values).toEqual(values.toSorted((a, b) => b - a));
  const parent = await getRun(store, found.run_id);
  expect(parent).toMatchObject({ kind: 'tune', status: 'FINISHED', children: 3 });
  expect(parent.params).toMatchObject({
    'best.trial': String(found.best.trial),
    'best.c': String(found.best.hyper['c']),
  });
  expect(parent.metrics).toMatchObject({ auc: found.best.value });
  expect(found.settings).toEqual({ c: found.best.hyper['c'] });
  for (const run of await trialRuns()) {
    const { params, metrics } = await getRun(store, run.run_id);
    const own = found.trials.find(({ trial }) => String(trial) === params['trial']) as Trial;
    expect(run).toMatchObject({ parent_run_id: found.run_id, status: 'FINISHED' });
    expect(params).toMatchObject({ learner: 'logistic', 'hyper.c': String(own.hyper['c']) });
    expect(metrics).toMatchObject({ auc: own.value, auc_sd: own.sd });
    const points = await metricHistory(store, run.run_id, 'fold_auc');
    expect(points.map(({ value }) => value)).toEqual(own.folds);
    expect(own.value).toBeCloseTo(
      own.folds.reduce((sum, value) => sum + value / 3, 0),
      12,
    );
  }
});

it('the held-out rows change nothing, however they look', async () => {
  const { folder, search } = await project();
  const before = await search({}, { plan: { split: 'every:5:4' } });
  const lines = loansCsv(400).trimEnd().split('\n');
  const turned = lines.map((line, i) =>
    i > 0 && (i - 1) % 5 === 4 ? line.replace(/[01]$/, (label) => String(1 - Number(label))) : line,
  );
  writeFileSync(join(folder, 'loans.csv'), `${turned.join('\n')}\n`);
  const after = await search({}, { plan: { split: 'every:5:4' } });
  expect(figures(after.trials)).toEqual(figures(before.trials));
});

it('the same for any number of threads', async () => {
  const { search } = await project();
  const [one, three] = [await search(), await search({}, { plan: { threads: 3 } })];
  expect(figures(three.trials)).toEqual(figures(one.trials));
});

describe('a trial that fails is on record with its reason, and never wins', () => {
  test('an error, and a prediction that is no number', async () => {
    const { search, trialRuns } = await project();
    const learner = await logisticThat(async (c, usual) => {
      if (c > 10) throw new Error('too weak a penalty');
      const fitted = await usual();
      return c < 1 ? { ...fitted, predict: (_, rows) => new Float64Array(rows).fill(Number.NaN) } : fitted;
    });
    const found = await search({ trials: 8 }, { learner });
    const failed = new Map(found.failed.map((trial) => [trial.trial, trial]));
    const isBad = ({ hyper }: Trial) => Number(hyper['c']) > 10 || Number(hyper['c']) < 1;
    expect(found.failed.length).toBeGreaterThan(2);
    expect([...failed.values()].every(isBad)).toBe(true);
    expect(found.trials.some(isBad)).toBe(false);
    expect(found.trials.length + failed.size).toBe(8);
    for (const run of await trialRuns()) {
      const own = failed.get(Number(run.name?.slice('trial '.length)));
      expect(run.status).toBe(own === undefined ? 'FINISHED' : 'FAILED');
      if (own !== undefined) expect(run.error).toMatch(/too weak a penalty|The auc of fold 1 is NaN/);
    }
  });

  test('a search whose every trial fails says why, and is FAILED', async () => {
    const { store, search } = await project();
    const learner = await logisticThat(() => Promise.reject(new Error('no luck')));
    await expect(search({}, { learner })).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      message: 'Not one of 3 trials could be measured.',
      why: expect.stringContaining('no luck'),
    });
    const { items } = await listRuns(store, { kind: 'tune' });
    expect(items).toMatchObject([{ status: 'FAILED' }]);
  });
});

describe('a search that was stopped goes on', () => {
  test('what was measured is kept and not measured again; the result is that of a search in one go', async () => {
    const { folder, store, search, trialRuns } = await project();
    const stop = new AbortController();
    let runId = '';
    let fits = 0;
    const learner = await logisticThat((_, usual) => {
      if (++fits === 4) stop.abort(new Interrupted('SIGINT'));
      return usual();
    });
    const options = {
      learner,
      signal: stop.signal,
      onStart: (id: string) => (runId = id),
      words: ['--seed', '0'],
    };
    await expect(search({}, options)).rejects.toBeInstanceOf(Interrupted);
    expect((await trialRuns()).map(({ status }) => status)).toEqual(['FINISHED', 'KILLED']);
    expect((await getRun(store, runId)).status).toBe('KILLED');

    const { record, runId: whole } = await readTune(store, runId.slice(0, 8));
    expect([whole, record.words]).toEqual([runId, ['--seed', '0']]);
    const training = await prepareAgain(whole, record, { root: folder, threads: 1 });
    const found = await tune(store, prepareSearch(training, record.request), { root: folder, resume: whole });
    expect(found).toMatchObject({ run_id: runId, reused: 1 });
    expect(await trialRuns()).toHaveLength(4);
    expect((await getRun(store, runId)).status).toBe('FINISHED');
    expect(figures(found.trials)).toEqual(figures((await search()).trials));
  });

  test('on other rows it does not', async () => {
    const { folder, store, search } = await project();
    const { run_id } = await search({ trials: 1 });
    const { record } = await readTune(store, run_id);
    const path = join(folder, 'loans.csv');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/\d\n$/, (end) => `${1 - Number(end[0])}\n`),
    );
    const again = prepareAgain(run_id, record, { root: folder, threads: 1 });
    await expect(again).rejects.toMatchObject({ code: 'DATA_CHANGED' });
  });
});

it('a time limit ends a search, and the trial that ran is no failure', async () => {
  const { search, trialRuns } = await project();
  const learner = await logisticThat(async (_, usual) => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return usual();
  });
  const found = await search({ trials: null, seconds: 1 }, { learner });
  expect(found).toMatchObject({ time_up: true, failed: [] });
  expect(found.duration_ms).toBeLessThan(5000);
  expect((await trialRuns()).some(({ status }) => status === 'FAILED')).toBe(false);
});

it('halving measures many settings on a part of the rows, and the best of them on all', async () => {
  const { store, search, trialRuns } = await project();
  const found = await search({ search: 'halving', trials: 9 });
  const shares = await Promise.all(
    (await trialRuns()).map(async ({ run_id }) => Number((await getRun(store, run_id)).params['share'])),
  );
  const count = (share: number) => shares.filter((one) => Math.abs(one - share) < 1e-9).length;
  expect([count(1 / 9), count(1 / 3), count(1)]).toEqual([9, 3, 1]);
  expect(found.best).toMatchObject({ share: 1, value: expect.any(Number) });
  expect(found.trials[0]).toEqual(found.best);
});

it('the resource of trees is their number, which the winner has whole', async () => {
  const { store, search, trialRuns } = await project(200);
  const plan = { learner: 'gradient-boosting', hyper: { trees: 9 } };
  const found = await search({ search: 'halving', trials: 3 }, { plan });
  const trees = await Promise.all(
    (await trialRuns()).map(async ({ run_id }) => (await getRun(store, run_id)).params['trees']),
  );
  expect(trees).toEqual(['3', '3', '3', '9']);
  expect(found.best.hyper['trees']).toBe(9);
  expect(found.settings['trees']).toBe(9);
});

describe('what cannot be asked for', () => {
  test.each([
    ['the held-out rows', { method: 'holdout' }, {}, 'OPTION_INVALID'],
    ['a metric of another task', { metric: 'rmse' }, {}, 'OPTION_INVALID'],
    [
      'a metric that needs a series',
      { metric: 'mase' },
      { target: 'income', learner: 'ridge' },
      'OPTION_INVALID',
    ],
    ['folds that tear groups apart', { method: 'kfold:3' }, { split: 'group:지역:0.4' }, 'SPLIT_INVALID'],
    ['folds that learn from the future', { method: 'kfold:3' }, { split: 'time:age:0.3' }, 'SPLIT_INVALID'],
  ])('%s', async (_, request, plan, code) => {
    const { folder, store, search } = await project(200);
    writeFileSync(join(folder, 'loans.csv'), loansCsv(200).replaceAll(',NA,', ',서울,'));
    await expect(
      search(request, { plan: { ...plan, allow: ['duplicates', 'ids', 'target-copy'] } }),
    ).rejects.toMatchObject({ code });
    expect((await listRuns(store)).total).toBe(0);
  });
});

test('a learner of quantiles is tuned by the loss of its own quantile', async () => {
  const { search } = await project(200);
  const plan = {
    ...{ target: 'income', learner: 'gradient-boosting', keep: ['default'] },
    hyper: { loss: 'quantile', quantile: 0.9, trees: 5 },
  };
  const found = await search({ trials: 1 }, { plan });
  expect(found).toMatchObject({ metric: 'pinball', best: { value: expect.any(Number) }, failed: [] });
  expect((await search({ trials: 1, metric: 'pinball' }, { plan })).best.value).toBe(found.best.value);
  const ofMeans = { target: 'income', learner: 'ridge' };
  await expect(search({ metric: 'pinball' }, { plan: ofMeans })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    fix: expect.stringContaining('loss=quantile'),
  });
});
