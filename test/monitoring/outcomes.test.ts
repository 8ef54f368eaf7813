import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import type { RiskopsError } from '../../src/errors.js';
import { joinOutcomes } from '../../src/monitoring/join-outcomes.js';
import { listOutcomes } from '../../src/monitoring/list-outcomes.js';
import { addOutcomes } from '../../src/monitoring/outcomes.js';
import { addOutcomesOfFile } from '../../src/monitoring/outcomes-file.js';
import type { Store } from '../../src/storage/store.js';
import { addVersion, fitModel, openTestStore, storeWithModel } from '../serving/support.js';
import { temporaryFolder } from '../support/temporary.js';
import { predictionAt, writeLog } from './log-support.js';

const NOW = Date.parse('2026-03-10T00:00:00.000Z');
const BY = { actor: 'kim', now: NOW };
const join2 = { entity: ['customer'], featuresOf: async () => null };

const values = async (store: Store, filter = {}) =>
  (await listOutcomes(store, filter)).map(({ value, counts }) => [value, counts]);

test('an outcome is kept once, corrected by another value, and counted truly', async () => {
  const store = await storeWithModel();
  const [first, second] = [
    predictionAt('2026-03-01T00:00:00.000Z'),
    predictionAt('2026-03-02T00:00:00.000Z'),
  ];
  await writeLog(store, [first, second]);
  const tell = (given: unknown[]) => addOutcomes(store, given, BY);
  expect(
    await tell([
      { prediction_id: first.id.toUpperCase(), value: 'bad', observed_at: '2026-03-05' },
      { prediction_id: second.id, value: 'good' },
      { prediction_id: second.id, value: 'good' },
      { prediction_id: v7(), value: 'nobody checks this' },
    ]),
  ).toEqual({ received: 4, added: 3, unchanged: 1, corrected: 0, unmatched: 1, early: 0, notes: [] });
  expect(await tell([{ prediction_id: first.id, value: 'good' }])).toMatchObject({
    corrected: 1,
    unmatched: 0,
  });
  expect(await tell([{ prediction_id: first.id, value: 'good' }])).toMatchObject({
    unchanged: 1,
    corrected: 0,
  });
  expect(await values(store, { prediction: first.id })).toEqual([
    ['good', true],
    ['bad', false],
  ]);
  const [joined] = await joinOutcomes(store, [first], join2);
  // A correction without a time is of what was seen then.
  expect(joined).toEqual({ value: 'good', observed_at: '2026-03-05T00:00:00.000Z', by: 'prediction' });
});

test('an outcome long before its prediction is kept, counted and told; another time is a correction', async () => {
  const store = await storeWithModel();
  const made = predictionAt('2026-03-05T12:00:00.000Z');
  await writeLog(store, [made]);
  const tell = (observed_at: string) =>
    addOutcomes(store, [{ prediction_id: made.id, value: 'bad', observed_at }], BY);
  // The day of the prediction, and clocks that differ by less than a day, are in order.
  expect(await tell('2026-03-05')).toMatchObject({ added: 1, early: 0, notes: [] });
  expect(await tell('2026-03-04T12:00Z')).toMatchObject({ corrected: 1, early: 0 });
  expect(await tell('2026-03-04T11:59Z')).toMatchObject({
    ...{ corrected: 1, unchanged: 0, early: 1 },
    notes: [expect.stringMatching(/^1 outcome was observed more than a day before the prediction/)],
  });
  expect(await tell('2026-03-04T11:59Z')).toMatchObject({ unchanged: 1, early: 1 });
  const path = join(temporaryFolder(), 'early.csv');
  writeFileSync(path, `prediction_id,value,observed_at\n${made.id},bad,2025-01-01\n`);
  expect(await addOutcomesOfFile(store, { path }, BY)).toMatchObject({
    ...{ corrected: 1, early: 1, notes: [expect.stringContaining('look at observed_at')] },
  });
  const things = [{ model: 'credit', entity: 'c1', value: 'bad', observed_at: '2025-01-01' }];
  expect(await addOutcomes(store, things, { ...BY, entities: { credit: ['customer'] } })).toMatchObject({
    ...{ added: 1, early: 0, notes: [] },
  });
  expect(await addOutcomes(store, things, { ...BY, entities: { credit: [] } })).toMatchObject({
    notes: [expect.stringContaining('set "entity" of models.credit in the config')],
  });
});

test('a bad row names itself, and nothing of the others is written', async () => {
  const store = await storeWithModel();
  await addVersion(store, await fitModel(2, 'regression'), 'price');
  const one = predictionAt('2026-03-01T00:00:00.000Z');
  await writeLog(store, [one]);
  const refuse = async (...bad: unknown[]) => {
    const given = [{ prediction_id: one.id, value: 'bad' }, ...bad];
    const error = await addOutcomes(store, given, BY).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR' });
    return error.details.problems.map(
      ({ row, field, problem }: Record<string, unknown>) => `${row} ${field} ${problem}`,
    );
  };
  expect(await refuse({ prediction_id: one.id, value: 'ugly' })).toEqual([
    '1 value is text "ugly"; the classes are "good", "bad"',
  ]);
  const price = { model: 'price', entity: 'a' };
  expect(
    await refuse({ ...price, value: '12' }, { ...price, value: Number.NaN }, { ...price, value: Infinity }),
  ).toEqual([
    '1 value is text "12"; "default" is a finite number',
    '2 value is NaN; "default" is a finite number',
    '3 value is Infinity; "default" is a finite number',
  ]);
  const odd = [
    { model: 'none', entity: 'a', value: 1 },
    { prediction_id: one.id, model: 'price', value: 1 },
    { ...price, entity: null, value: 1 },
  ];
  expect((await refuse(...odd)).map((text: string) => text.slice(0, 8))).toEqual([
    '1 model ',
    '2 model ',
    '3 entity',
  ]);
  const malformed = [
    ...[null, {}, { prediction_id: 'x', value: 1 }, { prediction_id: one.id }, { entity: 'a', value: 1 }],
    { ...price, value: 1, observed_at: '2026-03-12T00:00:01Z' },
    { ...price, value: 1, observed_at: '2026-02-30' },
    { ...price, value: 1, 'obs\u001b': 1 },
  ];
  expect((await refuse(...malformed)).map((text: string) => text.split(' ', 2).join(' '))).toEqual([
    ...['1 outcome', '2 prediction_id', '2 value', '3 prediction_id', '4 value', '5 model'],
    ...['6 observed_at', '7 observed_at', '8 obs\\x1b'],
  ]);
  expect(await values(store)).toEqual([]);
});

test('a thing has an outcome for what was predicted before it was seen, and a new one each time it is seen', async () => {
  const store = await storeWithModel();
  const about = (at: string, customer: unknown) =>
    predictionAt(at, { inputs: { customer, income: 0.5, age: 40, region: null, owner: true } });
  const predictions = [
    about('2026-03-01T00:00:00.000Z', 7),
    about('2026-03-03T00:00:00.000Z', '7'),
    about('2026-03-06T00:00:00.000Z', 7),
    about('2026-03-01T00:00:00.000Z', 8),
    about('2026-03-01T00:00:00.000Z', null),
  ];
  const thing = { model: 'credit', entity: 7 };
  const told = [
    { ...thing, value: 'bad', observed_at: '2026-03-05' },
    { ...thing, value: 'good', observed_at: '2026-03-07' },
    { ...thing, entity: ' 7 ', value: 'good', observed_at: '2026-03-05' },
  ];
  expect(await addOutcomes(store, told, BY)).toMatchObject({ added: 2, corrected: 1, unmatched: 0 });
  // Without a time it speaks of the newest.
  expect(await addOutcomes(store, [{ ...thing, value: 'bad' }], BY)).toMatchObject({ corrected: 1 });
  const joined = await joinOutcomes(store, predictions, join2);
  expect(joined.map((one) => one && [one.value, one.observed_at.slice(0, 10)])).toEqual([
    ['good', '2026-03-05'],
    ['good', '2026-03-05'],
    ['bad', '2026-03-07'],
    undefined,
    undefined,
  ]);
  // What is told of the prediction itself goes first, also for the answer of a shadow.
  const [real] = predictions;
  await writeLog(store, [real]);
  await addOutcomes(store, [{ prediction_id: real.id, value: 'bad' }], BY);
  const shadow = { ...real, id: v7(), shadow_of: real.id };
  expect((await joinOutcomes(store, [real, shadow], join2)).map((one) => one?.by)).toEqual([
    ...['prediction', 'prediction'],
  ]);
});

test('a thing of two fields is told by a list or by an object, and found in rows that are arrays', async () => {
  const store = await storeWithModel();
  const entities = { credit: ['region', 'age'] };
  const tell = (entity: unknown) =>
    addOutcomes(store, [{ model: 'credit', entity, value: 'bad' }], { ...BY, entities });
  expect(await tell(['서울', 40])).toMatchObject({ added: 1 });
  expect(await tell({ age: 40, region: '서울' })).toMatchObject({ unchanged: 1 });
  await expect(tell({ age: 40, city: '서울' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  await expect(tell([])).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  const row = predictionAt('2026-03-01T00:00:00.000Z', { inputs: [0.5, 40, '서울', true] });
  const featuresOf = async () => ['income', 'age', 'region', 'owner'];
  const [joined] = await joinOutcomes(store, [row], { entity: entities.credit, featuresOf });
  expect(joined?.value).toBe('bad');
});

test('a file is read as text: ids keep their zeros, empty values are passed over, all rows or none', async () => {
  const store = await openTestStore();
  const model = await fitModel(3, 'regression');
  await addVersion(store, model, 'price');
  const folder = temporaryFolder();
  const path = join(folder, 'sold.csv');
  writeFileSync(path, 'sku,sold,day\n007,12.5,2026-03-01\n7,,2026-03-01\n008,1e3,2026-03-02\n');
  const file = { path, model: 'price', entityColumns: ['sku'], valueColumn: 'sold', timeColumn: 'day' };
  expect(await addOutcomesOfFile(store, file, { actor: 'kim' })).toEqual({
    ...{ received: 2, added: 2, unchanged: 0, corrected: 0, unmatched: 0, early: 0, blank: 1, notes: [] },
  });
  expect((await listOutcomes(store)).map((one) => [one.entity, one.value, one.observed_at])).toEqual([
    ['008', 1000, '2026-03-02T00:00:00.000Z'],
    ['007', 12.5, '2026-03-01T00:00:00.000Z'],
  ]);
  writeFileSync(path, 'sku,sold,day\n009,1,2026-03-01\n010,,\n011,many,2026-03-01\n');
  await expect(addOutcomesOfFile(store, file, { actor: 'kim' })).rejects.toMatchObject({
    code: 'VALIDATION_ERROR',
    why: expect.stringContaining('row 3, value'),
  });
  await expect(
    addOutcomesOfFile(store, { ...file, valueColumn: 'sald' }, { actor: 'kim' }),
  ).rejects.toMatchObject({
    code: 'COLUMN_NOT_FOUND',
    fix: 'riskops outcomes add --file FILE --value-column NAME',
  });
  const hint = (change: object) =>
    addOutcomesOfFile(store, { ...file, ...change }, BY).catch((error: RiskopsError) => error.fix);
  expect(await hint({ entityColumns: ['sky'] })).toContain('outcomes add --file FILE --entity-column');
  expect(await hint({ timeColumn: 'when' })).toContain('outcomes add --file FILE --time-column');
  expect(await hint({ entityColumns: [] })).toContain('outcomes add --file FILE --id-column');
  expect(await hint({ path: join(folder, 'nosuch.csv') })).toContain('outcomes add --file FILE');
  writeFileSync(join(folder, 'empty.csv'), '');
  expect(await hint({ path: join(folder, 'empty.csv') })).toContain('outcomes add --file FILE');
  expect((await listOutcomes(store)).length).toBe(2);
  const ndjson = join(folder, 'outcomes.ndjson');
  writeFileSync(ndjson, `{"prediction_id":"${v7()}","value":-0.5}\n`);
  expect(await addOutcomesOfFile(store, { path: ndjson }, { actor: 'kim' })).toMatchObject({
    added: 1,
    unmatched: 1,
  });
});
