import { chmodSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pairedBootstrap, type Scored } from '../../src/evaluation/bootstrap.js';
import { evaluate, metricNamed } from '../../src/evaluation/metrics.js';
import { compareScores } from '../../src/pipeline/compare-scores.js';
import { readScores } from '../../src/pipeline/holdout-scores.js';
import { trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { startRun } from '../../src/tracking/runs.js';
import { writeCredit } from '../support/credit.js';
import { writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

async function project() {
  const folder = temporaryFolder();
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const train = async (change: Partial<TrainPlan> = {}) =>
    (await trainModel(store, planFor(folder, change), { root: folder })).summary.run_id;
  return { folder, store, train };
}

test('on the same rows a model that learned is better than one that did not, and the other way round worse', async () => {
  const { store, train } = await project();
  const [dummy, logistic] = [await train({ learner: 'dummy' }), await train()];
  const forth = await compareScores(store, [dummy, logistic]);
  expect(forth).toMatchObject({ base: dummy, rows: 160, confidence: 0.95, resamples: 2000, why: null });
  const [{ run_id, why, differences }] = forth.runs;
  expect({ run_id, why }).toEqual({ run_id: logistic, why: null });
  const auc = differences.find(({ metric }) => metric === 'auc');
  expect(auc).toMatchObject({ base: 0.5, verdict: 'better' });
  expect(auc?.value).toBe((auc?.gain ?? 0) + 0.5);
  expect(differences.map(({ metric }) => metric)).toEqual(
    expect.arrayContaining(['ks', 'brier', 'log_loss', 'ece', 'accuracy', 'f1']),
  );
  const [was, is] = [await readScores(store, dummy), await readScores(store, logistic)];
  const comparison = { metric: metricNamed('auc'), candidate: is as Scored, other: was as Scored };
  // 95 % between two bounds is 97.5 % above the lower one.
  const [{ lower, upper }] = pairedBootstrap(is?.target as Float64Array, [comparison], { confidence: 0.975 });
  expect([auc?.lower, auc?.upper]).toEqual([lower, upper]);
  // Brier score and log loss are better when less; the gain says so by its sign.
  for (const { metric, gain, value, base } of differences)
    expect(gain).toBe(['brier', 'log_loss', 'ece'].includes(metric) ? base - value : value - base);
  const back = await compareScores(store, [dummy, logistic], { base: logistic });
  expect(back.runs[0].differences.find(({ metric }) => metric === 'auc')).toMatchObject({
    verdict: 'worse',
    gain: -(auc?.gain ?? 0),
  });
});

test('models of three classes are compared by the metrics that they have', async () => {
  const { store, train } = await project();
  const runs = [
    await train({ target: '지역', learner: 'dummy' }),
    await train({ target: '지역' }),
    await train({ target: 'age', learner: 'ridge' }),
  ];
  const kept = await readScores(store, runs[1]);
  const rows = kept?.target?.length ?? 0;
  expect(kept).toMatchObject({ threshold: null, times: null });
  expect(kept?.predictions).toHaveLength(3 * rows);
  const compared = await compareScores(store, runs, { resamples: 300 });
  expect(compared).toMatchObject({ base: runs[0], rows, why: null });
  const [logistic, ridge] = compared.runs;
  expect(logistic.why).toBeNull();
  expect(logistic.differences.map(({ metric, value }) => [metric, value])).toEqual(
    Object.entries(evaluate('multiclass', kept!.target!, kept!.predictions)).map(([metric, value]) => [
      metric,
      expect.closeTo(value, 12),
    ]),
  );
  expect(logistic.differences.find(({ metric }) => metric === 'macro_auc')).toMatchObject({ base: 0.5 });
  expect(ridge.why).toContain('holdout');
});

test('the same model again is not told apart in any metric', async () => {
  const { store, train } = await project();
  const runs = [await train(), await train()];
  const { runs: compared } = await compareScores(store, runs);
  expect(compared[0].differences.length).toBeGreaterThan(8);
  for (const { gain, lower, upper, verdict } of compared[0].differences)
    expect({ gain, lower, upper, verdict }).toEqual({
      gain: 0,
      lower: 0,
      upper: 0,
      verdict: 'not told apart',
    });
});

test('a regression is compared by its own metrics', async () => {
  const { folder, store, train } = await project();
  const change = { data: writeCredit(folder), target: 'BILL_AMT1' };
  const runs = [await train({ ...change, learner: 'dummy' }), await train({ ...change, learner: 'ridge' })];
  const { runs: compared } = await compareScores(store, runs);
  const verdicts = compared[0].differences.map(({ metric, verdict }) => [metric, verdict]);
  expect(verdicts).toEqual(
    expect.arrayContaining([
      ['rmse', 'better'],
      ['r2', 'better'],
    ]),
  );
});

test('different holdouts are never compared, and it is said why', async () => {
  const { store, train } = await project();
  const base = await train();
  const other = await train({ seed: 1 });
  const script = await startRun(store, { kind: 'script' });
  await script.end();
  const { runs } = await compareScores(store, [base, other, script.id]);
  expect(runs).toEqual([
    { run_id: other, why: 'its holdout is another than the base had', differences: [] },
    { run_id: script.id, why: 'it keeps no predictions of held-out rows', differences: [] },
  ]);
  const none = await compareScores(store, [script.id, base]);
  expect(none).toMatchObject({ why: 'the base keeps no predictions of held-out rows', rows: null });
  expect(none.runs[0].differences).toEqual([]);
});

test('predictions that were changed on disk are not compared', async () => {
  const { store, train } = await project();
  const [base, other] = [await train({ learner: 'dummy' }), await train()];
  const { blob } = await store.db
    .selectFrom('artifacts')
    .select('blob')
    .where('run_id', '=', other)
    .where('path', '=', 'holdout-scores.safetensors')
    .executeTakeFirstOrThrow();
  const bytes = await store.blobs.get(blob);
  bytes[bytes.length - 1] ^= 1;
  chmodSync(store.blobs.path(blob), 0o644);
  writeFileSync(store.blobs.path(blob), bytes);
  const { runs } = await compareScores(store, [base, other]);
  expect(runs[0].why).toBe('it keeps no predictions of held-out rows');
});
