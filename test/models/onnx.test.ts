import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { beforeAll, expect, test } from 'vitest';
import { encodeTable } from '../../src/datasets/encode-table.js';
import { readTable } from '../../src/datasets/read-table.js';
import { type Signature, signatureOf } from '../../src/datasets/signature.js';
import { columnOf, type Table, takeRows } from '../../src/datasets/table.js';
import { encodeTarget } from '../../src/datasets/target.js';
import { fitRecipe, type StepConfig } from '../../src/features/recipe.js';
import { gradientBoosting } from '../../src/models/gradient-boosting.js';
import { resolveHyper } from '../../src/models/hyper.js';
import type { Learner, Task } from '../../src/models/learner.js';
import { logistic } from '../../src/models/logistic.js';
import { encodeModelFile } from '../../src/models/model-file.js';
import { exportOnnx } from '../../src/models/onnx/export-onnx.js';
import { randomForest } from '../../src/models/random-forest.js';
import { ridge } from '../../src/models/ridge.js';
import { floatBelow, floatFloor } from '../../src/models/trees/float32.js';

const ROWS = 2000;
const data = join(import.meta.dirname, '..', '..', 'data', 'uci_credit_default.csv.gz');
let credit: Table;

beforeAll(async () => {
  ort.env.wasm.numThreads = 1;
  const category = { type: 'category' as const };
  const schema = { SEX: category, EDUCATION: category, MARRIAGE: category, PAY_0: category };
  const { table } = await readTable(data, { schema });
  credit = takeRows(
    table,
    Int32Array.from({ length: ROWS }, (_, row) => row),
  );
  // Numbers that float32 cannot hold, and missing ones of every kind.
  for (const column of credit.columns) {
    for (let row = 0; row < ROWS; row++) {
      const isMissing = (row * 7 + column.name.length * 3) % 13 === 0;
      if (column.name === 'ID' || ['class', 'LIMIT_BAL', 'PAY_2'].includes(column.name)) continue;
      if (column.type === 'category') column.codes[row] = isMissing ? -1 : column.codes[row];
      else column.values[row] = isMissing ? Number.NaN : column.values[row] / 7;
    }
  }
  credit.columns = credit.columns.map((column) =>
    column.type === 'integer' && !['class', 'PAY_2'].includes(column.name)
      ? { ...column, type: 'number' }
      : column,
  );
  addLate(credit);
});

/** Three classes: months late, 0, 1 or 2 and more. */
function addLate(table: Table): void {
  const months = columnOf(table, 'PAY_2');
  if (months.type === 'category') return;
  const values = months.values.map((value) => Math.min(2, Math.max(0, value)));
  for (let row = 0; row < 40; row++) values[row] = row % 3;
  table.columns.push({ name: 'late', type: 'integer', values });
}

const FEATURES = [
  'SEX',
  'EDUCATION',
  'MARRIAGE',
  'PAY_0',
  'AGE',
  'BILL_AMT1',
  'BILL_AMT2',
  'PAY_AMT1',
  'PAY_AMT2',
];
const TARGETS: Record<Task, string> = { binary: 'class', regression: 'LIMIT_BAL', multiclass: 'late' };

async function trained(
  learner: Learner,
  task: Task,
  steps: readonly StepConfig[],
  features = FEATURES,
  settings = {},
) {
  const rows = Int32Array.from({ length: ROWS / 2 }, (_, row) => row);
  const target = encodeTarget(credit, TARGETS[task], { task });
  const signature: Signature = signatureOf(credit, features, rows, target);
  const cells = encodeTable(credit, signature, rows);
  const y = target.y.slice(0, rows.length);
  const classCount = target.classes?.length ?? 0;
  const recipe = fitRecipe(steps, cells, rows.length, signature, { y, classCount });
  const fitted = await learner.fit(
    {
      x: recipe.transform(cells, rows.length),
      ...{ y, rowCount: rows.length, weights: null, previous: null, validation: null },
      ...{ names: recipe.outputs, categories: recipe.categories, classCount },
    },
    task,
    resolveHyper(learner, settings),
    { seed: 1, threads: 1 },
  );
  return encodeModelFile({
    ...{ learner, hyper: resolveHyper(learner, settings), recipe, fitted, task, signature, metrics: {} },
    threshold: task === 'binary' ? 0.5 : null,
    classes: target.classes,
    provenance: {
      ...{
        model: 'credit',
        run_id: '0'.repeat(32),
        created_at: '2026-03-01T12:00:00.000Z',
        git_commit: null,
      },
      ...{ data_sha256: 'd'.repeat(64), seed: 1, split: 'every:5:4', riskops_version: '0.1.0' },
    },
  });
}

/** The greatest difference between the ONNX file, run by onnxruntime, and the model, on rows that it did not learn from. */
async function difference(file: Awaited<ReturnType<typeof trained>>): Promise<number> {
  const { predictor } = file;
  const session = await ort.InferenceSession.create(await exportOnnx(file.bytes, 'test'));
  const { signature } = predictor.header;
  const rows = Int32Array.from({ length: ROWS / 2 }, (_, row) => ROWS / 2 + row);
  const cells = Float32Array.from(encodeTable(credit, signature, rows));
  // A category that training never saw.
  for (let at = 3; at < cells.length; at += 50 * signature.features.length) cells[at] = -1;
  const features = new ort.Tensor('float32', cells, [rows.length, signature.features.length]);
  const { prediction } = await session.run({ features });
  expect(prediction.dims).toEqual([rows.length, predictor.outputs]);
  const found = prediction.data as Float32Array;
  await session.release();
  const wanted = predictor.predictCells(Float64Array.from(cells), rows.length);
  expect(found.some((value) => Math.abs(value - found[0]) > 1e-3)).toBe(true);
  return wanted.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - found[i]) / Math.max(1, Math.abs(value))),
    0,
  );
}

const linear: StepConfig[] = [{ kind: 'impute' }, { kind: 'one-hot' }, { kind: 'scale' }];
const kinds: [learner: Learner, task: Task, steps: StepConfig[], settings: Record<string, number>][] = [
  [gradientBoosting, 'binary', [], { trees: 30 }],
  [gradientBoosting, 'regression', [], { trees: 30 }],
  [gradientBoosting, 'multiclass', [], { trees: 5 }],
  [gradientBoosting, 'binary', [{ kind: 'impute' }, { kind: 'one-hot' }], { trees: 20 }],
  [
    gradientBoosting,
    'binary',
    [{ kind: 'drop', columns: ['AGE'] }, { kind: 'one-hot' }, { kind: 'select', keep: 6 }],
    { trees: 20 },
  ],
  [randomForest, 'binary', [], { trees: 20 }],
  [randomForest, 'multiclass', [], { trees: 10 }],
  [randomForest, 'regression', [{ kind: 'one-hot' }], { trees: 20 }],
  [logistic, 'binary', linear, {}],
  [logistic, 'multiclass', linear, {}],
  [ridge, 'regression', linear, {}],
];

for (const [learner, task, steps, settings] of kinds) {
  const names = steps.map(({ kind }) => kind).join(', ') || 'no steps';
  test(`${learner.name}, ${task}, ${names}: onnxruntime answers as riskops does, to 1e-5`, async () => {
    expect(await difference(await trained(learner, task, steps, FEATURES, settings))).toBeLessThan(1e-5);
  });
}

test('refused by name: what ONNX is not written for', async () => {
  const refusal = async (file: Awaited<ReturnType<typeof trained>>) => {
    const error = await exportOnnx(file.bytes, 'test').catch((thrown) => thrown);
    expect(error.code).toBe('EXPORT_UNSUPPORTED');
    return error.why;
  };
  const few = { trees: 2 };
  expect(await refusal(await trained(gradientBoosting, 'binary', linear, FEATURES, few))).toMatch(
    /"scale" before trees/,
  );
  const ratio = { kind: 'ratio', of: 'BILL_AMT1', by: 'BILL_AMT2' };
  expect(await refusal(await trained(gradientBoosting, 'binary', [ratio], FEATURES, few))).toMatch(/"ratio"/);
});

test('a float32 is <= a number exactly when it is <= the greatest float32 that is not above it', () => {
  for (const value of [0, -0, 1, -1, 0.1, -0.1, 1e-45, -1e-46, 1e-320, 16777217, 1e39, -1e39, 3.4e38]) {
    const floor = floatFloor(value);
    expect(Math.fround(floor)).toBe(floor);
    expect(floor <= value).toBe(true);
    const near = Math.fround(value);
    for (const cell of [near, floor, floatBelow(near), -floatBelow(-near)])
      if (Number.isFinite(cell)) expect(cell <= value).toBe(cell <= floor);
  }
});
