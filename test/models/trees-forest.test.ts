import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binColumns } from '../../src/models/trees/bins.js';
import type { Forest } from '../../src/models/trees/forest.js';
import { ForestBuilder, joinForests } from '../../src/models/trees/forest-builder.js';
import { packForest, predictForest } from '../../src/models/trees/predict-forest.js';
import { seededRandom } from '../../src/util/random.js';
import { sameBytes } from './credit-data.js';

const FEATURES = 5;

/** A forest of random shape, with leaf values whose sum depends on the order of addition. */
function randomForestOf(treeCount: number, seed: number): Forest {
  const random = seededRandom(seed);
  const builder = new ForestBuilder(FEATURES);
  for (let tree = 0; tree < treeCount; tree++) {
    const leaves = [builder.addTree(1)];
    for (let i = Math.floor(random() * 40); i > 0; i--) {
      const [node] = leaves.splice(Math.floor(random() * leaves.length), 1);
      const left = builder.split(node, {
        feature: Math.floor(random() * FEATURES),
        threshold: Math.round(random() * 8) / 4 - 1,
        missingLeft: random() < 0.5,
        leftCover: 1,
        rightCover: 1,
      });
      leaves.push(left, left + 1);
    }
    for (const leaf of leaves) builder.setValue(leaf, (random() - 0.5) * 10 ** Math.floor(random() * 20));
  }
  return builder.finish();
}

function randomRows(rowCount: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const cell = () => (random() < 0.2 ? Number.NaN : Math.round(random() * 16) / 8 - 1);
  return Float64Array.from({ length: rowCount * FEATURES }, cell);
}

/** One row through one tree after the other, as the forest's format says. */
function walk(
  { feature, threshold, left, value, missingLeft, roots }: Forest,
  row: Float64Array,
  base: number,
) {
  let sum = base;
  for (const root of roots) {
    let node = root;
    while (feature[node] >= 0) {
      const cell = row[feature[node]];
      const goesLeft = Number.isNaN(cell) ? missingLeft[node] === 1 : cell <= threshold[node];
      node = goesLeft ? left[node] : left[node] + 1;
    }
    sum += value[node];
  }
  return sum;
}

test('a prediction is the base plus the leaves in the order of the trees, alone or in a batch of any size', () => {
  for (const treeCount of [1, 2, 3, 4, 5, 8, 201]) {
    const forest = randomForestOf(treeCount, treeCount);
    const packed = packForest(forest);
    const x = randomRows(600, 9);
    const rows = Array.from({ length: 600 }, (_, i) => x.subarray(i * FEATURES, (i + 1) * FEATURES));
    const wanted = Float64Array.from(rows, (row) => walk(forest, row, 0.1));
    expect(sameBytes(predictForest(packed, x, 600, 0.1), wanted)).toBe(true);
    for (const size of [1, 7, 256, 257]) {
      const found = new Float64Array(600);
      for (let from = 0; from < 600; from += size) {
        const count = Math.min(size, 600 - from);
        found.set(predictForest(packed, x.subarray(from * FEATURES), count, 0.1), from);
      }
      expect(sameBytes(found, wanted)).toBe(true);
    }
  }
});

test('trees grown apart are joined in the order of their numbers', () => {
  const parts = [[3, 0, 6], [5], [], [1, 2, 4]].map((numbers) => {
    const builder = new ForestBuilder(1);
    for (const number of numbers) {
      const root = builder.addTree(number);
      const left = builder.split(root, {
        feature: 0,
        threshold: 0,
        missingLeft: false,
        leftCover: 1,
        rightCover: 1,
      });
      builder.setValue(left, 10 ** number);
    }
    return { numbers, forest: builder.finish() };
  });
  const joined = joinForests(parts);
  expect([...joined.roots].map((root) => joined.cover[root])).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect([...joined.roots].map((root) => joined.value[joined.left[root]])).toEqual([
    1, 10, 100, 1e3, 1e4, 1e5, 1e6,
  ]);
});

test('bins keep the order of values, part few values all and give a heavy value its own', async () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(finite, fc.constant(Number.NaN)), { minLength: 1, maxLength: 60 }),
      async (values) => {
        const { bins, edges, hasMissing } = await binColumns(Float64Array.from(values), values.length, 1);
        expect(hasMissing[0] === 1).toBe(values.some(Number.isNaN));
        expect(edges[0].every(Number.isFinite)).toBe(true);
        values.forEach((value, i) => {
          const missing = edges[0].length + 1;
          expect(bins[i] === missing).toBe(Number.isNaN(value));
          values.forEach((other, j) => {
            if (value === other) expect(bins[i]).toBe(bins[j]);
            if (value < other) expect(bins[i]).toBeLessThan(bins[j]);
          });
          edges[0].forEach((edge, b) => {
            if (!Number.isNaN(value)) expect(value <= edge).toBe(bins[i] <= b);
          });
        });
      },
    ),
    { numRuns: 200, seed: 3 },
  );

  const heavy = Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? 5000.5 : i));
  const { bins, edges } = await binColumns(Float64Array.from(heavy), heavy.length, 1);
  expect(edges[0].length + 1).toBeGreaterThan(200);
  expect(edges[0].length + 1).toBeLessThanOrEqual(255);
  const ofHeavy = bins[0];
  for (const [i, value] of heavy.entries()) expect(bins[i] === ofHeavy).toBe(value === 5000.5);
});
