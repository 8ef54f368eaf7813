import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judgeVersion } from '../../src/pipeline/judge.js';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { describeGate } from '../../src/registry/gate-report.js';
import { getVersion } from '../../src/registry/versions.js';
import { openStore } from '../../src/storage/open-store.js';
import { seededRandom } from '../../src/util/random.js';
import { writeLoans } from '../support/loans.js';
import { filesIn } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

async function project() {
  const folder = temporaryFolder();
  writeLoans(folder, 'loans.csv', 600);
  const store = await openStoreIn(folder);
  const train = (change: Partial<TrainPlan> = {}) =>
    trainModel(store, planFor(folder, change), { root: folder });
  const uses = () => store.db.selectFrom('holdout_uses').selectAll().orderBy('sequence').execute();
  return { folder, store, train, uses };
}

test('twenty retrains on one holdout are warned about', async () => {
  const { store, train, uses } = await project();
  for (let retrain = 1; retrain <= 20; retrain++) {
    // As somebody would who tries settings until one looks good.
    const trained = await train({ hyper: { c: retrain / 10 } });
    const { report } = await judgeTraining(store, trained);
    expect(report.ledger).toMatchObject({ uses: retrain, candidates: retrain });
    expect(report.warnings).toHaveLength(retrain < 20 ? 0 : 1);
    if (retrain === 20)
      expect(describeGate(report).join('\n')).toMatch(
        /warning: these holdout rows have judged 20 distinct candidates since .*: the best of many looks better than it is/,
      );
  }
  const rows = await uses();
  expect(rows).toHaveLength(20);
  expect(new Set(rows.map((row) => row.holdout_sha256)).size).toBe(1);
  // Other rows are a holdout of their own.
  const { report } = await judgeTraining(store, await train({ seed: 1 }));
  expect(report).toMatchObject({ ledger: { uses: 1, candidates: 1 }, warnings: [] });
});

test('each judgement is a line of the ledger that names its report; the same model again is no new candidate', async () => {
  const { folder, store, train, uses } = await project();
  const trained = await train();
  const judged = await judgeTraining(store, trained);
  const again = await judgeVersion(store, trained.version, { root: folder });
  expect(again.report.ledger).toMatchObject({ uses: 2, candidates: 1 });
  expect(again.report.ledger?.first).toBe((await uses())[0].judged_at);
  await train();
  const twin = await judgeVersion(store, await getVersion(store, 'loans', 2), { root: folder });
  expect(twin.report.ledger).toMatchObject({ uses: 3, candidates: 1 });
  expect((await uses()).map((row) => [row.version, row.verdict, row.gate_report_sha256])).toEqual([
    [1, 'promote', judged.reportSha256],
    [1, 'promote', again.reportSha256],
    [2, 'promote', twin.reportSha256],
  ]);
  await promoteCandidate(store, { judged: again, actor: 'min', reason: '' });
  await judgeVersion(store, await getVersion(store, 'loans', 2), { root: folder });
  expect((await uses()).map(({ gain }) => gain)).toEqual([null, null, null, 0]);
});

test('judged without a record nothing is written, also on a store that was opened to read, and nothing can be promoted on it', async () => {
  const { folder, store, train, uses } = await project();
  await train();
  const before = filesIn(folder);
  const reader = await openStore(store.places, { mode: 'read' });
  const judged = await judgeVersion(reader, await getVersion(reader, 'loans', 1), {
    root: folder,
    record: false,
  });
  expect(judged).toMatchObject({ reportSha256: null, report: { verdict: 'promote' } });
  await reader.close();
  expect(filesIn(folder)).toEqual(before);
  expect(await uses()).toEqual([]);
  await expect(promoteCandidate(store, { judged, actor: 'min', reason: '' })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('what was asked for in place of the policy is in the report', async () => {
  const { folder, store, train } = await project();
  await train();
  const overrides = { minGain: 0.3, baselines: [] };
  const { report } = await judgeVersion(store, await getVersion(store, 'loans', 1), {
    root: folder,
    policy: { confidence: 0.9 },
    overrides,
  });
  expect(report).toMatchObject({ overrides, policy: { confidence: 0.9, ...overrides } });
  expect(report.reasons.some(({ rule }) => rule.startsWith('baseline'))).toBe(false);
});

test('a holdout in time order is drawn in blocks of its times', async () => {
  const { folder, store, train } = await project();
  const random = seededRandom(3);
  let level = 0;
  const lines = Array.from({ length: 900 }, (_, day) => {
    level = 0.9 * level + random() - 0.5;
    const month = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10);
    return `${month},${random().toFixed(3)},${level.toFixed(4)}`;
  });
  writeFileSync(join(folder, 'series.csv'), `day,x,y\n${lines.join('\n')}\n`);
  const series = { model: 'series', data: join(folder, 'series.csv'), target: 'y', learner: 'ridge' };
  const trained = await train({ ...series, split: 'time:day:0.3' });
  const { report } = await judgeTraining(store, trained);
  const mean = report.comparisons.find(({ against }) => against === 'baseline mean');
  expect(mean?.blocks?.times).toBe(270);
  expect(report.reasons.find(({ rule }) => rule === 'times')?.passed).toBe(true);
  const random20 = await judgeTraining(
    store,
    await train({ ...series, split: 'random:0.3', allow: ['time-order'] }),
  );
  expect(random20.report.comparisons.every(({ blocks }) => blocks === null)).toBe(true);
});
