import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diffRuns } from '../../src/pipeline/diff-runs.js';
import { trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { startRun } from '../../src/tracking/runs.js';
import { loansCsv, writeLoans } from '../support/loans.js';
import { repository } from '../tracking/tracking-support.js';
import { openStoreIn, planFor } from './support.js';

async function project() {
  const { folder, git } = repository();
  writeFileSync(join(folder, '.gitignore'), '*.csv\ndata\nartifacts\n');
  const commit = (text: string) => {
    writeFileSync(join(folder, 'train.ts'), text);
    git('add', '--all');
    git('commit', '--quiet', '--message', text);
    return git('rev-parse', 'HEAD');
  };
  const commits = [commit('depth 4\n')];
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const train = async (change: Partial<TrainPlan> = {}) =>
    (await trainModel(store, planFor(folder, change), { root: folder })).summary.run_id;
  const diff = (a: string, b: string, code = false) => diffRuns(store, a, b, { root: folder, code });
  return { folder, store, commit, commits, train, diff };
}

test('two trainings of the same are the same in everything', async () => {
  const { train, diff } = await project();
  const [a, b] = [await train(), await train()];
  expect(await diff(a, b)).toMatchObject({
    ...{ runs: [a, b], params: [], tags: [], metrics: [] },
    code: { same: true, between: null },
    data: { same: true, columns: { added: [], removed: [], changed: [] } },
    model: { versions: ['loans version 1', 'loans version 2'], same: true, differences: [] },
  });
});

test('what differs is told: parameters, metrics, data, columns, model', async () => {
  const { folder, train, diff } = await project();
  const a = await train();
  const lines = loansCsv(900).trimEnd().split('\n');
  const wider = lines.map((line, i) => `${line.replace('age', 'years')},${i === 0 ? 'score' : i % 7}`);
  writeFileSync(join(folder, 'loans.csv'), `${wider.join('\n')}\n`);
  const b = await train({ learner: 'ridge', task: 'regression', split: 'every:5:4' });
  const { params, metrics, data, model } = await diff(a, b);
  expect(params.map(({ key }) => key)).toEqual(expect.arrayContaining(['learner', 'split', 'data_sha256']));
  expect(params.find(({ key }) => key === 'split')?.values).toEqual(['random:0.2', 'every:5:4']);
  expect(metrics.find(({ key }) => key === 'rmse')?.values).toEqual([null, expect.any(Number)]);
  expect(data).toMatchObject({
    ...{ same: false, rows: [800, 900], split: ['random:0.2', 'every:5:4'], why: null },
    columns: { added: ['years', 'score'], removed: ['age'] },
  });
  expect(data.columns?.changed.find(({ name }) => name === '지역')?.facts.map(({ fact }) => fact)).toEqual([
    'missing',
  ]);
  expect(model).toMatchObject({ learners: ['logistic', 'ridge'], same: false });
  expect(model?.differences).toEqual([
    'no longer takes "age"',
    'also needs "years", "score"',
    expect.stringContaining('the classes are null'),
  ]);
});

test('code: the commits through the repository, and what was not committed', async () => {
  const { folder, commit, commits, train, diff } = await project();
  const a = await train({ learner: 'dummy' });
  commits.push(commit('depth 6\n'));
  writeFileSync(join(folder, 'train.ts'), 'depth 6, tried 8\n');
  writeFileSync(join(folder, '메모.txt'), 'untracked');
  const b = await train({ learner: 'dummy' });
  const short = await diff(a, b);
  expect(short.code).toMatchObject({
    commits,
    dirty: [false, true],
    same: false,
    branches: ['main', 'main'],
  });
  expect(short.code.between).toMatchObject({
    files: [{ path: 'train.ts', added: 1, removed: 1 }],
    diff: null,
  });
  const whole = await diff(a, b, true);
  expect(whole.code.between?.diff).toContain('-depth 4\n+depth 6\n');
  expect(whole.code.uncommitted[0]).toEqual({ diff_sha256: null, diff: null, why: null, untracked: [] });
  expect(whole.code.uncommitted[1].diff).toContain('-depth 6\n+depth 6, tried 8\n');
  expect(whole.code.uncommitted[1].untracked).toEqual(['메모.txt']);
  // The same commit with other changes is not the same code.
  writeFileSync(join(folder, 'train.ts'), 'depth 6, tried 9\n');
  const c = await train({ learner: 'dummy' });
  expect((await diff(b, c)).code).toMatchObject({ same: false, between: null });
});

test('runs without code, data or model differ all the same', async () => {
  const { folder, store, diff } = await project();
  const one = await startRun(store, {
    kind: 'script',
    params: { a: 1 },
    tags: { who: '김' },
    cwd: join(folder, '..'),
  });
  one.logMetrics({ loss: Number.NaN });
  await one.end();
  const two = await startRun(store, {
    kind: 'script',
    params: { a: 1, b: 2 },
    tags: { who: '박' },
    cwd: folder,
  });
  two.logMetrics({ loss: Number.NaN, extra: -0 });
  await two.end();
  expect(await diff(one.id, two.id)).toMatchObject({
    params: [{ key: 'b', values: [null, '2'], same: false }],
    tags: [{ key: 'who', values: ['김', '박'] }],
    metrics: [{ key: 'extra', values: [null, -0] }],
    code: { commits: [null, expect.any(String)], same: null, between: null },
    data: { same: null, columns: null, why: expect.stringContaining('it keeps no schema.json') },
    model: null,
  });
  expect(readFileSync(join(folder, 'train.ts'), 'utf8')).toBe('depth 4\n');
});
