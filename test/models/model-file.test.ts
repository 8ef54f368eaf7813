import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeRows } from '../../src/datasets/encode-rows.js';
import { learnerFor, learners } from '../../src/models/all.js';
import type { FittedModel, ModelShape } from '../../src/models/learner.js';
import {
  decodeModelFile,
  encodeModelFile,
  type ModelParts,
  readModelFile,
} from '../../src/models/model-file.js';
import { sha256 } from '../../src/util/files.js';
import { temporaryFolder } from '../support/temporary.js';
import { mixedTable, trainOn } from './trained.js';

const table = mixedTable();

for (const learner of learners) {
  // Imported, not trained: imported-trees.test.ts has its files.
  if (learner.name === 'imported-trees') continue;
  for (const task of learner.tasks) {
    test(`a ${task} model of ${learner.name} (${learner.engine}) answers the same to the last bit after its file`, async () => {
      const { parts, cells, predict } = await trainOn(table, learner, task);
      const encoded = await encodeModelFile(parts);
      const path = join(temporaryFolder(), 'model.safetensors');
      writeFileSync(path, encoded.bytes);
      const read = await readModelFile(path, { sha256: encoded.sha256 });
      const before = predict();
      expect(read.predictCells(cells, table.rowCount)).toEqual(before);
      expect(new Set(before).size).toBeGreaterThan(learner.name === 'dummy' ? 0 : 4);
      expect(read).toMatchObject({
        sha256: sha256(encoded.bytes),
        bytes: encoded.bytes.length,
        contentSha256: encoded.contentSha256,
      });
      expect(read.header).toEqual(encoded.predictor.header);
      expect(read.header).toMatchObject({
        task,
        signature: parts.signature,
        provenance: parts.provenance,
        classes: parts.classes,
      });

      const [a, b] = [parts.fitted, learner.load(parts.fitted.save(), task, shapeOf(parts))];
      expect((await b).save()).toEqual(a.save());
    });
  }
}

const shapeOf = ({ recipe, classes }: Pick<ModelParts, 'recipe' | 'classes'>): ModelShape => ({
  featureCount: recipe.outputs.length,
  categories: recipe.categories,
  classCount: classes?.length ?? 0,
});

test('equal training has an equal content hash, whenever it ran; one other bit has another', async () => {
  const boosting = learnerFor('gradient-boosting');
  const { parts } = await trainOn(table, boosting, 'binary');
  const again = (await trainOn(table, boosting, 'binary')).parts;
  const first = await encodeModelFile(parts);
  const later = {
    ...again.provenance,
    run_id: 'f'.repeat(32),
    created_at: '2027-01-01T00:00:00.000Z',
    git_commit: 'abc',
  };
  const second = await encodeModelFile({ ...again, provenance: later, metrics: { seconds: 3 } });
  expect(second.contentSha256).toBe(first.contentSha256);
  expect(second.sha256).not.toBe(first.sha256);

  const saved = parts.fitted.save();
  const value = saved.tensors['value'].data.slice() as Float64Array;
  const leaf = saved.tensors['feature'].data.indexOf(-1);
  new Uint8Array(value.buffer)[8 * leaf] ^= 1;
  const tensors = { ...saved.tensors, value: { ...saved.tensors['value'], data: value } };
  const fitted = await boosting.load({ ...saved, tensors }, 'binary', shapeOf(parts));
  expect((await encodeModelFile({ ...parts, fitted })).contentSha256).not.toBe(first.contentSha256);
  expect((await encodeModelFile({ ...parts, threshold: 0.5 })).contentSha256).not.toBe(first.contentSha256);
});

test('every number survives: NaN, the infinities, -0, 5e-324', async () => {
  const { parts } = await trainOn(table, learnerFor('dummy'), 'binary');
  const metrics = { a: Number.NaN, b: -0, c: 5e-324, d: Number.NEGATIVE_INFINITY, e: 0.1 + 0.2 };
  const { predictor } = await encodeModelFile({ ...parts, metrics });
  expect(Object.entries(predictor.header.metrics)).toEqual(Object.entries(metrics));
  expect(Object.is(predictor.header.metrics['b'], -0)).toBe(true);
});

test("golden rows have every kind of value, and are nobody's", async () => {
  const { parts, cells } = await trainOn(table, learnerFor('logistic'), 'binary');
  const { rows } = (await encodeModelFile(parts)).predictor.header.golden;
  expect(rows).toHaveLength(9);
  expect(rows).toContainEqual([null, null, null, null, null]);
  const golden = encodeRows(rows, parts.signature);
  expect(golden.problems).toEqual([]);
  expect(golden.warnings.map(({ code }) => code)).not.toContain('OUT_OF_RANGE');
  expect(golden.warnings).toContainEqual({ row: 8, feature: 'region', code: 'UNSEEN_CATEGORY' });
  const asText = (matrix: Float64Array, row: number) => matrix.subarray(5 * row, 5 * row + 5).join();
  const people = new Set(Array.from({ length: table.rowCount }, (_, row) => asText(cells, row)));
  for (const row of rows.keys()) expect(people).not.toContain(asText(golden.cells, row));
});

test('a recipe that does not fill missing values has golden rows without them', async () => {
  const { parts } = await trainOn(table, learnerFor('ridge'), 'regression', {
    recipe: [],
    features: ['late', 'since'],
  });
  const { rows } = (await encodeModelFile(parts)).predictor.header.golden;
  expect(rows.length).toBeGreaterThanOrEqual(6);
  expect(rows.flat()).not.toContain(null);
});

test('a model that does not answer with a number makes no file', async () => {
  const ridge = learnerFor('ridge');
  const { parts } = await trainOn(table, ridge, 'regression');
  const saved = parts.fitted.save();
  const weights = { ...saved.tensors['weights'], data: saved.tensors['weights'].data.map(() => 1e308) };
  const fitted = (await ridge.load(
    { ...saved, tensors: { ...saved.tensors, weights } },
    'regression',
    shapeOf(parts),
  )) as FittedModel;
  await expect(encodeModelFile({ ...parts, fitted })).rejects.toMatchObject({ code: 'TRAINING_FAILED' });
});

test('many rows are predicted as each would be alone', async () => {
  const { parts, cells } = await trainOn(table, learnerFor('random-forest'), 'binary');
  const { predictor } = await encodeModelFile(parts);
  const width = parts.signature.features.length;
  const copies = 100;
  const many = new Float64Array(cells.length * copies);
  for (let i = 0; i < copies; i++) many.set(cells, i * cells.length);
  const predictions = predictor.predictCells(many, table.rowCount * copies);
  for (const row of [0, 1, 4095, 4096, 8191, 11_999]) {
    expect(predictor.predictCells(many.subarray(row * width, (row + 1) * width), 1)[0]).toBe(
      predictions[row],
    );
  }
});

test('every changed byte and every shorter file is refused, in one line', async () => {
  const { parts } = await trainOn(table, learnerFor('dummy'), 'binary', { features: ['late'] });
  const { bytes } = await encodeModelFile(parts);
  const refusedAs = (changed: Buffer) =>
    decodeModelFile(changed, 'm').then(
      () => 'accepted',
      (error) =>
        error.code === 'MODEL_FILE_INVALID' && /^The model file m is refused: [^\n]+\.$/.test(error.message)
          ? 'refused'
          : error,
    );
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] ^= 1 << (at % 8);
    expect(await refusedAs(changed), `byte ${at}`).toBe('refused');
    if (at % 7 === 0) expect(await refusedAs(bytes.subarray(0, at)), `first ${at} bytes`).toBe('refused');
  }
});

test('a file that is not there, not the one on record, no file or too large is refused', async () => {
  const folder = temporaryFolder();
  const { parts } = await trainOn(table, learnerFor('dummy'), 'regression');
  const { bytes } = await encodeModelFile(parts);
  const path = join(folder, '모델.safetensors');
  writeFileSync(path, bytes);
  await expect(readModelFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'MODEL_FILE_NOT_FOUND' });
  await expect(readModelFile(join(path, 'below'))).rejects.toMatchObject({ code: 'MODEL_FILE_NOT_FOUND' });
  await expect(readModelFile(path, { sha256: '0'.repeat(64) })).rejects.toThrow(
    /its SHA-256 is not the one on record/,
  );
  mkdirSync(join(folder, 'folder'));
  await expect(readModelFile(join(folder, 'folder'))).rejects.toMatchObject({ code: 'MODEL_FILE_INVALID' });
  truncateSync(path, 3 * 1024 ** 3);
  await expect(readModelFile(path)).rejects.toThrow(/3221225472 bytes; 1073741824 are allowed/);
});

test.skipIf(process.platform === 'win32')('a named pipe does not make the reader wait', async () => {
  const pipe = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  await expect(readModelFile(pipe)).rejects.toThrow(/not a plain file/);
});
