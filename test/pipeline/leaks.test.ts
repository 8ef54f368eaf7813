import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllowed } from '../../src/pipeline/leaks.js';
import { prepareTraining } from '../../src/pipeline/prepare-training.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { seededRandom } from '../../src/util/random.js';
import { errorOf, UCI_FILE } from '../datasets/support/tables.js';
import { temporaryFolder } from '../support/temporary.js';
import { planFor } from './plan.js';

type Row = Record<string, string | number>;

/** Prepares a training on these rows, as `riskops train` does before anything is fitted. */
async function prepare(rows: Row[], change: Partial<TrainPlan>) {
  const folder = temporaryFolder();
  const names = Object.keys(rows[0]);
  const lines = [names, ...rows.map((row) => names.map((name) => row[name]))].map((cells) => cells.join(','));
  writeFileSync(join(folder, 'loans.csv'), `${lines.join('\n')}\n`);
  return prepareTraining({ ...planFor(folder), learner: 'dummy', ...change });
}

const random = seededRandom(3);
const rare = (count: number) =>
  Array.from({ length: count }, () => {
    const x = random();
    return { x, z: random(), bad: random() < 0.04 + 0.1 * x ? 1 : 0 };
  });
const dayOf = (i: number) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);

test('rows that were copied to balance classes before the split are refused; balancing after it is not', async () => {
  const rows = rare(1500);
  const copied = rows.flatMap((row) => (row.bad === 1 ? Array.from({ length: 9 }, () => row) : [row]));
  const error = await errorOf(() => prepare(copied, { target: 'bad' }));
  expect(error).toMatchObject({ code: 'LEAK_FOUND', exitCode: 65 });
  expect(error.message).toMatch(
    /^\d\d+ % of the held-out rows of class 1 stand, target and all, among the training rows too\.$/,
  );
  expect(error.why).toContain('copied before the split');
  expect(error.fix).toContain('--balance oversample');
  expect((await prepare(rows, { target: 'bad', balance: 'oversample' })).data.parts.train.length).toBe(1200);
});

test('rows that are alike because their decimal commas are left out are not called copies', async () => {
  const rows = Array.from({ length: 1200 }, (_, i) => ({
    ...{ price: `"${i % 100},${1000 + i}"`, day: `"0${1 + (i % 9)}/01/2026"`, bad: i % 2 },
  }));
  const error = await errorOf(() => prepare(rows, { target: 'bad' }));
  expect(error.code).toBe('LEAK_FOUND');
  expect(error.why).toMatch(
    /left out: price \(an identifier.*; numbers with a decimal comma are read as text\)\.$/,
  );
  expect(error.fix).toMatch(/^price: numbers with a decimal comma .* write 33\.12, not 33,12; if/);
  const { data } = await prepare(rows, { target: 'bad', allow: ['duplicates'] });
  expect(data.notes).toEqual([
    expect.stringMatching(/^Warning: price: .*decimal comma/),
    expect.stringMatching(/^Warning: day: dates that are not ISO dates are read as text/),
  ]);
  expect(
    (await prepare(rows, { target: 'bad', allow: ['duplicates'], drop: ['price'] })).data.notes,
  ).toHaveLength(1);
});

test('a shuffled time series is refused, by its date or by the column that the plan names; by time it is not', async () => {
  let level = 100;
  const rows = Array.from({ length: 400 }, (_, i) => {
    level += random() - 0.5;
    return { day: dayOf(i), hour: i * 3, x: random(), price: level };
  });
  const error = await errorOf(() => prepare(rows, { target: 'price' }));
  expect(error.code).toBe('LEAK_FOUND');
  expect(error.message).toBe('The rows are a time series ("day"), and the split random shuffles it.');
  expect(error.fix).toMatch(/^riskops train --split "time:day:0\.2"; .*--allow time-order$/);
  const numbered = rows.map(({ day, ...row }) => row);
  const named = await errorOf(() => prepare(numbered, { target: 'price', time: 'hour', split: 'every:5:4' }));
  expect(named.message).toContain('"hour"');
  await prepare(rows, { target: 'price', split: 'time:day:0.2' });
  await prepare(rows, { target: 'price', allow: ['time-order'] });
});

test('rows with dates that say nothing of each other may be split at random', async () => {
  const rows = rare(800).map((row, i) => ({ ...row, opened: dayOf(i % 300) }));
  await prepare(rows, { target: 'bad' });
});

test('the same machines on both sides of a split are refused where they tell the target; whole machines are not', async () => {
  const wear = Array.from({ length: 60 }, () => random() * 100);
  const rows = Array.from({ length: 900 }, (_, i) => {
    const machine = i % 60;
    return { machine_id: `m${machine}`, x: random(), life: wear[machine] + random() * 20 };
  });
  const error = await errorOf(() => prepare(rows, { target: 'life' }));
  expect(error.message).toBe(
    'The ids of 100 % of the held-out rows (column "machine_id") stand among the training rows too.',
  );
  expect(error.fix).toContain('--split "group:machine_id:0.2"');
  await prepare(rows, { target: 'life', split: 'group:machine_id:0.2' });
  const strangers = rows.map((row) => ({ ...row, life: random() }));
  await prepare(strangers, { target: 'life' });
});

test.each([
  ['the logarithm', (y: number) => Math.log(y), 'regression', 'in the order of the target'],
  [
    'the same numbers under another name',
    (y: number) => 3 - 7 * y,
    'regression',
    'in the order of the target',
  ],
  [
    'the class as a word',
    (y: number) => (y > 0.5 ? 'paid late' : 'on time'),
    'binary',
    'goes with one value',
  ],
  [
    'a number that one threshold parts',
    (y: number) => (y > 0.5 ? 5 : 0) + random(),
    'binary',
    'one threshold',
  ],
] as const)('a copy of the target is refused: %s', async (_, copy, task, reason) => {
  const rows = Array.from({ length: 300 }, () => {
    const y = random();
    return { x: y + random(), copy: copy(y), target: task === 'binary' ? Number(y > 0.5) : y };
  });
  const error = await errorOf(() => prepare(rows, { target: 'target' }));
  expect(error.message).toContain('The column "copy" is a copy of the target "target"');
  expect(error.message).toContain(reason);
  expect(error.fix).toMatch(/^riskops train --drop "copy"/);
  await prepare(rows, { target: 'target', drop: ['copy'] });
});

test('a category encoded by the mean target of all rows is refused, and by that of the training rows it is not', async () => {
  const shops = ['강남', '서면', '동성로', '충장로'];
  const rows = Array.from({ length: 400 }, (_, i) => {
    const shop = Math.floor(random() * 4);
    return { shop: shops[shop], x: random(), sold: shop + random(), held: i % 5 === 4 };
  });
  const encode = (from: (row: { held: boolean }) => boolean) =>
    rows.map(({ held, ...row }) => {
      const alike = rows.filter((other) => other.shop === row.shop && from(other));
      return { ...row, shop_mean: alike.reduce((sum, { sold }) => sum + sold, 0) / alike.length };
    });
  const plan = { target: 'sold', split: 'every:5:4' };
  const error = await errorOf(() =>
    prepare(
      encode(() => true),
      plan,
    ),
  );
  expect(error.message).toBe(
    'The column "shop_mean" is the mean of the target for each "shop", taken over the held-out rows too.',
  );
  await prepare(
    encode(({ held }) => !held),
    plan,
  );
});

test('every leak is told at once, and each can be overruled by name', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => ({ day: dayOf(i), x: random(), copy: i * 2, y: i }));
  const error = await errorOf(() => prepare(rows, { target: 'y' }));
  expect(error.fix).toMatch(/--allow target-copy,time-order$/);
  expect(error.why).toContain('Also: The rows are a time series');
  await prepare(rows, { target: 'y', allow: ['target-copy', 'time-order'] });
  expect((await errorOf(() => parseAllowed(['time-orders']))).why).toContain('time-order');
});

test('honest data passes: the bundled loans, split at random and by number', async () => {
  for (const split of ['random:0.2', 'every:5:4'])
    await prepareTraining({
      ...planFor(''),
      data: UCI_FILE,
      target: 'class',
      learner: 'dummy',
      split,
    });
});
