import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { encodeTable } from '../../src/datasets/encode-table.js';
import { readTable } from '../../src/datasets/read-table.js';
import { readOptionsFor } from '../../src/datasets/signature.js';
import { takeRows } from '../../src/datasets/table.js';
import type { LoggedPrediction } from '../../src/monitoring/prediction-log.js';
import { tracePrediction } from '../../src/monitoring/trace.js';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { rollback } from '../../src/registry/rollback.js';
import type { Store } from '../../src/storage/store.js';
import { toJson } from '../../src/util/json.js';
import { openStoreIn, planFor } from '../pipeline/support.js';
import { writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { repository } from '../tracking/tracking-support.js';

/** The first row of the loan book, as a request has it. */
const ROW = { income: 96.5, debt: 30.25, age: 44, 지역: '제주' };

async function log(store: Store, entry: Partial<LoggedPrediction>): Promise<string> {
  const logged: LoggedPrediction = {
    ...{ id: v7(), at: new Date().toISOString(), request_id: 'r-1', model: 'loans', version: 1 },
    ...{ inputs: ROW, prediction: 0.5, class: 0 },
    ...entry,
  };
  const content = Buffer.from(`${toJson(logged)}\n`);
  const row = { first_id: logged.id, last_id: logged.id, rows: 1, written_at: logged.at, content };
  await store.write((transaction) => transaction.insertInto('prediction_segments').values(row).execute());
  return logged.id;
}

async function project(folder = temporaryFolder()) {
  writeLoans(folder);
  const store = await openStoreIn(folder);
  const train = async (change: Partial<TrainPlan> = {}) => {
    const trained = await trainModel(store, planFor(folder, change), { root: folder });
    // The prediction for a row as it stands in a file, by the way that training takes.
    const { signature } = trained.predictor.header;
    const path = join(folder, 'row.csv');
    writeFileSync(path, `${Object.keys(ROW).join(',')}\n${Object.values(ROW).join(',')}\n`);
    const { table } = await readTable(path, readOptionsFor(signature));
    const [prediction] = trained.predictor.predictCells(encodeTable(takeRows(table, [0]), signature), 1);
    const { classes } = signature.target;
    const found = classes?.[prediction >= (trained.summary.threshold ?? 0.5) ? 1 : 0] ?? null;
    return { trained, prediction, class: found };
  };
  const promote = async ({ trained }: Awaited<ReturnType<typeof train>>, reason: string) =>
    promoteCandidate(store, { judged: await judgeTraining(store, trained), actor: '김', reason });
  const trace = (id: string, replay = false) => tracePrediction(store, id, { root: folder, replay });
  return { folder, store, train, promote, trace };
}

test('an answer leads to its version, run, data, commit, promotion and gate report', async () => {
  const { folder, git } = repository();
  writeFileSync(join(folder, '.gitignore'), '*.csv\ndata\nartifacts\n');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'first');
  const { store, train, promote, trace } = await project(folder);
  const first = await train();
  const promoted = await promote(first, 'quarterly');
  const { prediction, class: found } = first;
  const id = await log(store, { prediction, class: found });
  const { summary, version } = first.trained;
  const traced = await trace(id.toUpperCase(), true);
  expect(traced).toMatchObject({
    prediction: { id, model: 'loans', version: 1, inputs: ROW },
    version: { learner: 'logistic', sha256: version.sha256, file: 'whole', deleted_at: null },
    run: { run_id: summary.run_id, status: 'FINISHED' },
    data: { path: 'loans.csv', split: 'random:0.2', seed: '0', file: 'whole' },
    code: { commit: git('rev-parse', 'HEAD'), branch: 'main', dirty: false },
    promotion: { promotion_id: promoted.promotion_id, actor: '김', reason: 'quarterly', verdict: 'promote' },
    gate: { sha256: promoted.gate_report_sha256, report: { verdict: 'promote', candidate: { version: 1 } } },
    ...{ missing: [], notes: [] },
    replay: { result: 'identical', logged: prediction, recomputed: prediction, why: null },
  });
  expect(traced.prediction.inputs_sha256).toMatch(/^[0-9a-f]{64}$/);
});

test('a replay says identical to the last bit only, and shows both values', async () => {
  const { store, train, promote, trace } = await project();
  const first = await train({ learner: 'gradient-boosting', hyper: { trees: 5 } });
  await promote(first, 'first');
  const { prediction } = first;
  const bits = new Float64Array([prediction]);
  new BigInt64Array(bits.buffer)[0] += 1n;
  const nudged = await trace(await log(store, { prediction: bits[0], class: first.class }), true);
  expect(nudged.replay).toMatchObject({ result: 'differs', logged: bits[0], recomputed: prediction });
  const other = await trace(await log(store, { prediction, class: first.class === 1 ? 0 : 1 }), true);
  expect(other.replay).toMatchObject({ result: 'differs', why: expect.stringContaining('class') });
  const array = await trace(
    await log(store, { prediction, class: first.class, inputs: Object.values(ROW) }),
    true,
  );
  expect(array.replay?.result).toBe('identical');
  const odd = await trace(await log(store, { prediction, inputs: { income: 'much' } }), true);
  expect(odd.replay).toMatchObject({ result: 'impossible', why: expect.stringContaining('income') });
});

test('the promotion is the one in force at that moment, and a rollback has the report of before', async () => {
  const { store, train, promote, trace } = await project();
  const at = [await log(store, { version: 1 })];
  const first = await promote(await train({ learner: 'dummy' }), 'first');
  at.push(await log(store, { version: 1 }));
  await promote(await train(), 'second');
  // Begun before the second promotion, answered after it.
  at.push(await log(store, { version: 1 }), await log(store, { version: 2 }));
  await rollback(store, { model: 'loans', actor: '박', reason: 'complaints' });
  at.push(await log(store, { version: 1 }));
  const traced = await Promise.all(at.map((id) => trace(id)));
  expect(traced.map(({ promotion }) => promotion?.reason)).toEqual([
    ...['first', 'first', 'first', 'second', 'complaints'],
  ]);
  expect(traced.map(({ notes }) => notes.length)).toEqual([1, 0, 1, 0, 0]);
  expect(traced[2].notes[0]).toContain('version 2 was current');
  expect(traced[4]).toMatchObject({
    promotion: { action: 'rollback', actor: '박', gate_report_sha256: null },
    gate: { sha256: first.gate_report_sha256 },
  });
});

test('what is gone is named, and the rest is still told', async () => {
  const { folder, store, train, promote, trace } = await project();
  const first = await train();
  await promote(first, 'first');
  const id = await log(store, first);
  const file = store.blobs.path(first.trained.version.path);
  rmSync(join(folder, 'loans.csv'));
  chmodSync(file, 0o644);
  writeFileSync(file, 'not what it was');
  const damaged = await trace(id, true);
  expect(damaged).toMatchObject({
    version: { file: 'changed' },
    data: { file: 'gone' },
    run: { status: 'FINISHED' },
    promotion: { reason: 'first' },
    replay: { result: 'impossible', recomputed: null },
  });
  expect(damaged.missing).toEqual([expect.stringContaining('is not as it was recorded')]);
  rmSync(file);
  await store.write(async (transaction) => {
    const marks = { model: 'loans', version: 1, deleted_at: '2026-03-01T00:00:00.000Z' };
    await transaction.insertInto('version_marks').values(marks).execute();
    await transaction.deleteFrom('artifacts').where('kind', '=', 'gate-report').execute();
  });
  const trashed = await trace(id, true);
  expect(trashed).toMatchObject({ version: { file: 'gone', deleted_at: expect.any(String) }, gate: null });
  expect(trashed.missing).toEqual([
    expect.stringContaining('is gone'),
    expect.stringContaining('is no longer on record'),
  ]);
  const collected = await trace(await log(store, { model: 'scrapped', version: 9 }), true);
  expect(collected).toMatchObject({
    ...{ version: null, run: null, data: null, code: null, promotion: null, gate: null },
    missing: ['version 9 of scrapped is not on record any more', 'no promotion of this version is on record'],
    replay: { result: 'impossible', why: 'the version that made it is not on record any more' },
  });
});

test('an id that the log does not have, and what is no id', async () => {
  const { trace } = await project();
  await expect(trace(v7())).rejects.toMatchObject({
    code: 'PREDICTION_NOT_FOUND',
    exitCode: 4,
    why: expect.stringContaining('100 ms'),
  });
  await expect(trace('ffffffff-0000-4000-8000-000000000000')).rejects.toMatchObject({ exitCode: 4 });
  for (const text of ['', '2026-03-01', "x' OR 1=1 --", '\u001b[31m'])
    await expect(trace(text)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
