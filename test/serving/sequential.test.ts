import { expect, test } from 'vitest';
import { learnerFor } from '../../src/models/all.js';
import { encodeModelFile } from '../../src/models/model-file.js';
import { tracePrediction } from '../../src/monitoring/trace.js';
import { seededRandom, shuffledIndices } from '../../src/util/random.js';
import { fitOn, type Plain, tableOfRows, vectorsOf } from '../features/support/tables.js';
import { addVersion, openTestStore, promote, startTestServer } from './support.js';

const { names, rows } = vectorsOf<{ names: string[]; rows: Plain[][] }>('fd001.json');
const sensors = names.slice(2);
const lives = new Map<Plain, number>();
for (const [unit, cycle] of rows) lives.set(unit, Math.max(lives.get(unit) ?? 0, cycle!));
const y = Float64Array.from(rows, ([unit, cycle]) => Math.min(125, lives.get(unit)! - cycle!));

/** A ridge on the turbofan's sensors and what came before of three engines. */
async function fitEngines() {
  const learner = learnerFor('ridge');
  const steps = [
    { kind: 'rolling', columns: sensors, windows: [5, 20], of: ['mean', 'sd', 'max'] },
    { kind: 'lag', columns: ['s4', 's4_mean5'], by: [1, 3] },
    { kind: 'change', columns: ['s11'], by: 2 },
    { kind: 'ratio', of: 's2', by: 's2_mean20' },
    { kind: 'expanding-mean', by: 'unit', prior: 5 },
    { kind: 'elapsed' },
    ...learner.recipe,
  ];
  const { recipe, signature, cells } = fitOn(tableOfRows(names, rows), sensors, steps, {
    roles: { time: 'cycle', group: 'unit' },
    y,
  });
  const x = recipe.transform(cells, rows.length);
  const none = { weights: null, previous: null, validation: null };
  const hyper = Object.fromEntries(learner.options.map((option) => [option.name, option.default]));
  const fitted = await learner.fit(
    {
      ...none,
      x,
      y,
      rowCount: rows.length,
      names: recipe.outputs,
      categories: recipe.categories,
      classCount: 0,
    },
    'regression',
    hyper,
    { seed: 1, threads: 1 },
  );
  const file = await encodeModelFile({
    ...{ learner, hyper, recipe, fitted, task: 'regression', signature },
    ...{ threshold: null, classes: null, metrics: {} },
    provenance: {
      ...{
        model: 'engines',
        run_id: '0'.repeat(32),
        created_at: '2026-03-01T12:00:00.000Z',
        git_commit: null,
      },
      ...{ data_sha256: '0'.repeat(64), seed: 1, split: 'group:unit:0.2', riskops_version: '0.1.0' },
    },
  });
  return { file, offline: fitted.predict(x, rows.length) };
}

interface Answer {
  prediction_id: string;
  predictions: { prediction: number }[];
  warnings?: object[];
  error?: { code: string; message: string };
}

async function serveEngines() {
  const store = await openTestStore();
  const { file, offline } = await fitEngines();
  await addVersion(store, file, 'engines');
  await promote(store, 1, 'engines');
  const { url } = await startTestServer(store.places, { port: 0, log: { mode: 'sync' } });
  const ask = async (inputs: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/predict`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ inputs }),
    });
    return { status: answer.status, body: (await answer.json()) as Answer };
  };
  return { store, url, file, offline, ask };
}

const inputOf = (row: Plain[]) => Object.fromEntries(names.map((name, i) => [name, row[i]]));

test('training rows, sent to a real server in any order, get their offline scores to 1e-9', async () => {
  const { file, offline, ask } = await serveEngines();
  expect(file.predictor.sequential).toBe(true);
  // More rows than are scored at once: in parts, most would lack the rows before them.
  const order = shuffledIndices(rows.length, seededRandom(11));
  const { status, body } = await ask(Array.from(order, (row) => inputOf(rows[row])));
  expect(status).toBe(200);
  const answers = body.predictions;
  expect(answers).toHaveLength(rows.length);
  for (const [i, { prediction }] of answers.entries())
    expect(Math.abs(prediction - offline[order[i]])).toBeLessThanOrEqual(1e-9);
});

test('the rows before a row change its answer, and the rows after it do not', async () => {
  const { offline, ask } = await serveEngines();
  const predict = async (from: number, to: number) =>
    (await ask(rows.slice(from, to).map(inputOf))).body.predictions.map(({ prediction }) => prediction);
  const whole = await predict(0, 60);
  expect((await predict(0, 31))[30]).toBe(whole[30]);
  expect((await predict(4, 31))[26]).toBe(whole[30]);
  expect((await predict(30, 31))[0]).not.toBe(whole[30]);
  expect(Math.abs(whole[30] - offline[30])).toBeLessThanOrEqual(1e-9);
});

test('an engine with fewer rows than the model looks back on is told, once, on its newest row', async () => {
  const { ask } = await serveEngines();
  const { body: alone } = await ask(inputOf(rows[40]));
  const missing = { row: 0, feature: 'cycle', code: 'HISTORY_MISSING', rows_before: 0, looks_back: 19 };
  expect(alone).toMatchObject({ warnings: [missing], warning_count: 1 });
  const { body: few } = await ask([2, 0, 1].map((row) => inputOf(rows[row])));
  expect(few.warnings).toEqual([{ ...missing, rows_before: 2 }]);
  const { body: enough } = await ask(rows.slice(0, 20).map(inputOf));
  expect(enough.warnings).toBeUndefined();
});

test('a model whose answers build on each other cannot answer a stream', async () => {
  const { url } = await serveEngines();
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await fetch(`${url}/predict`, {
    method: 'POST',
    headers,
    body: JSON.stringify(inputOf(rows[0])),
  });
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({
    error: { code: 'VALIDATION_ERROR', message: expect.stringContaining('19 rows before it') },
  });
});

test('two rows of an engine with the same cycle are one clear error', async () => {
  const { ask } = await serveEngines();
  const { status, body } = await ask([inputOf(rows[0]), inputOf(rows[1]), inputOf(rows[1])]);
  expect(status).toBe(422);
  expect(body).toMatchObject({
    error: {
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^Two rows of one series have the same cycle: 2\./),
    },
  });
});

test('a replay says why it cannot be, and not that the answer is another', async () => {
  const { store, ask } = await serveEngines();
  const { body } = await ask(rows.slice(0, 9).map(inputOf));
  const { replay } = await tracePrediction(store, body.prediction_id, { root: '.', replay: true });
  expect(replay).toMatchObject({
    result: 'impossible',
    recomputed: null,
    why: expect.stringContaining('the rows before each row'),
  });
});
