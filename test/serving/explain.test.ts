import { expect, test } from 'vitest';
import { learnerFor } from '../../src/models/all.js';
import { encodeModelFile } from '../../src/models/model-file.js';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import type { PredictionAnswer } from '../../src/serving/predicted.js';
import { mixedTable, trainOn } from '../models/trained.js';
import { addVersion, fitModel, goodRow, openApp, openTestStore, promote, storeWithModel } from './support.js';

interface Reason {
  feature: string;
  value: unknown;
  contribution: number;
  direction: string;
}
interface Explained extends PredictionAnswer {
  explanation: {
    scale: string;
    base: number;
    margin: number;
    reasons: Reason[];
    other: number;
    class?: string;
  };
  interval: { level: number; lower: number; upper: number } | null;
  interval_warning?: string;
}
type Answer = Explained & {
  predictions: Explained[];
  error: { code: string; message: string; hint: string };
};

const post = async (
  app: Awaited<ReturnType<typeof openApp>>['app'],
  url: string,
  inputs: unknown = goodRow,
) => {
  const { statusCode, body } = await app.inject({ method: 'POST', url, payload: { inputs } });
  return { status: statusCode, body: JSON.parse(body) as Answer };
};

test('POST /explain and ?explain=true: an answer of /predict with its reasons, logged like any other', async () => {
  const store = await storeWithModel();
  const { app, context } = await openApp(store.places, { log: { mode: 'sync' } });
  const plain = await post(app, '/predict');
  expect(plain.body).not.toHaveProperty('explanation');
  for (const url of [
    '/explain',
    '/predict?explain=true',
    '/models/credit/explain',
    '/models/credit/predict?explain=1',
  ]) {
    const { status, body } = await post(app, url);
    expect([url, status]).toEqual([url, 200]);
    expect(body.prediction).toBe(plain.body.prediction);
    const { scale, base, margin, reasons, other } = body.explanation;
    expect([scale, reasons.length]).toEqual(['log-odds', 3]);
    const sum = reasons.reduce((total, { contribution }) => total + contribution, base + other);
    expect(Math.abs(sum - margin)).toBeLessThan(1e-9);
    expect(Math.abs(1 / (1 + Math.exp(-margin)) - Number(body.prediction))).toBeLessThan(1e-9);
    for (const { feature, value } of reasons) expect(value).toBe(goodRow[feature as keyof typeof goodRow]);
    expect(body.predictions[0].explanation).toEqual(body.explanation);
  }
  const { body } = await post(app, '/explain?top=99', [goodRow, { ...goodRow, income: null }]);
  const [, odd] = body.predictions;
  expect(odd.explanation.reasons.map(({ feature }) => feature).sort()).toEqual(Object.keys(goodRow).sort());
  expect(odd.explanation.other).toBe(0);
  expect(odd.explanation.reasons.find(({ feature }) => feature === 'income')?.value).toBeNull();
  const byPosition = await app.inject({
    method: 'POST',
    url: '/explain?top=99',
    payload: { features: Object.values(goodRow) },
  });
  const named = body.predictions[0].explanation;
  expect(JSON.parse(byPosition.body).explanation).toEqual(named);
  await context.log.flush(5_000);
  const [logged] = await readPredictions(store, { id: odd.prediction_id });
  expect(logged).toMatchObject({ inputs: { ...goodRow, income: null }, prediction: odd.prediction });
});

test('parameters that are odd are refused together, and so are more rows than an explanation takes', async () => {
  const store = await storeWithModel();
  const { app } = await openApp(store.places);
  const { status, body } = await post(app, '/explain?top=0&interval=1&explian=true');
  expect(status).toBe(422);
  expect(JSON.stringify(body.error)).toMatch(/top.*interval.*explian/);
  expect((await post(app, '/explain', new Array(100).fill(goodRow))).status).toBe(200);
  const many = await post(app, '/explain', new Array(101).fill(goodRow));
  expect([many.status, many.body.error.code]).toEqual([413, 'TOO_MANY_ROWS']);
  expect((await post(app, '/predict?interval=0.9')).body.error.message).toContain('probabilities');
});

test('many classes: of the predicted class', async () => {
  const store = await openTestStore();
  await addVersion(store, await fitModel(3, 'multiclass'));
  await promote(store, 1);
  const { app } = await openApp(store.places);
  const { body } = await post(app, '/explain');
  expect(body.explanation).toMatchObject({ class: body.prediction, scale: 'log-score' });
});

test('a learner that cannot say is a 422 that names those that can, and nothing is logged', async () => {
  const store = await openTestStore();
  const table = mixedTable();
  const { parts } = await trainOn(table, learnerFor('dummy'), 'binary');
  await addVersion(store, await encodeModelFile(parts));
  await promote(store, 1);
  const { app, context } = await openApp(store.places, { log: { mode: 'sync' } });
  const row = { 소득: 1, late: 1, region: '서울', owner: true, since: '2011-02-03' };
  expect((await post(app, '/predict', row)).status).toBe(200);
  const before = context.log.state();
  const { status, body } = await post(app, '/explain', row);
  expect([status, body.error.code]).toEqual([422, 'EXPLANATION_UNAVAILABLE']);
  expect(body.error.hint).toContain('random-forest');
  expect(context.log.state()).toEqual(before);
});

test('a regression says the interval that its held-out rows promise, or why it has none', async () => {
  const store = await openTestStore();
  const table = mixedTable();
  const { parts } = await trainOn(table, learnerFor('ridge'), 'regression');
  const absolute = Array.from({ length: 101 }, (_, i) => i / 10);
  await addVersion(store, await encodeModelFile({ ...parts, residuals: { count: 101, absolute } }));
  await promote(store, 1);
  const { app } = await openApp(store.places);
  const row = { 소득: 2000, late: 1, region: '서울', owner: true, since: '2011-02-03' };
  const { body } = await post(app, '/predict?interval=0.9', row);
  // ceil(102 x 0.9) = 92: the 92nd of 101 residuals.
  const prediction = Number(body.prediction);
  expect(body.interval).toEqual({ level: 0.9, lower: prediction - 9.1, upper: prediction + 9.1 });
  const both = await post(app, '/explain?interval=.995', [row, row]);
  expect(both.body.predictions[1]).toMatchObject({ interval: null, explanation: { scale: 'value' } });
  expect(both.body.predictions[1].interval_warning).toContain(
    'needs 199 held-out rows, and the model has 101',
  );

  await addVersion(store, await encodeModelFile(parts));
  await promote(store, 2);
  const older = await post(app, '/predict?interval=0.9', row);
  expect(older.body).toMatchObject({
    interval: null,
    interval_warning: expect.stringContaining('train it again'),
  });
});

test('a long explanation leaves /health its turn', async () => {
  const store = await openTestStore();
  const table = mixedTable();
  const { parts } = await trainOn(table, learnerFor('random-forest'), 'binary');
  await addVersion(store, await encodeModelFile(parts));
  await promote(store, 1);
  const { app } = await openApp(store.places);
  const row = { 소득: 1, late: 1, region: '서울', owner: true, since: '2011-02-03' };
  const rows = Array.from({ length: 100 }, (_, i) => ({ ...row, late: i % 5 }));
  const alone = await Promise.all(rows.slice(0, 5).map((one) => post(app, '/explain', one)));
  let done = false;
  const long = Promise.all(Array.from({ length: 10 }, () => post(app, '/explain', rows))).then((answers) => {
    done = true;
    return answers;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect((await app.inject('/health')).statusCode).toBe(200);
  expect(done).toBe(false);
  const answers = await long;
  expect(answers.map(({ status }) => status)).toEqual(new Array(10).fill(200));
  for (const { body } of answers)
    for (const [i, one] of body.predictions.entries())
      expect(one.explanation.margin).toBe(alone[i % 5].body.explanation.margin);
});
