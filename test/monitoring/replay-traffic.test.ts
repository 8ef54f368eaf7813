import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileEncoder } from '../../src/datasets/encode-rows.js';
import { pairedBootstrap } from '../../src/evaluation/bootstrap.js';
import { metricNamed } from '../../src/evaluation/metrics.js';
import type { Task } from '../../src/models/learner.js';
import { readModelFile } from '../../src/models/model-file.js';
import { addOutcomes } from '../../src/monitoring/outcomes.js';
import type { LoggedPrediction } from '../../src/monitoring/prediction-log.js';
import { openReplayFile } from '../../src/monitoring/replay-file.js';
import { type ReplayedRow, type ReplayOptions, replayTraffic } from '../../src/monitoring/replay-traffic.js';
import { loggedAnswer } from '../../src/monitoring/version-answers.js';
import { policyFor } from '../../src/pipeline/policy-in-force.js';
import { getVersion } from '../../src/registry/versions.js';
import type { Store } from '../../src/storage/store.js';
import { seededRandom } from '../../src/util/random.js';
import { addVersion, fitModel, openTestStore, promote } from '../serving/support.js';
import { temporaryFolder } from '../support/temporary.js';
import { predictionAt, writeLog } from './log-support.js';

const START = Date.parse('2026-03-01T00:00:00Z');

/** Rows as requests have them, each as an array or an object. */
function requests(count: number) {
  const random = seededRandom(5);
  return Array.from({ length: count }, (_, i) => {
    const row = {
      income: random() < 0.1 ? null : random(),
      age: 18 + Math.floor(random() * 62),
      region: random() < 0.5 ? '부산' : '서울',
      owner: random() < 0.5,
    };
    return i % 2 === 0 ? row : Object.values(row);
  });
}

async function predictorOf(store: Store, version: number) {
  const { path, sha256 } = await getVersion(store, 'credit', version);
  return readModelFile(store.blobs.path(path), { sha256 });
}

/** What a version answers rows, by the plainest way. */
async function answersOf(store: Store, version: number, rows: readonly unknown[]) {
  const predictor = await predictorOf(store, version);
  const { cells } = compileEncoder(predictor.header.signature).encode(rows);
  const predictions = predictor.predictCells(cells, rows.length);
  return rows.map((_, row) => loggedAnswer(predictor.header, predictions, row));
}

/** Two versions, the first of which is current and has answered. */
async function traffic(task: Task, count = 300) {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1, task));
  await addVersion(store, await fitModel(2, task));
  await promote(store, 1);
  const rows = requests(count);
  const answers = await answersOf(store, 1, rows);
  const entries = rows.map((inputs, i) =>
    predictionAt(new Date(START + i * 60_000).toISOString(), { inputs, ...answers[i] }),
  );
  const replay = async (change: Partial<ReplayOptions> = {}) =>
    replayTraffic(store, {
      ...{
        model: 'credit',
        entity: [],
        policyFor: ({ task, learner }) => policyFor(task, learner.hyper, {}),
        trainingOf: async () => ({ rows: null, elsewhere: true, why: 'nobody knows' }),
      },
      version: await getVersion(store, 'credit', 2),
      against: await getVersion(store, 'credit', 1),
      ...change,
    });
  return { store, rows, entries, answers, other: await answersOf(store, 2, rows), replay };
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test.each(['binary', 'multiclass', 'regression'] as const)(
  'another version answers the logged rows, and what differs is counted: %s',
  async (task) => {
    const { store, entries, answers, other, replay } = await traffic(task);
    await writeLog(store, entries);
    const seen: ReplayedRow[] = [];
    const report = await replay({ onSlice: (rows) => void seen.push(...rows) });
    expect(seen.map(({ answer }) => answer)).toEqual(other);
    expect(seen.map(({ logged }) => logged.id)).toEqual(entries.map(({ id }) => id));
    const isSame = answers.map((one, i) => one.class === other[i].class);
    const { agreement, changes, shift, rows } = report.answers;
    expect(rows).toBe(300);
    expect(agreement).toBe(task === 'regression' ? null : isSame.filter(Boolean).length / 300);
    expect(changes.reduce((sum, change) => sum + change.rows, 0)).toBe(
      task === 'regression' ? 0 : isSame.filter((same) => !same).length,
    );
    // Of many classes, the probability of the class that was answered.
    const [before, after] = [answers, other].map((list) =>
      list.map(({ prediction, probabilities }, i) =>
        Number(probabilities ? probabilities[String(answers[i].class)] : prediction),
      ),
    );
    expect(shift?.mean_before).toBeCloseTo(mean(before), 10);
    expect(shift?.mean_after).toBeCloseTo(mean(after), 10);
    const differences = after.map((value, i) => value - before[i]).sort((a, b) => a - b);
    expect(shift?.difference.least).toBe(differences[0]);
    expect(shift?.difference.median).toBeCloseTo((differences[149] + differences[150]) / 2, 12);
    expect(report.outcomes.too_few).toContain('0 outcomes');
  },
);

test('once outcomes are known: both metrics, and the paired bootstrap of the gate on those rows', async () => {
  const { store, entries, answers, other, replay } = await traffic('binary');
  await writeLog(store, entries);
  const random = seededRandom(9);
  const outcomes = entries.slice(0, 200).map(({ id }, i) => ({
    prediction_id: id,
    value: random() < Number(other[i].prediction) ? 'bad' : 'good',
  }));
  await addOutcomes(store, outcomes, { actor: 'min' });
  const { outcomes: found } = await replay();
  const target = Float64Array.from(outcomes, ({ value }) => Number(value === 'bad'));
  const scores = (list: typeof answers) =>
    Float64Array.from(list.slice(0, 200), ({ prediction }) => Number(prediction));
  const [interval] = pairedBootstrap(
    target,
    [
      {
        metric: metricNamed('auc', 'binary'),
        candidate: { predictions: scores(other) },
        other: { predictions: scores(answers) },
      },
    ],
    { times: Float64Array.from(target, (_, i) => START + i * 60_000), blockRows: 'auto' },
  );
  const { gain, lower, upper } = interval;
  expect(found).toMatchObject({ rows: { current: 200, candidate: 200 }, too_few: null });
  expect(found.gain).toMatchObject({ metric: 'auc', gain, lower, upper, paired: true });
  expect(found.metrics.find(({ name }) => name === 'auc')).toMatchObject({
    candidate: interval.candidate,
    current: interval.other,
  });
});

test('rows that cannot be answered are told and counted, and those that are none of its business passed over', async () => {
  const { store, entries, replay } = await traffic('binary', 40);
  const change: Partial<LoggedPrediction>[] = [
    { inputs: { income: 'much', age: 40, region: '서울', owner: true } },
    { inputs: [1, 2] },
    { redacted: ['region'] },
    { redacted: ['phone'] },
    { version: 7 },
    { model: 'other' },
    { shadow_of: entries[0].id, version: 2 },
  ];
  await writeLog(
    store,
    entries.map((entry, i) => ({ ...entry, ...change[i] })),
    7,
  );
  const report = await replay();
  expect(report).toMatchObject({
    ...{ predictions: 37, redacted: 1, stopped: false, others: [{ version: 7, predictions: 1 }] },
    ...{ unread: { rows: 2 }, answers: { rows: 34 } },
  });
  expect(report.unread.reasons.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('income is text "much"'),
    expect.stringContaining('2 values'),
  ]);
  expect(await replay({ limit: 5 })).toMatchObject({ predictions: 5, stopped: true });
  expect((await replay({ from: new Date(START + 30 * 60_000).toISOString() })).predictions).toBe(10);
  const none = await replay({ from: '2027-01-01' });
  expect(none.answers).toEqual({ rows: 0, agreement: null, changes: [], shift: null });
});

test('an array is read by the names that the version had which answered it', async () => {
  const { store, rows, entries, replay } = await traffic('binary', 20);
  await addVersion(store, await fitModel(3, 'binary', ['age', 'owner']));
  await writeLog(store, entries);
  const seen: ReplayedRow[] = [];
  await replay({
    version: await getVersion(store, 'credit', 3),
    onSlice: (slice) => void seen.push(...slice),
  });
  const named = rows.map((row) => (Array.isArray(row) ? { age: row[1], owner: row[3] } : row));
  expect(seen.map(({ answer }) => answer)).toEqual(await answersOf(store, 3, named));
});

test('versions that cannot be compared are refused', async () => {
  const { store, replay } = await traffic('binary', 2);
  await addVersion(store, await fitModel(3, 'regression'));
  const version = await getVersion(store, 'credit', 3);
  await expect(replay({ version })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  const itself = await getVersion(store, 'credit', 1);
  await expect(replay({ version: itself })).rejects.toThrow(/compared with itself/);
});

test('--out is there when it is whole, a line a row', async () => {
  const { store, entries, other, replay } = await traffic('binary', 30);
  await writeLog(store, entries);
  const path = join(temporaryFolder(), 'replayed.ndjson');
  const file = openReplayFile(path);
  await replay({ onSlice: file.write });
  expect(() => readFileSync(path)).toThrow();
  file.close();
  file.drop();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).replayed)).toEqual(other);
  expect(() => openReplayFile(join(path, 'below'))).toThrow(/cannot be written/);
});

test('rows of a few times alone make nothing better, by the rule and the words of the gate', async () => {
  const { store, entries, other, replay } = await traffic('binary');
  const random = seededRandom(9);
  const told = entries.map(({ id }, i) => ({
    prediction_id: id,
    value: random() < Number(other[i].prediction) ? 'bad' : 'good',
  }));
  // One request: its rows are answered some milliseconds apart.
  await writeLog(
    store,
    entries.map((entry, i) => ({ ...entry, at: new Date(START + (i % 90)).toISOString() })),
  );
  await addOutcomes(store, told, { actor: 'min' });
  const { outcomes } = await replay();
  expect(outcomes.gain?.lower).toBe(outcomes.gain?.upper);
  expect(outcomes.open).toEqual([
    expect.objectContaining({
      rule: 'times',
      text: expect.stringContaining('300 live rows of 1 different times, at least 10 are needed'),
    }),
  ]);
  expect(outcomes.warnings).toEqual([
    expect.stringContaining('whether v2 learned'),
    expect.stringContaining('whether v1 learned'),
  ]);
});
