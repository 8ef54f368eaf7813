import { expect, test } from 'vitest';
import { type Accuracy, measureAccuracy } from '../../src/monitoring/accuracy.js';
import { addOutcomes } from '../../src/monitoring/outcomes.js';
import type { LoggedPrediction } from '../../src/monitoring/prediction-log.js';
import type { Store } from '../../src/storage/store.js';
import { seededRandom } from '../../src/util/random.js';
import { addVersion, fitModel, openTestStore, storeWithModel } from '../serving/support.js';
import { predictionAt, writeLog } from './log-support.js';

const NOW = Date.parse('2026-03-20T00:00:00.000Z');
const DAY = 86_400_000;

const metric = ({ overall }: Accuracy, name: string) => overall.metrics.find((one) => one.name === name);

/** Predictions from 1 March on, some an hour, with the outcome two days later for the first `told` of them. */
async function seeded(store: Store, count: number, told: number) {
  const random = seededRandom(11);
  const predictions: LoggedPrediction[] = [];
  const outcomes: unknown[] = [];
  for (let i = 0; i < count; i++) {
    const made = Date.parse('2026-03-01T00:00:00.000Z') + (i * 10 * DAY) / count;
    const p = random();
    const region = i % 3 === 0 ? '부산' : '서울';
    const one = predictionAt(new Date(made).toISOString(), {
      inputs: { income: i / count, age: 40, region, owner: true },
      prediction: p,
      class: p >= 0.4 ? 'bad' : 'good',
    });
    predictions.push(one);
    const value = random() < p ? 'bad' : 'good';
    if (i < told)
      outcomes.push({
        ...{ prediction_id: one.id, value },
        observed_at: new Date(made + 2 * DAY).toISOString(),
      });
  }
  await writeLog(store, predictions);
  await addOutcomes(store, outcomes, { actor: 'kim', now: NOW });
  return predictions;
}

test('overall, by category, by quarters of a number, and over time', async () => {
  const store = await storeWithModel();
  await seeded(store, 600, 400);
  const found = await measureAccuracy(store, {
    ...{ model: 'credit', by: ['region'], windowMs: 2 * DAY },
    ...{ from: '2026-03-01T00:00:00.000Z', to: '2026-03-11T00:00:00.000Z' },
  });
  expect(found.overall).toMatchObject({
    ...{ predictions: 600, with_outcome: 400, too_few: null, median_delay_ms: 2 * DAY },
    coverage: 2 / 3,
  });
  // Outcomes are drawn with the predicted probability: the Brier score of that is 1/6, the AUC 5/6.
  for (const [name, truth] of [
    ['brier', 1 / 6],
    ['auc', 5 / 6],
  ] as const) {
    const one = metric(found, name);
    expect(one?.lower).toBeLessThan(truth);
    expect(one?.upper).toBeGreaterThan(truth);
  }
  expect(found.segments.map(({ segment, predictions }) => [segment['region'], predictions])).toEqual([
    ...[
      ['서울', 400],
      ['부산', 200],
    ],
  ]);
  expect(found.windows.map(({ predictions, with_outcome }) => [predictions, with_outcome])).toEqual([
    ...[
      [120, 120],
      [120, 120],
      [120, 120],
      [120, 40],
      [120, 0],
    ],
  ]);
  expect(found.holdout).toEqual({ version: 1, metrics: expect.objectContaining({ auc: 0.75 }) });
  const quarters = await measureAccuracy(store, { model: 'credit', by: ['income', 'region'] });
  expect(quarters.segments.length).toBe(8);
  expect(quarters.segments.reduce((sum, { predictions }) => sum + predictions, 0)).toBe(600);
  expect(quarters.segments[0].segment['income']).toMatch(/^[\d.]+ to <?[\d.]+$/);
  const ages = await measureAccuracy(store, { model: 'credit', by: ['income'] });
  const bands = ages.segments.map(({ segment }) => segment['income']).sort();
  // A band ends before its edge, which is the first of the next; the last one has its own.
  expect(bands.map((band) => band.includes('<'))).toEqual([true, true, true, false]);
  for (const [i, band] of bands.slice(1).entries())
    expect(bands[i].endsWith(` to <${band.split(' ')[0]}`)).toBe(true);
  await expect(measureAccuracy(store, { model: 'credit', version: 9 })).rejects.toMatchObject({
    code: 'VERSION_NOT_FOUND',
  });
  const one = await measureAccuracy(store, { model: 'credit', metrics: ['recall'] });
  expect(one.overall.metrics.map(({ name }) => name)).toEqual(['recall']);
});

test('too few outcomes, or too few of a class, give words and no number', async () => {
  const store = await storeWithModel();
  const predictions = await seeded(store, 60, 12);
  const few = await measureAccuracy(store, { model: 'credit' });
  expect(few.overall).toMatchObject({ too_few: '12 outcomes: too few, 30 are needed', metrics: [] });
  const all = predictions.map(({ id }, i) => ({ prediction_id: id, value: i < 3 ? 'bad' : 'good' }));
  await addOutcomes(store, all, { actor: 'kim', now: NOW });
  const oneSided = await measureAccuracy(store, { model: 'credit' });
  expect(metric(oneSided, 'auc')).toEqual({
    ...{ name: 'auc', value: null, lower: null, upper: null },
    why: '3 positive outcomes: too few, 5 are needed',
  });
  expect(metric(oneSided, 'brier')?.why).toBeNull();
  expect((await measureAccuracy(store, { model: 'credit', from: '2027-01-01' })).overall).toMatchObject({
    ...{ predictions: 0, coverage: null, too_few: '0 outcomes: too few, 30 are needed' },
  });
});

test('a regression and many classes are measured by their own metrics', async () => {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1, 'regression'), 'price');
  await addVersion(store, await fitModel(1, 'multiclass'), 'grade');
  const at = (i: number) => new Date(Date.parse('2026-03-01T00:00:00.000Z') + i * 1000).toISOString();
  const prices = Array.from({ length: 40 }, (_, i) =>
    predictionAt(at(i), { model: 'price', prediction: i + 1, class: null }),
  );
  const classes = ['A', 'B', '다'];
  const grades = Array.from({ length: 60 }, (_, i) => {
    const called = classes[i % 3];
    const probabilities = Object.fromEntries(classes.map((name) => [name, name === called ? 0.8 : 0.1]));
    return predictionAt(at(i), { model: 'grade', prediction: called, class: called, probabilities });
  });
  await writeLog(store, [...prices, ...grades]);
  await addOutcomes(
    store,
    [
      ...prices.map(({ id }, i) => ({ prediction_id: id, value: i + (i % 2 === 0 ? 0 : 4) })),
      ...grades.map(({ id }, i) => ({ prediction_id: id, value: classes[i < 45 ? i % 3 : (i + 1) % 3] })),
    ],
    { actor: 'kim', now: NOW },
  );
  const price = await measureAccuracy(store, { model: 'price' });
  expect(price.overall.positives).toBeNull();
  const named = ({ overall }: Accuracy) =>
    Object.fromEntries(overall.metrics.map((one) => [one.name, one.value]));
  expect(named(price)).toMatchObject({ mae: 2, bias: -1 });
  expect(named(price)['rmse']).toBeCloseTo(Math.sqrt(5), 12);
  const grade = await measureAccuracy(store, { model: 'grade' });
  expect(named(grade)['accuracy']).toBe(0.75);
  expect(named(grade)['log_loss']).toBeCloseTo(-0.75 * Math.log(0.8) - 0.25 * Math.log(0.1), 12);
  expect(named(grade)['macro_f1']).toBeCloseTo(0.75, 12);
  await expect(measureAccuracy(store, { model: 'price', metrics: ['auc'] })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('shadow answers are measured only when they are asked for, and odd outcomes are named', async () => {
  const store = await storeWithModel();
  const real = await seeded(store, 40, 40);
  await addVersion(store, await fitModel(2));
  const shadows = real.map((one) =>
    predictionAt(one.at, { version: 2, prediction: 1 - Number(one.prediction), shadow_of: one.id }),
  );
  await writeLog(store, shadows);
  const [promoted, shadow] = [
    await measureAccuracy(store, { model: 'credit' }),
    await measureAccuracy(store, { model: 'credit', shadow: true }),
  ];
  expect([promoted.versions, shadow.versions]).toMatchObject([
    [{ version: 1, predictions: 40 }],
    [{ version: 2, predictions: 40 }],
  ]);
  expect(metric(shadow, 'auc')?.value).toBeCloseTo(1 - (metric(promoted, 'auc')?.value ?? 0), 12);
  await expect(measureAccuracy(store, { model: 'credit', by: ['Region'] })).rejects.toMatchObject({
    ...{ code: 'OPTION_INVALID', why: 'did you mean "region"?' },
  });
  // An outcome that came before its prediction was known is kept as it was told.
  const late = predictionAt('2026-03-12T00:00:00.000Z');
  await addOutcomes(store, [{ prediction_id: late.id, value: 'purple' }], { actor: 'kim', now: NOW });
  await writeLog(store, [late]);
  const odd = await measureAccuracy(store, { model: 'credit' });
  expect(odd.overall).toMatchObject({ predictions: 41, with_outcome: 40 });
  expect(odd.notes).toEqual(['1 outcomes do not fit the version that predicted: they are not counted.']);
});

test('each version is measured by itself, beside what it had on its own held-out rows', async () => {
  const store = await storeWithModel();
  await seeded(store, 300, 300);
  await addVersion(store, await fitModel(2, 'binary', undefined, { metrics: { auc: 0.6 } }));
  await addVersion(store, await fitModel(3));
  const at = (i: number) => new Date(Date.parse('2026-03-14T00:00:00.000Z') + i * 1000).toISOString();
  // The second version is always wrong.
  const wrong = Array.from({ length: 40 }, (_, i) =>
    predictionAt(at(i), {
      version: 2,
      prediction: i % 2 === 0 ? 0.1 : 0.9,
      class: i % 2 === 0 ? 'good' : 'bad',
    }),
  );
  const late = predictionAt(at(100), { version: 3 });
  await writeLog(store, [...wrong, late]);
  const told = wrong.map(({ id }, i) => ({ prediction_id: id, value: i % 2 === 0 ? 'bad' : 'good' }));
  await addOutcomes(store, told, { actor: 'kim', now: NOW });
  const { versions, overall, holdout } = await measureAccuracy(store, { model: 'credit' });
  expect(
    versions.map((one) => [one.version, one.predictions, one.with_outcome, one.holdout?.['auc']]),
  ).toEqual([
    [1, 300, 300, 0.75],
    [2, 40, 40, 0.6],
    [3, 1, 0, 0.75],
  ]);
  const of = (measured: Accuracy['overall'], name: string) =>
    measured.metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  expect([of(versions[1], 'auc'), of(versions[1], 'accuracy')]).toEqual([0, 0]);
  expect(of(overall, 'accuracy')).toBeCloseTo((of(versions[0], 'accuracy') * 300) / 340, 12);
  expect(versions[2]).toMatchObject({ metrics: [], too_few: '0 outcomes: too few, 30 are needed' });
  expect(holdout?.version).toBe(1);
});

test('windows begin with the first prediction and end with the last, and stay equally far apart', async () => {
  const store = await storeWithModel();
  const days = [4, 5, 9].map((day) => predictionAt(`2026-03-0${day}T12:00:00.000Z`));
  await writeLog(store, days);
  const found = await measureAccuracy(store, {
    ...{ model: 'credit', windowMs: DAY, from: '2026-03-01T00:00:00.000Z', to: '2026-03-20T00:00:00.000Z' },
  });
  expect(found.windows.map(({ from, predictions }) => [from.slice(8, 10), predictions])).toEqual([
    ...[
      ['04', 1],
      ['05', 1],
      ['06', 0],
      ['07', 0],
      ['08', 0],
      ['09', 1],
    ],
  ]);
});

test('an entity that the last predictions do not carry is told, and one that they carry is not', async () => {
  const store = await storeWithModel();
  const at = (i: number) => new Date(Date.parse('2026-03-01T00:00:00.000Z') + i * 1000).toISOString();
  const row = { income: 0.5, age: 40, region: '서울', owner: true };
  const make = (count: number, from: number, inputs: object) =>
    Array.from({ length: count }, (_, i) => predictionAt(at(from + i), { inputs }));
  const notes = async () => (await measureAccuracy(store, { model: 'credit', entity: ['customer'] })).notes;
  await writeLog(store, make(99, 0, row));
  expect(await notes()).toEqual([expect.stringMatching(/^The last 99 predictions carry no "customer"/)]);
  await writeLog(store, make(1, 200, { ...row, customer: 'c1' }));
  expect(await notes()).toEqual([]);
  await writeLog(store, make(99, 300, row));
  expect(await notes()).toEqual([]);
  await writeLog(store, make(1, 400, row));
  expect(await notes()).toEqual([expect.stringMatching(/^The last 100 predictions carry no "customer"/)]);
});
