import { expect, test } from 'vitest';
import { RiskopsError } from '../../src/errors.js';
import { gradientBoosting } from '../../src/models/gradient-boosting.js';
import type { SavedModel, Tensor } from '../../src/models/learner.js';
import { randomForest } from '../../src/models/random-forest.js';
import { DEPTH_LIMIT, type ForestShape } from '../../src/models/trees/forest.js';
import { ForestBuilder } from '../../src/models/trees/forest-builder.js';
import { loadForest, saveForest } from '../../src/models/trees/saved-forest.js';

const by = { feature: 0, threshold: 0.5, missingLeft: false, gain: 1, leftCover: 1, rightCover: 1 };

/** So many features that are numbers, one output. */
const numbers = (featureCount: number): ForestShape => ({
  featureCount,
  categories: new Int32Array(featureCount),
  outputs: 1,
  leafWidth: 1,
});
const modelShape = { featureCount: 2, categories: new Int32Array(2), classCount: 2 };

/** Two trees: nodes 0..4 with the children of 0 at 1, 2 and of 1 at 3, 4; nodes 5..7. */
function saved(): SavedModel {
  const builder = new ForestBuilder(numbers(2));
  const first = builder.addTree(3);
  builder.split(builder.split(first, by), by);
  builder.setValue(2, 0.25);
  builder.split(builder.addTree(2), { ...by, feature: 1 });
  return { facts: { base: 0 }, tensors: saveForest(builder.finish()) };
}

const set = (tensor: string, at: number, value: number) => (model: SavedModel) => {
  model.tensors[tensor].data[at] = value;
};
const replace = (tensor: string, change: Partial<Tensor>) => (model: SavedModel) => {
  model.tensors[tensor] = { ...model.tensors[tensor], ...change };
};

const faults: [what: string, damage: (model: SavedModel) => void, says: RegExp][] = [
  ['a cycle to the node itself', set('left', 1, 1), /node 1 has its children at 1/],
  ['a cycle to a parent', set('left', 1, 0), /node 1 has its children at 0/],
  ['a negative child', set('left', 0, -5), /node 0 has its children at -5/],
  ['a right child past the end', set('left', 5, 7), /node 5 has its children at 7, of 8 nodes/],
  ['a child far out of range', set('left', 0, 2 ** 31 - 1), /node 0 has its children at 2147483647/],
  [
    'a branch with two parents',
    (model) => {
      set('feature', 2, 0)(model);
      set('left', 2, 3)(model);
    },
    /node 3 has two parents/,
  ],
  ['a root that is a left child', set('left', 1, 5), /node 5 has two parents, or is a root/],
  ['a root that is a right child', set('left', 1, 4), /node 5 has two parents, or is a root/],
  ['a node that nothing leads to', set('feature', 1, -1), /node 3 belongs to no tree/],
  ['a feature that is not there', set('feature', 0, 2), /node 0 asks for feature 2 of 2/],
  ['a feature below -1', set('feature', 0, -2), /node 0 asks for feature -2/],
  ['a NaN threshold', set('threshold', 1, Number.NaN), /"threshold" is not finite at element 1/],
  ['an infinite value', set('value', 2, Number.POSITIVE_INFINITY), /"value" is not finite at element 2/],
  ['a NaN cover', set('cover', 3, Number.NaN), /"cover" is not finite at element 3/],
  ['an infinite gain', set('gain', 0, Number.NEGATIVE_INFINITY), /"gain" is not finite at element 0/],
  ['a negative cover', set('cover', 3, -1), /node 3 has a negative cover/],
  ['values whose sum overflows', set('value', 2, 1e308), /overflow/],
  ['a third side', set('missing_left', 0, 2), /node 0 sends missing values to side 2/],
  ['a root past the end', set('roots', 1, 8), /tree 1 begins at node 8/],
  ['a negative root', set('roots', 0, -1), /tree 0 begins at node -1/],
  ['a root twice', set('roots', 1, 0), /two trees begin at node 0/],
  ['no trees', replace('roots', { shape: [0], data: new Int32Array(0) }), /no tree/],
  [
    'a shape of 2^31',
    replace('feature', { shape: [2 ** 31] }),
    /"feature" has the shape \[2147483648\], not \[8\]/,
  ],
  ['a shape in two dimensions', replace('left', { shape: [2, 4] }), /"left" has the shape/],
  [
    'a tensor that is too short',
    replace('left', { shape: [7], data: new Int32Array(7) }),
    /"left" has 7 elements for the 8 of/,
  ],
  ['data that its shape hides', replace('cover', { data: new Float64Array(9) }), /"cover" has 9 elements/],
  ['another type', replace('left', { type: 'F64', data: new Float64Array(8) }), /"left" is not I32/],
  ['a type that the data is not', replace('value', { type: 'F32' }), /"value" is F32, not F64/],
  ['a missing tensor', (model) => delete model.tensors['value'], /"value" is missing/],
  [
    'a tensor too many',
    (model) => {
      model.tensors['more'] = { type: 'U8', shape: [1], data: new Uint8Array(1) };
    },
    /"more" does not belong/,
  ],
];

function faultOf(load: () => unknown): RiskopsError {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(RiskopsError);
    expect((error as RiskopsError).code).toBe('MODEL_FILE_INVALID');
    return error as RiskopsError;
  }
  throw new Error('it was loaded');
}

test('an undamaged forest is loaded', () => {
  expect(loadForest(saved(), numbers(2)).roots).toEqual(Int32Array.of(0, 5));
});

for (const [what, damage, says] of faults) {
  test(`refused: ${what}`, () => {
    const model = saved();
    damage(model);
    expect(faultOf(() => loadForest(model, numbers(2))).message).toMatch(says);
  });
}

/** One tree that asks whether a category of 40 is in a set of two words; leaves of `leafWidth` values. */
function savedSets(shape: ForestShape): SavedModel {
  const builder = new ForestBuilder(shape);
  builder.split(builder.addTree(2), { ...by, feature: 1, set: Int32Array.of(5, 255) });
  return { facts: {}, tensors: saveForest(builder.finish()) };
}

test('sets and leaves of several values come back as they were', () => {
  const shape = { featureCount: 2, categories: Int32Array.of(0, 40), outputs: 3, leafWidth: 3 };
  const model = savedSets(shape);
  expect(model.tensors['value'].shape).toEqual([3, 3]);
  const { set: first, sets, gain } = loadForest(model, shape);
  expect([[...first], [...sets], [...gain]]).toEqual([
    [0, -1, -1],
    [5, 255],
    [1, 0, 0],
  ]);
});

test('refused: sets that are not there, and leaves of another width', () => {
  const shape = { featureCount: 2, categories: Int32Array.of(0, 40), outputs: 3, leafWidth: 3 };
  const refused = (damage: (model: SavedModel) => void, as: ForestShape = shape) => {
    const model = savedSets(shape);
    damage(model);
    return faultOf(() => loadForest(model, as)).message;
  };
  const none = () => {};
  expect(refused(set('set', 0, 1))).toMatch(/node 0 has its set at word 1, of 2 words/);
  expect(refused(set('set', 0, -1))).toMatch(/node 0 has its set at word -1/);
  expect(refused(set('set', 0, 2 ** 31 - 1))).toMatch(/node 0 has its set/);
  expect(refused((model) => delete model.tensors['set'])).toMatch(/node 0 has its set at word -1/);
  expect(refused((model) => delete model.tensors['sets'])).toMatch(/of 0 words/);
  expect(refused(none, { ...shape, categories: Int32Array.of(0, 65) })).toMatch(/its set at word 0/);
  expect(refused(none, { ...shape, outputs: 2, leafWidth: 2 })).toMatch(
    /"value" has 9 elements for the 3 x 2/,
  );
  expect(refused(none, { ...shape, outputs: 1, leafWidth: 1 })).toMatch(
    /"value" has 9 elements for the 3 of/,
  );
  expect(
    faultOf(() => loadForest(savedSets({ ...shape, leafWidth: 1 }), { ...shape, leafWidth: 1 })).message,
  ).toMatch(/its 1 trees are not the same number for each of 3 classes/);
});

test('a file from before gains and sets is loaded', () => {
  const model = saved();
  delete model.tensors['gain'];
  const forest = loadForest(model, numbers(2));
  expect([...forest.gain]).toEqual(new Array(8).fill(0));
  expect([...forest.set]).toEqual(new Array(8).fill(-1));
});

test('refused: facts and values that the learner cannot compute with', () => {
  for (const base of [undefined, null, '0', Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(
      faultOf(() => gradientBoosting.load({ ...saved(), facts: { base } }, 'binary', modelShape)).message,
    ).toMatch(/base/);
  }
  const model = saved();
  set('value', 2, 1.5)(model);
  expect(faultOf(() => randomForest.load(model, 'binary', modelShape)).message).toMatch(
    /node 2 is not a probability/,
  );
  expect(() => randomForest.load(model, 'regression', { ...modelShape, classCount: 0 })).not.toThrow();
});

/** One tree that goes right, and right again, `depth` times. */
function chain(depth: number): SavedModel {
  const builder = new ForestBuilder(numbers(1));
  let node = builder.addTree(1);
  for (let i = 0; i < depth; i++) node = builder.split(node, by) + 1;
  return { facts: {}, tensors: saveForest(builder.finish()) };
}

test('a tree may be as deep as the limit and no deeper, and a very deep one does not exhaust the stack', () => {
  expect(() => loadForest(chain(DEPTH_LIMIT), numbers(1))).not.toThrow();
  for (const depth of [DEPTH_LIMIT + 1, 200_000]) {
    expect(faultOf(() => loadForest(chain(depth), numbers(1))).message).toMatch(/deeper than 512 splits/);
  }
});

test('500,000 nodes are checked within 50 ms of processor time', () => {
  const builder = new ForestBuilder(numbers(1));
  for (let tree = 0; tree < 200; tree++) {
    const waiting = [builder.addTree(1)];
    for (let at = 0; at < 1250; at++) {
      const left = builder.split(waiting[at], by);
      waiting.push(left, left + 1);
    }
  }
  const model = { facts: {}, tensors: saveForest(builder.finish()) };
  const times = [1, 2, 3, 4, 5].map(() => {
    const before = process.cpuUsage();
    expect(loadForest(model, numbers(1)).feature.length).toBe(500_200);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  expect(Math.min(...times)).toBeLessThan(50);
});
