import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { encodeRows } from '../../src/datasets/encode-rows.js';
import { packModelFile } from '../../src/models/model-file.js';
import { decodeSafetensors } from '../../src/models/safetensors.js';
import { type DriftReport, measureDrift } from '../../src/monitoring/drift.js';
import { readDriftFilter } from '../../src/monitoring/drift-filter.js';
import type { LoggedPrediction } from '../../src/monitoring/prediction-log.js';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { registerVersion } from '../../src/registry/versions.js';
import { sha256 } from '../../src/util/files.js';
import { seededRandom } from '../../src/util/random.js';
import { openStoreIn, planFor } from '../pipeline/support.js';
import { writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';

type Row = Record<string, unknown>;

/** Rows as the loan book has them. */
function loans(count: number, seed: number, change: (row: Row, at: number) => Row = (row) => row): Row[] {
  const random = seededRandom(seed);
  const draw = () => ({
    income: random() * 100,
    debt: random() < 0.05 ? null : random() * 50,
    age: Math.floor(20 + random() * 50),
    지역: random() < 0.03 ? null : ['서울', '부산', '제주'][Math.floor(random() * 3)],
  });
  return Array.from({ length: count }, (_, at) => change(draw(), at));
}

/** Half a standard deviation more income. */
const richer = (row: Row): Row => ({ ...row, income: Number(row['income']) + 14.4 });

/** A promoted model of the data in a folder, and a way to log its answers as a server does. */
async function project(change: Partial<TrainPlan> = {}, write: (folder: string) => void = writeLoans) {
  const folder = temporaryFolder();
  write(folder);
  const store = await openStoreIn(folder);
  const train = (more: Partial<TrainPlan> = {}) =>
    trainModel(store, planFor(folder, { ...change, ...more }), { root: folder });
  const trained = await train();
  const judged = await judgeTraining(store, trained);
  await promoteCandidate(store, { judged, actor: '김', reason: 'first' });
  const { predictor } = trained;
  const log = async (
    rows: readonly Row[],
    more: (row: Row, at: number) => Partial<LoggedPrediction> = () => ({}),
  ) => {
    const { cells } = encodeRows(rows, predictor.header.signature);
    const scores = predictor.predictCells(cells, rows.length);
    const at = new Date().toISOString();
    const entries = rows.map(
      (inputs, row): LoggedPrediction => ({
        ...{ id: v7(), at, request_id: 'r-1', model: 'loans', version: 1 },
        ...{ inputs, prediction: scores[row], class: 0 },
        ...more(inputs, row),
      }),
    );
    const segment = {
      ...{
        first_id: entries[0].id,
        last_id: entries[entries.length - 1].id,
        rows: rows.length,
        written_at: at,
      },
      content: Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')),
    };
    await store.write((transaction) =>
      transaction.insertInto('prediction_segments').values(segment).execute(),
    );
    return entries;
  };
  const measure = (filter = {}) => measureDrift(store, { model: 'loans', ...filter });
  return { folder, store, train, trained, log, measure };
}

const named = ({ features }: DriftReport) =>
  features.filter(({ drifted }) => drifted).map(({ name }) => name);

test('too few rows ask for more; rows like those of training are no drift; what moved is named with how far', async () => {
  const { log, measure } = await project();
  expect(await measure()).toMatchObject({
    verdict: 'undecided',
    sentence: 'Not enough rows: 130 are needed for a verdict and there are 0; need 130 more.',
    left_out: [],
  });
  await log(loans(50, 1, richer));
  const few = await measure();
  expect(few).toMatchObject({
    verdict: 'undecided',
    fewest_rows: 130,
    rows_needed: 80,
    window: { rows: 50 },
  });
  expect(few.sentence).toMatch(/need 80 more\.$/);
  expect(named(few)).toEqual([]);

  await log(loans(400, 1));
  const calm = await measure({ rows: 400 });
  expect(calm).toMatchObject({
    verdict: 'no drift',
    sentence: 'No drift: none of 4 features moved, nor did the scores, in 400 rows.',
    reference: { name: 'training', rows: 640, season_hours: null },
    notes: [],
  });
  expect(calm.features.every(({ psi }) => psi !== null && psi < 0.2)).toBe(true);

  await log(loans(300, 2, richer));
  const moved = await measure({ rows: 300 });
  expect(moved).toMatchObject({ verdict: 'drift', window: { rows: 300, looked: 300 } });
  expect(named(moved)).toEqual(['income']);
  expect(moved.sentence).toMatch(/^Drift: 1 of 4 features moved, "income" \(\+0\.\d+ sd\); the scores /);
  expect(await measure({ rows: 300, leastEffect: 0.9 })).toMatchObject({ verdict: 'no drift' });
});

test('missing values, unseen categories and absent fields are each told as what they are', async () => {
  const { log, measure } = await project();
  await log(loans(300, 1, (row, at) => (at % 3 === 0 ? { ...row, debt: null } : row)));
  const gaps = await measure();
  expect(named(gaps)).toEqual(['debt']);
  expect(gaps.sentence).toMatch(/"debt" \(missing in 3\d % of the rows, was [456]\.\d %\)/);

  await log(loans(300, 2, (row, at) => (at % 4 === 0 ? { ...row, 지역: '세종' } : row)));
  const unseen = await measure({ rows: 300 });
  expect(named(unseen)).toEqual(['지역']);
  expect(unseen.sentence).toMatch(/"지역" \(2\d % are categories that training never saw\)/);

  await log(loans(300, 3), (row) => ({ inputs: { ...row, age: undefined } }));
  const absent = await measure({ rows: 300 });
  expect(absent).toMatchObject({
    verdict: 'no drift',
    left_out: [{ name: 'age', why: 'the log has no value of it' }],
  });
});

test('fields that are not kept are left out by name, rows as arrays are read, and shadows and other versions are not', async () => {
  const { log, measure } = await project();
  const kept = await log(loans(300, 1), (row) => ({
    inputs: [null, row['debt'], row['age'], row['지역']],
    redacted: ['income'],
  }));
  const shadow = { shadow_of: v7() };
  await log(loans(300, 2, richer), () => shadow);
  await log(loans(300, 3, richer), () => ({ version: 2 }));
  await log(loans(300, 4, richer), () => ({ model: 'other' }));
  expect(await measure()).toMatchObject({
    verdict: 'no drift',
    window: { rows: 300 },
    left_out: [{ name: 'income', why: 'its values are not kept in the log' }],
  });

  // A field that is kept again has nothing to be compared with: null in its place was no missing value.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const whole = await log(loans(300, 5));
  const reference = `window:${kept[0].id}..${kept[299].id}`;
  expect(await measure({ reference, from: whole[0].id })).toMatchObject({
    verdict: 'no drift',
    left_out: [{ name: 'income', why: 'the reference has but 0 rows' }],
  });
});

test('a window is compared with another window, or with what another version learned from', async () => {
  const { log, measure, train, folder } = await project();
  const first = await log(loans(300, 1, richer));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const second = await log(loans(300, 2, richer));
  const reference = `window:${first[0].id}..${first[299].id}`;
  expect(await measure({ reference, from: second[0].id })).toMatchObject({
    verdict: 'no drift',
    reference: { name: reference, rows: 300 },
  });
  expect(named(await measure({ from: second[0].id }))).toEqual(['income']);
  writeLoans(folder, 'richer.csv', 800, 9);
  const text = readFileSync(join(folder, 'richer.csv'), 'utf8').split('\n');
  const shifted = text.map((line, at) => {
    const [income, ...rest] = line.split(',');
    return at === 0 || line === '' ? line : [(Number(income) + 14.4).toFixed(2), ...rest].join(',');
  });
  writeFileSync(join(folder, 'richer.csv'), shifted.join('\n'));
  await train({ data: join(folder, 'richer.csv') });
  const beside = await measure({ reference: 'v2' });
  expect(beside).toMatchObject({ version: 1, verdict: 'no drift', reference: { name: 'v2' }, scores: null });
  expect(await measure({ reference: 'window:2020-01-01..2020-01-02' })).toMatchObject({
    verdict: 'undecided',
  });
  await expect(measure({ reference: 'yesterday' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await expect(measure({ reference: 'v9' })).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
});

test('a version from before there were profiles says so', async () => {
  const { store, trained, measure } = await project();
  const { path, run_id: runId, learner, content_sha256: contentSha256 } = trained.version;
  const { metadata, tensors } = decodeSafetensors(readFileSync(store.blobs.path(path)));
  const { profile: _, ...header } = JSON.parse(metadata['riskops']);
  const bytes = packModelFile(JSON.stringify(header), tensors);
  const old = path.replace('.safetensors', '_old.safetensors');
  writeFileSync(store.blobs.path(old), bytes);
  const facts = { path: old, sha256: sha256(bytes), contentSha256, bytes: bytes.length, metrics: {} };
  await registerVersion(store, { model: 'loans', runId, learner, ...facts });
  expect(await measure({ version: 2 })).toMatchObject({
    verdict: 'undecided',
    sentence: 'No verdict: this version has no reference profile; train it again.',
    rows_needed: 0,
  });
});

test('of more than 20,000 rows a sample is compared, the same one each time, in a report of counts alone', async () => {
  const { log, measure } = await project();
  const rows = loans(3_000, 1);
  for (let part = 0; part < 8; part++) await log(rows);
  const report = await measure();
  expect(report).toMatchObject({ verdict: 'no drift', window: { rows: 24_000, looked: 20_000 } });
  expect(report.notes[0]).toBe('20000 of 24000 rows were compared: a sample, the same one each time.');
  expect(report.notes[1]).toMatch(/repeat another row/);
  expect(await measure()).toEqual(report);
  expect(JSON.stringify(report).length).toBeLessThan(5_000);
});

/** Amounts of one series, an hour each, that are high on mornings. */
function hourly(count: number, from: number, seed: number): Row[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, row) => {
    const at = new Date(from + row * 3_600_000);
    const isMorning = at.getUTCHours() >= 8 && at.getUTCHours() < 12;
    const load = random() * 10 + (isMorning ? 30 : 0);
    return { at: at.toISOString(), load, noise: random(), target: load * 2 + random() };
  });
}

test('where rows have times, a window of mornings is compared with mornings', async () => {
  const plan: Partial<TrainPlan> = { target: 'target', time: 'at', learner: 'ridge', split: 'time:at:0.2' };
  const { log, measure } = await project(plan, (folder) => {
    const rows = hourly(168 * 34, Date.parse('2025-01-06T00:00:00Z'), 1);
    const lines = rows.map(({ at, load, noise, target }) => [at, load, noise, target].join(','));
    writeFileSync(join(folder, 'loans.csv'), `${['at,load,noise,target', ...lines].join('\n')}\n`);
  });
  const all = hourly(168 * 8, Date.parse('2026-01-05T00:00:00Z'), 2);
  const mornings = all.filter(({ at }) => /T(08|09|10|11):/.test(String(at)));
  await log(mornings.slice(0, 200));
  const calm = await measure();
  expect(calm).toMatchObject({ verdict: 'no drift', reference: { season_hours: 1 }, window: { rows: 200 } });
  expect(calm.left_out).toEqual([{ name: 'at', why: 'it orders the rows' }]);
  await log(mornings.slice(0, 200).map((row) => ({ ...row, load: Number(row['load']) - 3 })));
  expect(named(await measure({ rows: 200 }))).toEqual(['load']);
});

test('a window is told in words as a person writes them', () => {
  const flag = (key: string) => `--${key}`;
  const now = Date.now();
  const { from, ...rest } = readDriftFilter('loans', {}, flag);
  expect(rest).toEqual({ model: 'loans' });
  expect(now - Date.parse(from ?? '')).toBeGreaterThan(6.9 * 86_400_000);
  const words = { rows: '500', until: '2026-03-01', leastEffect: '0.2', reference: 'v3', version: 'best' };
  expect(readDriftFilter('loans', words, flag)).toEqual({
    model: 'loans',
    rows: 500,
    to: '2026-03-01T00:00:00.000Z',
    leastEffect: 0.2,
    reference: 'v3',
    version: 'best',
  });
  const wrong = [
    { rows: '0' },
    { rows: '1e3' },
    { rows: '20001' },
    { since: 'monday' },
    { leastEffect: '0' },
  ];
  for (const given of [...wrong, { leastEffect: '1.1' }, { leastEffect: 'x' }])
    expect(() => readDriftFilter('loans', given, flag)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
});
