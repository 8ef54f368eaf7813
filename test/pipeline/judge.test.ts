import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeTable } from '../../src/datasets/encode-table.js';
import { evaluate } from '../../src/evaluation/metrics.js';
import { judgeVersion } from '../../src/pipeline/judge.js';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { judgeTraining, type TrainedModel, trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { getVersion } from '../../src/registry/versions.js';
import { readArtifact } from '../../src/tracking/read-artifact.js';
import { getRun } from '../../src/tracking/read-runs.js';
import { loansCsv, writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

async function project() {
  const folder = temporaryFolder();
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const train = (change: Partial<TrainPlan> = {}) =>
    trainModel(store, planFor(folder, change), { root: folder });
  const promote = async (trained: TrainedModel) => {
    const judged = await judgeTraining(store, trained);
    return promoteCandidate(store, { judged, actor: 'test', reason: 'the first' });
  };
  const judge = async (version: number, root = folder) =>
    (await judgeVersion(store, await getVersion(store, 'loans', version), { root })).report;
  return { folder, store, train, promote, judge };
}

test('judged again from the record, a candidate gets the same comparisons as in training', async () => {
  const { store, train, judge } = await project();
  const trained = await train();
  const { comparisons, holdout } = (await judgeTraining(store, trained)).report;
  expect(await judge(1)).toMatchObject({ comparisons, holdout });
});

test("current model and candidate are both scored on the candidate's rows", async () => {
  const { train, promote, judge } = await project();
  const first = await train({ split: 'every:5:0', learner: 'gradient-boosting', hyper: { trees: 10 } });
  await promote(first);
  const second = await train({ split: 'every:5:4' });
  const { table, rows, y } = second.holdout;
  const [theirs, ours] = [first, second].map(({ predictor: { header, predictCells } }) => {
    const predictions = predictCells(encodeTable(table, header.signature, rows), y.length);
    return evaluate('binary', y, predictions, { threshold: header.threshold });
  });
  const { comparisons, holdout } = await judge(2);
  const row = comparisons.find(({ against, metric }) => against === 'current v1' && metric === 'auc');
  expect(row).toMatchObject({ candidate: ours['auc'], other: theirs['auc'] });
  expect(theirs['auc']).not.toBe(first.summary.metrics['auc']);
  expect(holdout).toMatchObject({ rows: 160, sha256: second.holdout.facts.sha256 });
});

test('the report is kept with the run, whole, and the promotion names its hash', async () => {
  const { store, train, promote } = await project();
  const trained = await train();
  const { gate_report_sha256 } = await promote(trained);
  const run = await getRun(store, trained.summary.run_id);
  const report = run.artifacts.find(({ sha256 }) => sha256 === gate_report_sha256);
  const { bytes } = await readArtifact(store, run.run_id, report?.path as string);
  expect(JSON.parse(String(bytes))).toMatchObject({
    ...{
      verdict: 'promote',
      run_id: trained.summary.run_id,
      candidate_sha256: trained.summary.candidate.sha256,
    },
  });
});

test('data that is gone, was changed, or gives other rows cannot judge', async () => {
  const { folder, train, judge } = await project();
  await train();
  const path = join(folder, 'loans.csv');
  renameSync(path, `${path}.away`);
  await expect(judge(1)).rejects.toMatchObject({ code: 'HOLDOUT_UNAVAILABLE', why: 'loans.csv is gone.' });
  renameSync(`${path}.away`, path);
  await expect(judge(1)).resolves.toMatchObject({ verdict: 'promote' });
  appendFileSync(path, '1,2,30,서울,1\n');
  await expect(judge(1)).rejects.toMatchObject({
    code: 'HOLDOUT_UNAVAILABLE',
    why: expect.stringContaining('SHA-256'),
  });
});

test('the second file of a split by file is watched as well', async () => {
  const { folder, train, judge } = await project();
  const later = join(folder, 'later.csv');
  writeFileSync(later, loansCsv(200, 8));
  await train({ split: `file:${later}` });
  expect((await judge(1)).holdout).toMatchObject({
    rows: 200,
    test_data: 'later.csv',
    split: 'file:later.csv',
  });
  writeFileSync(later, loansCsv(200, 9));
  await expect(judge(1)).rejects.toMatchObject({
    code: 'HOLDOUT_UNAVAILABLE',
    why: expect.stringContaining('later.csv'),
  });
  rmSync(later);
  await expect(judge(1)).rejects.toMatchObject({ why: 'later.csv is gone.' });
});

test('a project that was moved judges as before', async () => {
  const { folder, train, judge } = await project();
  await train();
  const elsewhere = temporaryFolder();
  writeLoans(elsewhere);
  rmSync(join(folder, 'loans.csv'));
  expect(await judge(1, elsewhere)).toMatchObject({ verdict: 'promote' });
});

test('a current model whose file is gone is never taken for no current model', async () => {
  const { folder, store, train, promote, judge } = await project();
  const first = await train({ learner: 'gradient-boosting', hyper: { trees: 10 } });
  await promote(first);
  await train();
  rmSync(join(folder, 'artifacts', first.summary.candidate.path));
  // Its own predictions were kept when it was trained, for these same rows.
  const kept = await judge(2);
  expect(
    kept.comparisons.find(({ against, metric }) => against === 'current v1' && metric === 'auc')?.other,
  ).toBe(first.summary.metrics['auc']);
  // On other rows there is nothing to compare with, and so no verdict in its favour.
  await train({ seed: 1 });
  expect((await judge(3)).verdict).not.toBe('promote');
  await expect(
    promoteCandidate(store, {
      judged: {
        ...(await judgeVersion(store, await getVersion(store, 'loans', 3), { root: folder })),
        expectedCurrent: null,
      },
      actor: 'test',
      reason: 'as if there were none',
    }),
  ).rejects.toMatchObject({ code: 'CURRENT_CHANGED' });
});
