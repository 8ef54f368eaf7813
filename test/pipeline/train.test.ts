import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Interrupted } from '../../src/commands/command.js';
import { RiskopsError } from '../../src/errors.js';
import { readModelFile } from '../../src/models/model-file.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import { listVersions } from '../../src/registry/versions.js';
import { getRun, listRuns, metricHistory } from '../../src/tracking/read-runs.js';
import { loansCsv, writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

async function project() {
  const folder = temporaryFolder();
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const train = (change = {}, options = {}) =>
    trainModel(store, planFor(folder, change), { root: folder, ...options });
  return { folder, store, train };
}

test('what is on record is what was measured: run, version and model file agree', async () => {
  const { folder, store, train } = await project();
  const { summary } = await train();
  const run = await getRun(store, summary.run_id);
  expect(run).toMatchObject({ status: 'FINISHED', kind: 'train', model: 'loans', error: null });
  expect(run.params).toMatchObject({ data: 'loans.csv', split: 'random:0.2', 'hyper.c': '1' });
  expect(run.metrics).toMatchObject(summary.metrics);
  const [version] = await listVersions(store, 'loans');
  expect(version).toMatchObject({ version: 1, stage: 'candidate', metrics: summary.metrics });
  const { header } = await readModelFile(join(folder, 'artifacts', version.path), { sha256: version.sha256 });
  expect(header.provenance).toMatchObject({ run_id: summary.run_id, train_rows: 640, split: 'random:0.2' });
  expect(header.threshold).toBe(summary.threshold);
  expect(summary.rows).toEqual({ train: 640, test: 160, without_target: 0 });
});

test('each step of a learner is a point of its metric, by step', async () => {
  const { store, train } = await project();
  const { summary } = await train({ learner: 'gradient-boosting', hyper: { trees: 5 } });
  const points = await metricHistory(store, summary.run_id, 'train_loss');
  expect(points.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
  expect(points[4].value).toBeLessThan(points[0].value);
});

test('rows that are held out change nothing of the model, however they look', async () => {
  const { folder, train } = await project();
  const path = join(folder, 'loans.csv');
  const change = { split: 'every:5:4' };
  for (const learner of ['logistic', 'random-forest', 'gradient-boosting']) {
    const hyper = learner === 'logistic' ? {} : { trees: 5 };
    writeFileSync(path, loansCsv());
    const honest = await train({ ...change, learner, hyper });
    const lines = loansCsv().split('\n');
    const poisoned = lines.map((line, i) =>
      i > 0 && (i - 1) % 5 === 4 ? '9999999,-8888888,99,달나라,1' : line,
    );
    poisoned[5] = '-1e12,1e12,1,달나라,0';
    writeFileSync(path, poisoned.join('\n'));
    const other = await train({ ...change, learner, hyper });
    expect(other.summary.candidate.content_sha256).toBe(honest.summary.candidate.content_sha256);
    expect(other.summary.threshold).toBe(honest.summary.threshold);
    expect(other.summary.metrics).not.toEqual(honest.summary.metrics);
  }
});

test('a training that is stopped leaves a KILLED run and no candidate', async () => {
  const { store, train } = await project();
  const stop = new AbortController();
  const onProgress = (text: string) => text === 'training' && stop.abort(new Interrupted('SIGINT'));
  await expect(train({}, { signal: stop.signal, onProgress })).rejects.toThrow('SIGINT');
  const { items } = await listRuns(store);
  expect(items.map(({ status }) => status)).toEqual(['KILLED']);
  await expect(listVersions(store, 'loans')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
});

test('a training that fails leaves a FAILED run with the reason, and no candidate', async () => {
  const { folder, store, train } = await project();
  mkdirSync(join(folder, 'artifacts'));
  writeFileSync(join(folder, 'artifacts', 'models'), 'a file where the folder of models should be');
  const error = await train().then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(RiskopsError);
  const { items } = await listRuns(store);
  expect(items.map(({ status }) => status)).toEqual(['FAILED']);
  expect((await getRun(store, items[0].run_id)).error).toContain(error?.message);
  await expect(listVersions(store, 'loans')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
});

test('what is wrong with the request is found before a run is on record', async () => {
  const { store, train } = await project();
  const wrong = [
    { target: 'y' },
    { hyper: { c: -1 } },
    { policy: { minGane: 1 } },
    { model: '../x' },
    { learner: 'ridge' },
  ];
  for (const change of wrong) await expect(train(change)).rejects.toThrow();
  expect((await listRuns(store)).total).toBe(0);
});

test('a person is told of columns left out, rows without a target, and twins across the split', async () => {
  const { folder, train } = await project();
  const lines = loansCsv(400).trimEnd().split('\n');
  const rows = [...lines.slice(1), ...lines.slice(1)];
  const numbered = rows.map((line, i) => `${i + 1},${i === 7 ? line.replace(/.$/, '') : line}`);
  writeFileSync(join(folder, 'loans.csv'), `id,${lines[0]}\n${numbered.join('\n')}\n`);
  const { summary } = await train({ split: 'every:2:1' });
  expect(summary.notes.join('\n')).toMatch(/Left out: id \(an identifier/);
  expect(summary.notes.join('\n')).toMatch(/1 rows have no default/);
  expect(summary.rows.without_target).toBe(1);
  const told = (await train({ split: 'random:0.2', allow: ['duplicates'] })).summary.notes;
  const twins = told.find((note) => note.includes('among the training rows too'));
  expect(Number(twins?.split(' ')[0])).toBeGreaterThan(100);
});

test('a regression is measured, gated and kept in its own unit', async () => {
  const { folder, store, train } = await project();
  const { summary, ...trained } = await train({ target: 'income', learner: 'ridge', keep: ['default'] });
  expect(summary).toMatchObject({ task: 'regression', threshold: null });
  expect(summary.metrics['rmse']).toBeLessThan(30);
  const { report } = await judgeTraining(store, { summary, ...trained });
  expect(report).toMatchObject({ task: 'regression', metric: 'rmse', verdict: 'promote' });
  expect(readFileSync(join(folder, 'artifacts', summary.candidate.path)).length).toBe(
    summary.candidate.bytes,
  );
});

test('early stopping on a handful of rows is told, and on enough of them is not', async () => {
  const { train } = await project();
  const change = { target: 'income', learner: 'gradient-boosting', keep: ['default'] };
  const hyper = { trees: 4, early_stopping: 4 };
  const { summary } = await train({ ...change, hyper, validation: 0.02 });
  expect(summary.notes).toContain(
    'Warning: early stopping watched only 13 rows of the 640 training rows, too few to tell when to stop. It did not end the training: all 4 steps were done.',
  );
  const enough = await train({ ...change, hyper, validation: 0.2 });
  expect(enough.summary.notes.join()).not.toContain('early stopping');
});

test('a gate by mape is refused before the training where a held-out target is 0, and names the rows', async () => {
  const { folder, store, train } = await project();
  const lines = loansCsv(100).trimEnd().split('\n');
  lines[10] = lines[10].replace(/^[^,]*/, '0');
  writeFileSync(join(folder, 'loans.csv'), `${lines.join('\n')}\n`);
  const change = { target: 'income', learner: 'ridge', keep: ['default'], split: 'every:5:4' };
  const refused = { code: 'OPTION_INVALID', why: 'It is row 10 of the data.' };
  await expect(train({ ...change, policy: { metric: 'mape' } })).rejects.toMatchObject(refused);
  const guards = [{ metric: 'mape', max: 1 }];
  await expect(train({ ...change, policy: { guards } })).rejects.toMatchObject(refused);
  expect((await listRuns(store)).total).toBe(0);
  expect((await train(change)).summary.metrics).not.toHaveProperty('mape');
  const other = await train({ ...change, split: 'every:5:0', policy: { metric: 'mape' } });
  expect((await judgeTraining(store, other)).report.metric).toBe('mape');
});
