import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forecast } from '../../src/pipeline/forecast/forecast.js';
import { futureTimes, gapIn, stepOf, stepText } from '../../src/pipeline/forecast/future-times.js';
import { conformalHalfWidth } from '../../src/pipeline/forecast/intervals.js';
import { versionImportance } from '../../src/pipeline/importance.js';
import { scoreFile } from '../../src/pipeline/score-file.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { seededRandom } from '../../src/util/random.js';
import { errorOf } from '../datasets/support/tables.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

const day = (text: string) => Date.parse(`${text}T00:00:00Z`);
const shown = (times: number[]) => times.map((time) => new Date(time).toISOString().slice(0, 10));

test.each([
  [
    ['2025-11-30', '2025-12-31', '2026-01-31'],
    ['2026-02-28', '2026-03-31', '2026-04-30'],
  ],
  [
    ['2025-10-15', '2025-11-15', '2025-12-15'],
    ['2026-01-15', '2026-02-15', '2026-03-15'],
  ],
  [
    ['2025-03-31', '2025-06-30', '2025-09-30'],
    ['2025-12-31', '2026-03-31', '2026-06-30'],
  ],
  [
    ['2023-01-01', '2024-01-01', '2025-01-01'],
    ['2026-01-01', '2027-01-01', '2028-01-01'],
  ],
  [
    ['2024-02-26', '2024-02-27', '2024-02-28'],
    ['2024-02-29', '2024-03-01', '2024-03-02'],
  ],
  [
    ['2026-01-05', '2026-01-12', '2026-01-19'],
    ['2026-01-26', '2026-02-02', '2026-02-09'],
  ],
])('after %j come %j', (known, next) => {
  const times = known.map(day);
  expect(shown(futureTimes(times, stepOf(times, true)!, 3))).toEqual(next);
});

test('numbers go on by their usual difference, a gap now and then or not', () => {
  const times = [1, 2, 3, 5, 6];
  expect(futureTimes(times, stepOf(times, false)!, 2)).toEqual([7, 8]);
  expect(stepOf([4], false)).toBeNull();
});

test.each<[string[], string, [string, string, number] | null]>([
  [['2025-11-30', '2025-12-31', '2026-01-31', '2026-02-28'], '1 month', null],
  [
    ['2025-01-01', '2025-02-01', '2025-04-01', '2025-05-01', '2025-06-01', '2025-08-01'],
    '1 month',
    ['2025-02-01', '2025-04-01', 2],
  ],
  [['2026-01-05', '2026-01-06', '2026-01-07', '2026-01-09'], '1 day', ['2026-01-07', '2026-01-09', 1]],
  [
    ['2026-01-05', '2026-01-12', '2026-01-13', '2026-01-19', '2026-01-26'],
    '7 days',
    ['2026-01-12', '2026-01-13', 1],
  ],
])('%j has the step %s, and its first gap is %j', (known, step, gap) => {
  const times = known.map(day);
  const usual = stepOf(times, true)!;
  expect(stepText(usual, true)).toBe(step);
  const found = gapIn(times, usual);
  expect(found && [...shown([found.after, found.next]), found.count]).toEqual(gap);
});

test('the half-width is the ceil((n + 1) x coverage)-th residual, and none where there are too few', () => {
  const residuals = Array.from({ length: 19 }, (_, i) => 19 - i);
  expect(conformalHalfWidth(residuals, 0.95)).toBe(19);
  expect(conformalHalfWidth(residuals, 0.8)).toBe(16);
  expect(conformalHalfWidth(residuals.slice(0, 10), 0.95)).toBeNull();
});

const monthOf = (i: number) => `${2010 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}-01`;

/** 150 months of stores whose sales follow the month before and the season. */
function writeSales(folder: string, stores: string[]): void {
  const random = seededRandom(11);
  const lines = ['month,store,staff,sales'];
  for (const [s, store] of stores.entries()) {
    let last = 0;
    for (let i = 0; i < 150; i++) {
      last = 0.6 * last + random() - 0.5;
      const sales = 20 * (s + 1) + 5 * Math.sin((i * Math.PI) / 6) + 2 * last;
      lines.push([monthOf(i), store, 3 + (i % 2), sales].join(','));
    }
  }
  writeFileSync(join(folder, 'loans.csv'), `${lines.join('\n')}\n`);
}

async function trainOn(folder: string, change: Partial<TrainPlan>) {
  const store = await openStoreIn(folder);
  const plan = { ...planFor(folder), model: 'sales', target: 'sales', time: 'month', horizon: 6, ...change };
  const trained = await trainModel(store, { ...plan, split: 'time:month:0.2' }, { root: folder });
  return { store, trained };
}

test('a forecast of several stores is dated, follows their seasons, and its intervals hold as often as they say', async () => {
  const folder = temporaryFolder();
  writeSales(folder, ['부산', '서울']);
  const { store, trained } = await trainOn(folder, { group: 'store', learner: 'ridge' });
  const { report } = await judgeTraining(store, trained);
  expect(report.verdict).not.toBe('reject');
  for (const { gain } of report.comparisons) expect(gain).toBeGreaterThan(0);
  expect(report.comparisons.map(({ against }) => against)).toEqual([
    ...['mean', 'median', 'zero', 'last value', 'previous value', 'seasonal naive'].map(
      (name) => `baseline ${name}`,
    ),
  ]);
  const found = await forecast(store, { model: 'sales', version: '1', root: folder });
  expect(found).toMatchObject({ horizon: 6, known_until: '2022-06-01', target: 'sales' });
  expect(found.rows).toHaveLength(12);
  expect(found.rows.map(({ time }) => time).slice(0, 6)).toEqual([
    '2022-07-01',
    '2022-08-01',
    '2022-09-01',
    '2022-10-01',
    '2022-11-01',
    '2022-12-01',
  ]);
  for (const { series, step, forecast: value, intervals } of found.rows) {
    const truth = (series === '부산' ? 20 : 40) + 5 * Math.sin(((149 + step) * Math.PI) / 6);
    expect(Math.abs(value - truth)).toBeLessThan(4);
    const [lower, upper] = intervals['95%'];
    expect(lower).toBeLessThan(truth);
    expect(upper).toBeGreaterThan(truth);
    expect(upper - lower).toBeLessThan(8);
  }
  // Rows that are newer than those it was trained on move it on; the first step goes on from them.
  const later = await forecast(store, {
    model: 'sales',
    version: '1',
    root: folder,
    data: join(folder, 'loans.csv'),
    horizon: 1,
  });
  expect(later.rows.map(({ forecast: value }) => value)).toEqual(
    found.rows.filter(({ step }) => step === 1).map(({ forecast: value }) => value),
  );
});

test('a forecaster that is no better than the value before is refused, and the baseline is named', async () => {
  const folder = temporaryFolder();
  const random = seededRandom(5);
  let level = 50;
  const rows = Array.from({ length: 150 }, (_, i) => {
    level += random() - 0.5;
    return `${monthOf(i)},${level}`;
  });
  writeFileSync(join(folder, 'loans.csv'), `month,sales\n${rows.join('\n')}\n`);
  const { store, trained } = await trainOn(folder, { learner: 'random-forest', hyper: { trees: 20 } });
  const { report } = await judgeTraining(store, trained);
  expect(report.verdict).not.toBe('promote');
  expect(report.reasons.filter(({ passed }) => passed !== true).map(({ rule }) => rule)).toContain(
    'baseline previous value',
  );
});

test('what is known of the row itself never reaches a forecaster: only the rows before do', async () => {
  const folder = temporaryFolder();
  writeSales(folder, ['서울']);
  const { trained } = await trainOn(folder, { learner: 'ridge' });
  const { inputs, sequential, lookBack, header } = trained.predictor;
  expect(sequential).toBe(true);
  expect(lookBack).toBe(12);
  expect(inputs).not.toContain('sales');
  expect(inputs).not.toContain('staff');
  expect(header.signature.features.map(({ name, role }) => `${name}:${role}`)).toContain('staff:past');
});

test('a direct forecast builds on nothing that was forecast, and stands beside baselines that know as little', async () => {
  const folder = temporaryFolder();
  writeSales(folder, ['서울']);
  const { store, trained } = await trainOn(folder, { learner: 'ridge', strategy: 'direct' });
  expect(trained.predictor.header.signature.features.filter(({ ahead }) => ahead === 6)).toHaveLength(2);
  expect(trained.predictor.lookBack).toBe(12);
  const found = await forecast(store, { model: 'sales', version: '1', root: folder });
  // Each step is what the model says of the row with that time and nothing known of the rows between.
  const lines = readFileSync(join(folder, 'loans.csv'), 'utf8').trimEnd().split('\n');
  const rows = [...lines.slice(1), ...found.rows.map(({ time }) => `${time},서울,,`)];
  writeFileSync(join(folder, 'open.csv'), `${[lines[0], ...rows].join('\n')}\n`);
  const out = join(folder, 'scored.csv');
  await scoreFile(store, { model: 'sales', version: '1', file: join(folder, 'open.csv'), out });
  const scored = readFileSync(out, 'utf8').trimEnd().split(/\r?\n/).slice(-6);
  expect(scored.map((line) => Number(line.split(',').at(-1)))).toEqual(
    found.rows.map(({ forecast: value }) => value),
  );
  const { report } = await judgeTraining(store, trained);
  const persistence = (name: string) =>
    report.comparisons.find(({ against }) => against === `baseline ${name}`)?.other;
  const truth = Array.from(trained.holdout.y);
  const known = [...trained.holdout.trainingTarget, ...truth];
  const errors = truth.map((value, i) => value - known[known.length - truth.length + i - 6]);
  const rmse = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
  expect(persistence('previous value')).toBeCloseTo(rmse, 10);
});

test('a model of rows is no forecaster, and a forecaster needs to know its order', async () => {
  const folder = temporaryFolder();
  writeSales(folder, ['서울']);
  const { store } = await trainOn(folder, { learner: 'ridge', horizon: null, recipe: [] });
  const error = await errorOf(() => forecast(store, { model: 'sales', version: '1', root: folder }));
  expect(error.message).toBe('sales version 1 is no forecaster.');
  const unordered = await errorOf(() => trainOn(folder, { time: null }));
  expect(unordered.fix).toBe('riskops train --horizon 12 --time COLUMN');
});

test('a missing month is told with its series, and a series without one is not', async () => {
  const folder = temporaryFolder();
  writeSales(folder, ['부산', '서울']);
  const { store } = await trainOn(folder, { group: 'store', learner: 'ridge' });
  const lines = readFileSync(join(folder, 'loans.csv'), 'utf8').split('\n');
  const data = join(folder, 'gap.csv');
  writeFileSync(data, lines.filter((line) => !line.startsWith('2020-03-01,서울')).join('\n'));
  const request = { model: 'sales', version: '1', root: folder };
  const { gaps, notes } = await forecast(store, { ...request, data });
  const gap = { series: '서울', step: '1 month', after: '2020-02-01', next: '2020-04-01', count: 1 };
  expect(gaps).toEqual([gap]);
  expect(notes[0]).toMatch(/^Warning: The series 서울 is not regular: after 2020-02-01 comes 2020-04-01/);
  // A row whose target nobody knows stands for its month; one behind the last known target is still to come.
  const filled = lines.map((line) => line.replace(/^((2020-03|2022-06)-01,서울,\d),.*/, '$1,'));
  writeFileSync(data, filled.join('\n'));
  const open = await forecast(store, { ...request, data });
  expect(open).toMatchObject({ gaps: [], notes: [] });
  expect(open.rows.find(({ series }) => series === '서울')?.time).toBe('2022-06-01');
  expect(await forecast(store, request)).toMatchObject({ gaps: [], notes: [] });
});

test('a forecaster says by shuffled columns what it lives on: its past, not what orders its rows', async () => {
  const folder = temporaryFolder();
  writeSales(folder, ['서울']);
  const ask = async (change: Partial<TrainPlan>) => {
    const { store, trained } = await trainOn(temporaryFolder(), {
      data: join(folder, 'loans.csv'),
      ...change,
    });
    return versionImportance(store, trained.version, { root: folder, policy: {}, repeats: 2, seed: 0 });
  };
  const hyper = { epochs: 20, hidden: 16 };
  for (const change of [{ learner: 'ridge' }, { learner: 'lstm', hyper }]) {
    const { columns, rows, value } = await ask(change);
    expect(columns.map(({ name }) => name).toSorted()).toEqual(
      ['sales', 'staff', 'store'].slice(0, columns.length),
    );
    expect(columns[0]).toMatchObject({ name: 'sales' });
    expect(columns[0].loss).toBeGreaterThan(0.5);
    expect([rows, value]).toEqual([30, expect.any(Number)]);
  }
});
