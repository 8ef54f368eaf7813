import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { listOutcomes } from '../../src/monitoring/list-outcomes.js';
import { addOutcomesOfFile } from '../../src/monitoring/outcomes-file.js';
import { openStore } from '../../src/storage/open-store.js';
import type { Store } from '../../src/storage/store.js';
import { addVersion, fitModel, openTestStore, storeWithModel } from '../serving/support.js';
import { temporaryFolder } from '../support/temporary.js';
import { predictionAt, writeLog } from './log-support.js';

const BY = { actor: 'kim' };

/** A store with a model of prices, and a file with this many of them. */
async function prices(count: number, change: (line: string, i: number) => string = (line) => line) {
  const store = await openTestStore();
  await addVersion(store, await fitModel(3, 'regression'), 'price');
  const path = join(temporaryFolder(), 'sold.csv');
  const lines = Array.from({ length: count }, (_, i) => change(`s${i},${i / 4},2026-03-01`, i));
  writeFileSync(path, `entity,value,observed_at\n${lines.join('\n')}\n`);
  return { store, file: { path, model: 'price' } };
}

async function countOf(store: Store): Promise<number> {
  const { count } = await store.db
    .selectFrom('outcomes')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

test('what ends between two pieces leaves a first part on record, and the same file again adds the others', async () => {
  const { store, file } = await prices(12_000);
  const stop = new AbortController();
  const onProgress = ({ written }: { written: number }) => {
    if (written > 0) stop.abort(new Error('stopped'));
  };
  const options = { ...BY, signal: stop.signal, onProgress };
  await expect(addOutcomesOfFile(store, file, options)).rejects.toThrow('stopped');
  expect(await countOf(store)).toBe(5_000);
  expect(await addOutcomesOfFile(store, file, BY)).toMatchObject({
    ...{ received: 12_000, added: 7_000, unchanged: 5_000, corrected: 0, blank: 0 },
  });
  expect(await countOf(store)).toBe(12_000);
  expect(readdirSync(dirname(store.places.database)).filter((name) => name.startsWith('outcomes-'))).toEqual(
    [],
  );
});

test('others write between two pieces', async () => {
  const { store, file } = await prices(15_000);
  const other = await openStore(store.places, { mode: 'write' });
  const seen: number[] = [];
  const told: Promise<void>[] = [];
  const onProgress = ({ written }: { written: number }) => {
    if (written !== 5_000) return;
    const model = { name: 'other', created_at: '2026-03-01T00:00:00.000Z' };
    const write = other.write((tables) => tables.insertInto('models').values(model).execute());
    told.push(write.then(async () => void seen.push(await countOf(store))));
  };
  await addOutcomesOfFile(store, file, { ...BY, onProgress });
  await Promise.all(told);
  await other.close();
  expect(seen[0]).toBeLessThan(15_000);
});

test('a row behind 50,000 good ones that does not fit is named, and nothing is written', async () => {
  const { store, file } = await prices(50_400, (line, i) =>
    i > 50_100 ? line.replace(/,[\d.]+,/, ',many,') : line,
  );
  const error = await addOutcomesOfFile(store, file, BY).catch((thrown) => thrown);
  expect(error).toMatchObject({
    code: 'VALIDATION_ERROR',
    message: '299 values of outcomes do not fit, and none was kept.',
    why: 'row 50102, value: is text "many"; "default" is a finite number.',
  });
  expect([error.details.problems.length, error.details.problem_count]).toEqual([100, 299]);
  expect(await listOutcomes(store)).toEqual([]);
});

test('outcomes of predictions are found in the log in whatever order the file has them', async () => {
  const store = await storeWithModel();
  await addVersion(store, await fitModel(4, 'regression'), 'price');
  const at = (i: number) => new Date(Date.parse('2026-03-01T00:00:00.000Z') + i * 7_000).toISOString();
  const predictions = Array.from({ length: 900 }, (_, i) =>
    i % 3 === 0 ? predictionAt(at(i), { model: 'price', prediction: 1, class: null }) : predictionAt(at(i)),
  );
  await writeLog(store, predictions, 50);
  const path = join(temporaryFolder(), 'outcomes.csv');
  const lines = predictions.map(({ id }, i) => `${id},${i % 3 === 0 ? i / 2 : 'bad'}`);
  const mixed = lines.map((_, i) => lines[(i * 7) % lines.length]);
  writeFileSync(path, `prediction_id,value\n${mixed.join('\n')}\n`);
  expect(await addOutcomesOfFile(store, { path }, BY)).toMatchObject({ added: 900, unmatched: 0 });
  const values = new Map((await listOutcomes(store, { limit: 900 })).map((one) => [one.prediction_id, one]));
  for (const [i, { id, model }] of predictions.entries())
    expect(values.get(id)).toMatchObject({ model, value: i % 3 === 0 ? i / 2 : 'bad' });
});

test('of a prediction that stands twice in a file the last value counts', async () => {
  const store = await storeWithModel();
  const one = predictionAt('2026-03-01T00:00:00.000Z');
  const path = join(temporaryFolder(), 'outcomes.csv');
  const other = predictionAt('2026-03-01T00:00:01.000Z');
  const lines = [`${other.id},good`, ...['bad', 'good', 'bad', 'good'].map((value) => `${one.id},${value}`)];
  writeFileSync(path, `prediction_id,value\n${lines.join('\n')}\n`);
  await addOutcomesOfFile(store, { path }, BY);
  const values = (await listOutcomes(store, { prediction: one.id })).map(({ value, counts }) => [
    value,
    counts,
  ]);
  expect(values).toEqual([
    ['good', true],
    ['bad', false],
    ['good', false],
    ['bad', false],
  ]);
});

test('outcomes by an entity that the predictions do not carry are kept, and the user is told', async () => {
  const store = await storeWithModel();
  const path = join(temporaryFolder(), 'outcomes.csv');
  writeFileSync(path, 'entity,value\nc1,bad\n');
  const notes = async (fields: string[]) => {
    const added = await addOutcomesOfFile(
      store,
      { path, model: 'credit' },
      { ...BY, entityOf: () => fields },
    );
    return added.notes;
  };
  expect(await notes(['customer'])).toEqual([]);
  expect(await notes([])).toEqual([expect.stringContaining('set "entity" of models.credit')]);
  const row = { income: 0.5, age: 40, region: null, owner: true };
  const day = (i: number) => `2026-03-0${i}T00:00:00.000Z`;
  await writeLog(store, [
    predictionAt(day(1), { inputs: row }),
    predictionAt(day(2), { inputs: [0.5, 40, null, true] }),
  ]);
  expect(await notes(['customer'])).toEqual([
    'The last 2 predictions carry no "customer" (models.credit.entity), so outcomes by entity do not reach them: send it in each row beside the features, or name there a field that is sent.',
  ]);
  expect(await notes(['customer', 'age'])).toEqual([expect.stringContaining('carry no "customer" (')]);
  expect(await notes(['age'])).toEqual([]);
  await writeLog(store, [
    predictionAt(day(3), { inputs: { ...row, customer: null }, redacted: ['customer'] }),
  ]);
  expect(await notes(['customer'])).toEqual([expect.stringContaining('take it out of log.redact')]);
  await writeLog(store, [predictionAt(day(4), { inputs: { ...row, customer: 'c1' } })]);
  expect(await notes(['customer'])).toEqual([]);
});
