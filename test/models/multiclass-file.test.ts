import { beforeAll, expect, test } from 'vitest';
import type { Signature } from '../../src/datasets/signature.js';
import type { ClassValue } from '../../src/datasets/target.js';
import { fitRecipe } from '../../src/features/recipe.js';
import { calledClass, classProbabilities } from '../../src/models/class-answer.js';
import { dummy } from '../../src/models/dummy.js';
import {
  decodeModelFile,
  type EncodedModel,
  encodeModelFile,
  packModelFile,
} from '../../src/models/model-file.js';
import { decodeSafetensors } from '../../src/models/safetensors.js';

const classes: ClassValue[] = ['상', '중', '하'];
const signature: Signature = {
  features: [{ name: 'income', type: 'number', nullable: false, min: 0, max: 3 }],
  target: { name: 'grade', type: 'category', classes },
};
/** Half of the rows of the first class, three tenths of the second, a fifth of the third. */
const y = Float64Array.of(0, 0, 0, 0, 0, 1, 1, 1, 2, 2);

async function modelFile(): Promise<EncodedModel> {
  const x = Float64Array.from(y, (_, row) => row / 3);
  const order = { weights: null, previous: null, validation: null };
  const recipe = fitRecipe([], x, y.length, signature, { y, classCount: 3 });
  const data = {
    x,
    y,
    rowCount: y.length,
    ...order,
    names: recipe.outputs,
    categories: recipe.categories,
    classCount: 3,
  };
  return encodeModelFile({
    learner: dummy,
    hyper: {},
    recipe,
    fitted: await dummy.fit(data, 'multiclass', {}, { seed: 0, threads: 1 }),
    task: 'multiclass',
    signature,
    threshold: null,
    classes,
    metrics: {},
    provenance: {
      model: 'grade',
      run_id: '0'.repeat(32),
      created_at: '2026-03-01T12:00:00.000Z',
      git_commit: null,
      data_sha256: 'd'.repeat(64),
      seed: 0,
      split: 'every:5:4',
      riskops_version: '0.1.0',
    },
  });
}

let file: EncodedModel;
beforeAll(async () => {
  file = await modelFile();
});

test('a model of three classes answers with the probability of each, and proves it by its golden rows', async () => {
  const { header, outputs, predictCells } = file.predictor;
  expect({ outputs, classes: header.classes, task: header.task }).toEqual({
    outputs: 3,
    classes,
    task: 'multiclass',
  });
  expect(predictCells(Float64Array.of(0, 1), 2)).toEqual(Float64Array.of(0.5, 0.3, 0.2, 0.5, 0.3, 0.2));
  expect(header.golden.predictions).toHaveLength(3 * header.golden.rows.length);
  const many = predictCells(new Float64Array(10_000), 10_000);
  expect(many).toHaveLength(30_000);
  expect(many.subarray(29_997)).toEqual(Float64Array.of(0.5, 0.3, 0.2));
  expect((await modelFile()).sha256).toBe(file.sha256);
});

test('a row is called by its likeliest class, the first of equally likely ones', () => {
  const { header } = file.predictor;
  const answers = Float64Array.of(0.2, 0.3, 0.5, 0.4, 0.4, 0.2);
  expect([0, 1].map((row) => calledClass(header, answers, row))).toEqual(['하', '상']);
  expect(classProbabilities(header, answers, 1)).toEqual({ 상: 0.4, 중: 0.4, 하: 0.2 });
  const binary = { task: 'binary' as const, classes: [false, true], threshold: 0.4 };
  expect([0, 3].map((row) => calledClass(binary, answers, row))).toEqual([false, true]);
  expect(classProbabilities(binary, answers, 0)).toBeNull();
  expect(calledClass({ task: 'regression', classes: null, threshold: null }, answers, 0)).toBeNull();
});

// biome-ignore lint/suspicious/noExplicitAny: the point is to put anything anywhere
type Change = (header: any) => unknown;

test.each<[string, Change, RegExp]>([
  ['a task that there is not', (h) => (h.task = 'many'), /neither binary nor multiclass nor regression/],
  [
    'two classes',
    (h) => (h.classes = h.signature.target.classes = ['a', 'b']),
    /not what a multiclass model has/,
  ],
  ['three classes for a binary task', (h) => (h.task = 'binary'), /not what a binary model has/],
  [
    'none for many',
    (h) => (h.classes = h.signature.target.classes = null),
    /not what a multiclass model has/,
  ],
  ['other classes than the signature', (h) => (h.classes = ['a', 'b', 'c']), /not those of its signature/],
  ['another order of them', (h) => h.classes.reverse(), /not those of its signature/],
  [
    'a class more',
    (h) => (h.classes = h.signature.target.classes = [...classes, '특']),
    /no prediction for each/,
  ],
  ['a threshold', (h) => (h.threshold = 0.5), /a multiclass model with a threshold/],
  ['a probability short', (h) => h.golden.predictions.pop(), /no prediction for each golden row/],
  ['a text among them', (h) => (h.golden.predictions[4] = '0.3'), /no prediction for each golden row/],
  ['probabilities that are not 1 together', (h) => (h.golden.predictions[5] = 0.3), /no prediction for each/],
  [
    'another probability in the last class of a row',
    (h) => (h.golden.predictions[5] += 1e-9),
    /golden row 1, where 0.200000001 is on record/,
  ],
])('a file with %s is refused', async (_, change, why) => {
  const { metadata, tensors } = decodeSafetensors(file.bytes);
  const header = JSON.parse(metadata['riskops']);
  change(header);
  await expect(decodeModelFile(packModelFile(JSON.stringify(header), tensors), 'x')).rejects.toMatchObject({
    code: 'MODEL_FILE_INVALID',
    message: expect.stringMatching(why),
  });
});
