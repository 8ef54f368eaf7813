import { expect, test } from 'vitest';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { tracePrediction } from '../../src/monitoring/trace.js';
import { toJson } from '../../src/util/json.js';
import { addVersion, fitModel, goodRow, openApp, openTestStore, promote } from './support.js';

const rows = [goodRow, { ...goodRow, age: 79 }, { ...goodRow, age: 20, income: null }];

async function serveThree() {
  const store = await openTestStore();
  const file = await fitModel(3, 'multiclass');
  await addVersion(store, file);
  await promote(store, 1);
  const { app } = await openApp(store.places, { log: { mode: 'sync' } });
  const ask = async (payload: object) => {
    const answer = await app.inject({ method: 'POST', url: '/predict', payload });
    return { status: answer.statusCode, body: answer.json() };
  };
  return { store, file, app, ask };
}

test('an answer is the likeliest class with the probability of each, equal to the model file bit for bit', async () => {
  const { file, ask } = await serveThree();
  const { status, body } = await ask({ inputs: rows });
  expect(status).toBe(200);
  const { predictor } = file;
  const cells = Float64Array.of(0.5, 40, 1, 1, 0.5, 79, 1, 1, Number.NaN, 20, 1, 1);
  const expected = predictor.predictCells(cells, 3);
  for (const [row, answer] of body.predictions.entries()) {
    const [a, b, c] = expected.subarray(3 * row, 3 * row + 3);
    const likeliest = ['A', 'B', '다'][[a, b, c].indexOf(Math.max(a, b, c))];
    expect(answer).toEqual({
      prediction_id: expect.any(String),
      prediction: likeliest,
      class: likeliest,
      probabilities: { A: a, B: b, 다: c },
    });
    expect(a + b + c).toBeCloseTo(1, 12);
  }
  expect(body.predictions.map(({ prediction }: { prediction: string }) => prediction)).toEqual([
    'B',
    '다',
    'A',
  ]);
  expect(Object.keys(body)).not.toContain('threshold');
  const { body: one } = await ask({ inputs: rows[1] });
  const { prediction_id: _, ...second } = body.predictions[1];
  expect(one).toMatchObject(second);
});

test('many rows, some of them odd, are answered in their order', async () => {
  const { ask } = await serveThree();
  const inputs = Array.from({ length: 700 }, (_, i) => ({ ...goodRow, age: 20 + (i % 60) }));
  const { body } = await ask({ inputs });
  const alone = await ask({ inputs: [inputs[0], inputs[659]] });
  expect(body.predictions).toHaveLength(700);
  expect(body.predictions[600].probabilities).toEqual(alone.body.predictions[0].probabilities);
  expect(body.predictions[659].probabilities).toEqual(alone.body.predictions[1].probabilities);
});

test('what it takes and answers is described, and what a model is says its classes', async () => {
  const { app } = await serveThree();
  const model = await app.inject({ method: 'GET', url: '/model' });
  expect(model.json()).toMatchObject({ task: 'multiclass', classes: ['A', 'B', '다'], threshold: null });
  const openapi = (await app.inject({ method: 'GET', url: '/openapi.json' })).json();
  const { properties } = openapi.paths['/predict'].post.responses['200'].content['application/json'].schema;
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(['prediction', 'class', 'probabilities']));
});

test('the log keeps every probability, and a replay compares each to the last bit', async () => {
  const { store, ask } = await serveThree();
  const { body } = await ask({ inputs: rows[0] });
  const [entry] = await readPredictions(store, { id: body.prediction_id });
  expect(entry).toMatchObject({
    prediction: 'B',
    class: 'B',
    probabilities: body.probabilities,
    inputs: rows[0],
  });
  const replay = async (id: string) => (await tracePrediction(store, id, { root: '.', replay: true })).replay;
  expect(await replay(entry.id)).toEqual({
    result: 'identical',
    logged: 'B',
    recomputed: 'B',
    probabilities: body.probabilities,
    why: null,
  });
  /** The same entry under another id, with something changed after it was written. */
  const logAnother = async (place: number, change: object) => {
    const id = `${entry.id.slice(0, -1)}${(Number.parseInt(entry.id.at(-1)!, 16) ^ place).toString(16)}`;
    const content = Buffer.from(`${toJson({ ...entry, ...change, id })}\n`);
    const row = { first_id: id, last_id: id, rows: 1, written_at: entry.at, content };
    await store.write((transaction) => transaction.insertInto('prediction_segments').values(row).execute());
    return replay(id);
  };
  const bits = new Float64Array([body.probabilities.A]);
  new BigInt64Array(bits.buffer)[0] += 1n;
  const nudged = await logAnother(1, { probabilities: { ...body.probabilities, A: bits[0] } });
  expect(nudged).toMatchObject({
    result: 'differs',
    why: `the probability of "A" was logged as ${bits[0]}, and is ${body.probabilities.A}`,
  });
  const { A: _, ...fewer } = body.probabilities;
  expect(await logAnother(2, { probabilities: fewer })).toMatchObject({
    result: 'differs',
    why: expect.stringContaining('"A" was logged as not logged'),
  });
  expect(await logAnother(3, { class: 'A' })).toMatchObject({
    result: 'differs',
    why: 'the class was logged as "A", and is "B"',
  });
  expect(await logAnother(4, { inputs: { ...goodRow, age: 'old' } })).toMatchObject({
    result: 'impossible',
    logged: 'B',
    recomputed: null,
  });
});
