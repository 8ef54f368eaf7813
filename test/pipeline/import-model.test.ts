import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explainFile } from '../../src/pipeline/explain.js';
import { exportVersion } from '../../src/pipeline/export-onnx.js';
import { type ImportRequest, importModel } from '../../src/pipeline/import-model.js';
import { versionImportance } from '../../src/pipeline/importance.js';
import { judgeVersion } from '../../src/pipeline/judge.js';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { scoreFile } from '../../src/pipeline/score-file.js';
import { dataDefaults } from '../../src/pipeline/train-plan.js';
import { listVersions } from '../../src/registry/versions.js';
import { getRun } from '../../src/tracking/read-runs.js';
import { seededRandom } from '../../src/util/random.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn } from './support.js';

interface Vectors {
  rows: (number | null | string)[][];
  cases: Record<string, { model: string; predictions: (number | number[])[] }>;
}

const vectors = (program: string): Vectors =>
  JSON.parse(readFileSync(new URL(`../models/vectors/imported-${program}.json`, import.meta.url), 'utf8'));
const NAMES = ['a', 'b', 'c', 'color'];
const isPlain = (row: Vectors['rows'][number]) => row.every((cell) => typeof cell !== 'string');

const csv = (names: string[], rows: (number | string | null)[][]) =>
  `${[names, ...rows].map((row) => row.map((cell) => cell ?? '').join(',')).join('\n')}\n`;

/** A folder with a store, a model of XGBoost or LightGBM and its parity sample, made of the vectors. */
async function project(program: 'xgboost' | 'lightgbm', name: string, change: Partial<ImportRequest> = {}) {
  const folder = temporaryFolder();
  const store = await openStoreIn(folder);
  const { rows, cases } = vectors(program);
  const { model, predictions } = cases[name];
  const width = [predictions[0]].flat().length;
  const answers = width === 1 ? ['prediction'] : Array.from({ length: width }, (_, k) => `probability_${k}`);
  const sample = rows.map((row, i) => [...row, ...[predictions[i]].flat()]).filter(isPlain);
  writeFileSync(join(folder, 'model'), model);
  writeFileSync(join(folder, 'sample.csv'), csv([...NAMES, ...answers], sample));
  const request: ImportRequest = {
    ...{ file: join(folder, 'model'), format: program, model: 'loans', target: 'bad' },
    ...{ parity: join(folder, 'sample.csv'), tolerance: 1e-6, classes: null, data: null },
    ...change,
  };
  return { folder, store, request, run: () => importModel(store, request, { root: folder }) };
}

test('a model of another program becomes a version that scores as that program did', async () => {
  const { folder, store, run } = await project('xgboost', 'binary');
  const done = await run();
  expect(done).toMatchObject({ program: 'xgboost', features: 4, trees: 6, objective: 'binary:logistic' });
  expect(done.parity.greatest_difference).toBeLessThan(1e-6);
  expect(await getRun(store, done.run_id)).toMatchObject({ kind: 'import', status: 'FINISHED' });
  const [file, out] = [join(folder, 'sample.csv'), join(folder, 'out.csv')];
  await scoreFile(store, { model: 'loans', version: '1', file, out });
  const lines = readFileSync(out, 'utf8').trim().split(/\r?\n/);
  expect(lines[0]).toMatch(/prediction,predicted_class$/);
  const explained = await explainFile(store, { model: 'loans', version: '1', file, rows: 3 });
  for (const { answers, predictions } of explained.rows) {
    const [{ base, contributions, margin }] = answers;
    const sum = Object.values(contributions).reduce((a, b) => a + b, base);
    expect(Math.abs(sum - margin)).toBeLessThan(1e-9);
    expect(1 / (1 + Math.exp(-margin))).toBeCloseTo(predictions[0], 6);
  }
  const judged = judgeVersion(store, done.version, { root: folder });
  await expect(judged).rejects.toMatchObject({ code: 'HOLDOUT_UNAVAILABLE' });
});

test('three classes, their names, and texts as categories', async () => {
  const named = await project('lightgbm', 'multiclass', { classes: ['low', 'mid', 'high'] });
  await expect(named.run()).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' });
  const { run } = await project('lightgbm', 'multiclass');
  expect((await run()).version.version).toBe(1);
  const pandas = await project('lightgbm', 'pandas');
  const { rows, cases } = vectors('lightgbm');
  const colors = ['blue', 'green', 'red', 'yellow'];
  const sample = rows.slice(0, 40).map((row, i) => {
    const color = row[3] === null ? null : colors[Number(row[3])];
    return [...row.slice(0, 3), color, cases['pandas'].predictions[i] as number];
  });
  writeFileSync(pandas.request.parity, csv([...NAMES, 'prediction'], sample));
  expect((await pandas.run()).parity.rows).toBe(40);
});

test('refused, with nothing on record: other answers than those of the sample, and a sample that lacks a feature', async () => {
  const { store, request, run } = await project('xgboost', 'regression');
  const text = readFileSync(request.parity, 'utf8');
  const lines = text.split('\n');
  lines[7] = lines[7].replace(/[^,]+$/, '1234.5');
  writeFileSync(request.parity, lines.join('\n'));
  const error = await run().catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'PARITY_FAILED', details: { row: 6, wanted: 1234.5, differing: 1 } });
  expect(error.message).toMatch(/^Row 7 of the parity sample .* where XGBoost answered 1234.5\.$/);
  writeFileSync(request.parity, text.replace('a,b,', 'a,z,'));
  await expect(run()).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' });
  writeFileSync(request.parity, text.replace(/[^,\n]+\n/, 'answer\n'));
  await expect(run()).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' });
  expect(await listVersions(store, 'loans').catch(() => [])).toEqual([]);
});

test('with labelled rows the gate judges it, and importance and export know it', async () => {
  const { folder, store, request } = await project('xgboost', 'binary');
  const random = seededRandom(4);
  const codes = [0, 1, 2, 5, 9, 34, 40];
  const rows = Array.from({ length: 800 }, () => {
    const a = (random() - 0.5) * 9;
    const b = random() < 0.4 ? 0 : random() * 4 - 2;
    const c = codes[Math.floor(random() * codes.length)];
    const color = Math.floor(random() * 4);
    const y = Math.sin(a) + b + ([1, 5, 40].includes(c) ? 1.5 : 0) + (color === 2 ? 1 : 0);
    return [a, b, c, color, y > 1 ? 1 : 0];
  });
  const data = join(folder, 'data.csv');
  writeFileSync(data, csv([...NAMES, 'bad'], rows));
  const plan = {
    ...dataDefaults,
    data,
    target: 'bad',
    task: null,
    positive: null,
    split: 'every:2:1',
    seed: 0,
  };
  const done = await importModel(
    store,
    { ...request, data: { ...plan, drop: [], keep: [] } },
    { root: folder },
  );
  expect(done.metrics['auc']).toBeGreaterThan(0.9);
  const judged = await judgeVersion(store, done.version, { root: folder });
  expect(judged.report).toMatchObject({ verdict: 'promote', holdout: { rows: 400 } });
  await promoteCandidate(store, { judged, actor: 'test', reason: 'the first' });
  const options = { root: folder, policy: {}, repeats: 3, seed: 1 };
  const found = await versionImportance(store, done.version, options);
  expect(found).toMatchObject({ metric: 'auc', value: done.metrics['auc'], rows: 400 });
  expect(found.columns.every(({ loss }) => loss > 0.01)).toBe(true);
  expect(Object.values(found.gain ?? {}).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  expect(await versionImportance(store, done.version, options)).toEqual(found);
  const out = join(folder, 'model.onnx');
  const exported = exportVersion(store, { model: 'loans', version: undefined, out });
  await expect(exported).rejects.toMatchObject({ code: 'EXPORT_UNSUPPORTED' });
  expect(existsSync(out)).toBe(false);
});
