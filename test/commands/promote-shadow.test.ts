import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { compareOptions } from '../../src/commands/compare-flags.js';
import { replayLines } from '../../src/commands/compare-text.js';
import { judgeByShadow } from '../../src/commands/judge-shadow.js';
import { trialVersions } from '../../src/commands/serve-trials.js';
import { openProject } from '../../src/config.js';
import { encodeRows } from '../../src/datasets/encode-rows.js';
import type { Predictor } from '../../src/models/predictor.js';
import { predictionsAsTraining } from '../../src/monitoring/export-training.js';
import { addOutcomes } from '../../src/monitoring/outcomes.js';
import type { LoggedPrediction } from '../../src/monitoring/prediction-log.js';
import { replayTraffic } from '../../src/monitoring/replay-traffic.js';
import { trialReport } from '../../src/monitoring/shadow-report.js';
import { loggedAnswer } from '../../src/monitoring/version-answers.js';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { listHistory } from '../../src/registry/history.js';
import { predictionAt, writeLog } from '../monitoring/log-support.js';
import { openStoreIn, planFor } from '../pipeline/support.js';
import { loansCsv, writeLoans } from '../support/loans.js';
import { refuse, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

const MINUTE = 60_000;

/** Loans as requests have them, and whether they defaulted; those of seed 7 are the ones that a training sees. */
function liveLoans(count: number, seed = 77) {
  const [head, ...lines] = loansCsv(count, seed).trimEnd().split('\n');
  const names = head.split(',');
  return lines.map((line) => {
    const cells = Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell]));
    const { income, debt, age, 지역: region, default: truth } = cells;
    return {
      inputs: {
        ...{ income: Number(income), debt: debt === '' ? null : Number(debt), age: Number(age) },
        지역: region === 'NA' ? null : region,
      },
      truth: Number(truth),
    };
  });
}

/** A dummy is current, and a logistic regression is its shadow: of `count` requests the first `known` have an outcome. */
async function trial(
  count: number,
  known: number,
  change: Partial<TrainPlan> = { learner: 'logistic' },
  loans = liveLoans(count),
) {
  const folder = temporaryFolder();
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const train = (more: Partial<TrainPlan>) => trainModel(store, planFor(folder, more), { root: folder });
  const first = await train({ learner: 'dummy' });
  const judged = await judgeTraining(store, first);
  await promoteCandidate(store, { judged, actor: '김', reason: 'a first model' });
  const second = await train(change);
  const rows = loans.map(({ inputs }) => inputs);
  const answer = ({ header, predictCells }: Predictor) => {
    const found = predictCells(encodeRows(rows, header.signature).cells, rows.length);
    return rows.map((_, row) => loggedAnswer(header, found, row));
  };
  const [current, candidate] = [answer(first.predictor), answer(second.predictor)];
  const start = Date.now() - (count + 5) * MINUTE;
  const reals = rows.map((inputs, i) =>
    predictionAt(new Date(start + i * MINUTE).toISOString(), { model: 'loans', inputs, ...current[i] }),
  );
  const shadows = reals.map(
    (real, i): LoggedPrediction => ({
      ...{ ...real, ...candidate[i] },
      ...{ id: v7({ msecs: Date.parse(real.at) + 40 }), version: 2, shadow_of: real.id },
    }),
  );
  // The shadow had no time for every twentieth.
  await writeLog(store, [...reals, ...shadows.filter((_, i) => i % 20 !== 9)]);
  const told = reals
    .slice(0, known)
    .map(({ id }, i) => ({ prediction_id: id, value: loans[i].truth, observed_at: reals[i].at }));
  await addOutcomes(store, told, { actor: '김' });
  const project = await openProject({ dir: folder });
  const { version } = second;
  const judge = (since?: string) => judgeByShadow(store, project, version, since);
  return { folder, store, project, train, judge };
}

test('a version that proved better as a shadow is promoted on that evidence, which is on record', async () => {
  const { folder, store, judge } = await trial(400, 300);
  const judged = await judge();
  const { report, reportSha256, expectedCurrent } = judged;
  expect(report).toMatchObject({
    verdict: 'promote',
    current: { version: 1 },
    candidate: { version: 2, learner: 'logistic' },
    holdout: {
      ...{ evidence: 'shadow', rows: 285, paired: 380, misfits: 0 },
      ...{ without_outcome: 95, without_shadow: 20 },
    },
    ledger: { uses: 1, candidates: 1 },
  });
  expect(report.reasons.map(({ rule }) => rule)).toEqual(
    expect.arrayContaining(['times', 'current', 'baseline prior', 'guard brier']),
  );
  expect(report.comparisons.every(({ blocks }) => blocks !== null)).toBe(true);
  expect(expectedCurrent).toBe(1);
  const done = await succeed<{ promoted: boolean }>(folder, [
    ...['promote', '--version', '2', '--evidence', 'shadow', '--since', '14d'],
  ]);
  expect(done.promoted).toBe(true);
  const [last] = await listHistory(store, 'loans', { limit: 1 });
  expect(last).toMatchObject({ to_version: 2, verdict: 'promote' });
  expect(last.gate_report_sha256).not.toBe(reportSha256);
});

test('too few outcomes leave it undecided, and so does the same model again', async () => {
  const few = (await (await trial(150, 40)).judge()).report;
  expect(few).toMatchObject({ verdict: 'undecided', comparisons: [], holdout: { rows: 38 } });
  expect(few.reasons.find(({ rule }) => rule === 'min_rows')).toMatchObject({
    passed: null,
    rows_needed: 62,
  });
  const none = await trial(30, 0);
  expect((await none.judge('2d')).report).toMatchObject({ verdict: 'undecided', holdout: { rows: 0 } });
  await succeed(none.folder, ['promote', '--latest', '--evidence', 'shadow'], { exitCode: 3 });
  await refuse(none.folder, ['promote', '--latest', '--since', '7d'], 'USAGE');
  const { report } = await (await trial(300, 300, { learner: 'dummy', seed: 2 })).judge();
  expect(report.verdict).not.toBe('promote');
});

test('live rows that a version learned from prove nothing, and where nobody can look the evidence decides nothing', async () => {
  const seen = await trial(400, 400, { learner: 'logistic' }, liveLoans(800, 7).slice(0, 400));
  const { report } = await seen.judge();
  expect(report).toMatchObject({ verdict: 'undecided', comparisons: [], rows_needed: null });
  expect(report.reasons.find(({ rule }) => rule === 'twins')).toMatchObject({
    passed: null,
    text: expect.stringMatching(
      /^3\d\d of 380 live rows stand, target and all, among the training rows of v2 too, and 5 % are allowed$/,
    ),
  });
  expect(report.next).toContain('after the training');
  const fresh = await trial(300, 300);
  renameSync(join(fresh.folder, 'loans.csv'), join(fresh.folder, 'away.csv'));
  const gone = (await fresh.judge()).report;
  expect(gone.verdict).toBe('undecided');
  expect(gone.reasons.find(({ rule }) => rule === 'twins')?.text).toBe(
    'whether v2 learned from the live rows themselves cannot be checked: loans.csv is gone',
  );
  expect(gone.warnings[0]).toContain('whether v1 learned');
});

test('a version beside itself is told, and a time that ends before it begins refused', async () => {
  const { store, project } = await trial(30, 0);
  const told: string[] = [];
  const tell = (line: string) => void told.push(line);
  await trialVersions({ project, flags: { shadow: '1', canary: 'latest=5%', model: 'loans' } }, tell);
  expect(told).toEqual([
    expect.stringMatching(/^The shadow, version 1 of model "loans", is the current version/),
  ]);
  await trialVersions({ project, flags: { canary: '1=5%', model: 'loans' } }, tell);
  expect(told[1]).toMatch(/^The canary, version 1 .* gets no row\.$/);
  const options = (flags: object) => compareOptions(store, project, { model: 'loans', ...flags });
  await expect(options({ since: '1d', until: '2d' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await expect(trialReport(store, await options({ version: '1' }))).rejects.toMatchObject({
    ...{ code: 'OPTION_INVALID', why: expect.stringContaining('It is the current version') },
  });
});

test('a model that learned from the log is not called better on the rows of that log', async () => {
  const { folder, store, project, train } = await trial(400, 400);
  const count = { rows: 0, without_outcome: 0, redacted: 0 };
  const lines: string[] = [];
  for await (const text of predictionsAsTraining(store, { model: 'loans' }, count)) lines.push(text);
  writeFileSync(join(folder, 'log.ndjson'), lines.join(''));
  await train({ data: join(folder, 'log.ndjson'), learner: 'logistic' });
  const replayed = async (version: string) =>
    replayTraffic(store, await compareOptions(store, project, { version, model: 'loans' }));
  const learned = await replayed('3');
  const { open, gain } = learned.outcomes;
  expect(gain?.lower).toBeGreaterThan(0);
  expect(open.map(({ rule }) => rule)).toEqual(['twins']);
  const [told] = replayLines(learned).filter((line) => line.includes('gain in'));
  expect(told).toMatch(
    /: undecided: 3\d\d of 400 live rows stand, target and all, among the training rows of v3 too/,
  );
  const other = await replayed('2');
  expect(other.outcomes.open).toEqual([]);
  expect(replayLines(other).join('\n')).toMatch(/gain in auc.*: better$/m);
});
