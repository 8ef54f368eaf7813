import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Task } from '../../src/models/learner.js';
import { binColumns } from '../../src/models/trees/bins.js';
import { type BoostingOptions, boost } from '../../src/models/trees/boost.js';
import type { Forest } from '../../src/models/trees/forest.js';
import { ForestBuilder } from '../../src/models/trees/forest-builder.js';
import { packForest, predictForest } from '../../src/models/trees/predict-forest.js';
import { openWorkshop } from '../../src/models/trees/random-split.js';
import { growRandomTree } from '../../src/models/trees/random-tree.js';
import { seededRandom } from '../../src/util/random.js';

const X = Number.NaN;

interface Small {
  x: number[][];
  y: number[];
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const range = (length: number) => Array.from({ length }, (_, i) => i);
const matrix = (x: number[][]) => Float64Array.from(x.flat());
const binsOf = ({ x }: Small) => binColumns(matrix(x), x.length, x[0].length);
const predict = (forest: Forest, x: number[][], base = 0) => [
  ...predictForest(packForest(forest), matrix(x), x.length, base),
];

/** Few levels of each feature, some missing. Targets come from a seed, so that no two splits tie by chance. */
const smallData = fc
  .record({
    features: fc.integer({ min: 1, max: 4 }),
    rowCount: fc.integer({ min: 4, max: 40 }),
    seed: fc.integer({ min: 0, max: 1e6 }),
    minLeaf: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ features, rowCount, seed, minLeaf }) => {
    const random = seededRandom(seed);
    const cell = () => (random() < 0.2 ? X : Math.floor(random() * 8) - 3);
    const x = range(rowCount).map(() => range(features).map(cell));
    return { x, y: range(rowCount).map(() => random() * 20 - 10), minLeaf, seed };
  });

interface Side {
  score: number;
  left: number[];
  right: number[];
}

/** Tries every split of the rows on raw values: a cut after each value, missing ones on either side. */
function exactBest(
  x: number[][],
  rows: number[],
  score: (side: number[]) => number,
  fits: (side: number[]) => boolean,
): Side | undefined {
  let best: Side | undefined;
  for (let f = 0; f < x[0].length; f++) {
    const values = [...new Set(rows.map((row) => x[row][f]).filter((value) => !Number.isNaN(value)))];
    for (const cut of values) {
      for (const missingLeft of [false, true]) {
        const goesLeft = (row: number) => (Number.isNaN(x[row][f]) ? missingLeft : x[row][f] <= cut);
        const left = rows.filter(goesLeft);
        const right = rows.filter((row) => !goesLeft(row));
        if (left.length === 0 || right.length === 0 || !fits(left) || !fits(right)) continue;
        const total = score(left) + score(right);
        if (best === undefined || total > best.score) best = { score: total, left, right };
      }
    }
  }
  return best;
}

/** One boosted tree by the book: the leaf of most gain is split next, leaves are worth G / (H + l2). */
function exactBoostedTree(
  { x, y }: Small,
  task: Task,
  { leaves: most, minLeaf, l2 }: BoostingOptions,
): number[] {
  const mean = sum(y) / y.length;
  const gradient = y.map((value) => value - mean);
  const hessian = y.map(() => (task === 'binary' ? mean * (1 - mean) : 1));
  const gradientOf = (rows: number[]) => sum(rows.map((row) => gradient[row]));
  const hessianOf = (rows: number[]) => sum(rows.map((row) => hessian[row])) + l2;
  const score = (rows: number[]) => gradientOf(rows) ** 2 / hessianOf(rows);
  const leaves = [range(y.length)];
  while (leaves.length < most) {
    const gains = leaves.map((rows) => {
      const split = exactBest(x, rows, score, (side) => side.length >= minLeaf);
      return { split, gain: split ? split.score - score(rows) : 0 };
    });
    const next = gains.reduce((at, { gain }, i) => (gain > gains[at].gain ? i : at), 0);
    const { split, gain } = gains[next];
    if (split === undefined || gain <= 1e-9) break;
    leaves.splice(next, 1, split.left, split.right);
  }
  const values = new Array<number>(y.length);
  for (const rows of leaves) for (const row of rows) values[row] = gradientOf(rows) / hessianOf(rows);
  return values;
}

for (const task of ['regression', 'binary'] as const) {
  test(`a boosted tree is the one that trying every split finds: ${task}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        smallData,
        fc.integer({ min: 2, max: 6 }),
        async ({ x, y: targets, minLeaf }, leaves) => {
          const y = targets.map((target) => (task === 'binary' ? Number(target > 0) : target));
          fc.pre(new Set(y).size > 1);
          const data = { x, y };
          const options = { trees: 1, learningRate: 1, leaves, minLeaf, maxDepth: null, l2: 0.5 };
          const { forest, base } = boost(await binsOf(data), Float64Array.from(y), task, options, () => {});
          const found = predict(forest, data.x, base).map((value) => value - base);
          const wanted = exactBoostedTree(data, task, options);
          if (task === 'regression') {
            for (const [i, value] of found.entries()) expect(value).toBeCloseTo(wanted[i], 9);
            return;
          }
          // Splits of a 0/1 target tie often, and either is right: the tree must gain as much in its first split.
          if (leaves === 2) {
            const gain = (values: number[]) =>
              sum(values.map((value, i) => value * (y[i] - sum(y) / y.length)));
            expect(gain(found)).toBeCloseTo(gain(wanted), 9);
          }
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });
}

/** A tree of two levels on drawn rows by the book: least variance within the children. */
function exactRandomTree(
  { x, y }: Small,
  draws: number[],
  minLeaf: number,
  depth: number,
): (number | undefined)[] {
  const weight = (rows: number[]) => sum(rows.map((row) => draws[row]));
  const mean = (rows: number[]) => sum(rows.map((row) => draws[row] * y[row])) / weight(rows);
  const values = new Array<number | undefined>(y.length);
  const grow = (rows: number[], level: number) => {
    const split =
      level < depth && weight(rows) >= 2 * minLeaf
        ? exactBest(
            x,
            rows,
            (side) => weight(side) * mean(side) ** 2,
            (side) => weight(side) >= minLeaf,
          )
        : undefined;
    if (split) for (const side of [split.left, split.right]) grow(side, level + 1);
    else for (const row of rows) values[row] = mean(rows);
  };
  grow(
    range(y.length).filter((row) => draws[row] > 0),
    0,
  );
  return values;
}

test('a tree of a random forest that sees all features is the one that trying every split finds', async () => {
  await fc.assert(
    fc.asyncProperty(smallData, async ({ minLeaf, seed, ...data }) => {
      const count = data.y.length;
      const random = seededRandom(seed);
      const draws = new Array<number>(count).fill(0);
      for (let i = 0; i < count; i++) draws[Math.floor(random() * count)]++;

      const builder = new ForestBuilder(data.x[0].length);
      const shop = openWorkshop(await binsOf(data), Float64Array.from(data.y), sum(data.y) / count);
      growRandomTree(shop, builder, { minLeaf, featuresPerSplit: 4, maxDepth: 2 }, seededRandom(seed));
      const found = predict(builder.finish(), data.x);
      exactRandomTree(data, draws, minLeaf, 2).forEach((value, row) => {
        if (value !== undefined) expect(found[row]).toBeCloseTo(value, 9);
      });
    }),
    { numRuns: 300, seed: 2 },
  );
});

const boostOnce = async (data: Small, minLeaf = 1) => {
  const options = { trees: 1, learningRate: 1, leaves: 2, minLeaf, maxDepth: null, l2: 0 };
  return boost(await binsOf(data), Float64Array.from(data.y), 'regression', options, () => {});
};

test('missing values are parted from all others when that is what tells', async () => {
  const { forest, base } = await boostOnce({ x: [[1], [X], [2], [X], [3]], y: [0, 10, 0, 10, 0] });
  expect(predict(forest, [[X], [-1e300], [2], [Number.MAX_VALUE]], base)).toEqual([10, 0, 0, 0]);
});

test('missing values go to the side that they are like, left or right', async () => {
  const rows = [[1], [2], [3], [4], [X], [X]];
  const low = await boostOnce({ x: rows, y: [0, 0, 9, 9, 0, 0] });
  expect(predict(low.forest, [[2.4], [2.6], [X]], low.base)).toEqual([0, 9, 0]);
  const high = await boostOnce({ x: rows, y: [0, 0, 9, 9, 9, 9] });
  expect(predict(high.forest, [[2.4], [2.6], [X]], high.base)).toEqual([0, 9, 9]);
});

test('a value that was never missing in training goes with the larger child when it is', async () => {
  const left = await boostOnce({ x: [[1], [2], [3], [9]], y: [0, 0, 0, 8] });
  expect(predict(left.forest, [[X]], left.base)).toEqual([0]);
  const right = await boostOnce({ x: [[1], [7], [8], [9]], y: [0, 8, 8, 8] });
  expect(predict(right.forest, [[X]], right.base)).toEqual([8]);
});

test('no leaf has fewer rows than min_leaf, and covers are the counts of rows', async () => {
  const x = range(200).map((i) => [i % 17, (i * 7) % 31, i % 3 === 0 ? X : i]);
  const y = range(200).map((i) => Number((i * 13) % 11 < 4));
  const options = { trees: 5, learningRate: 0.5, leaves: 30, minLeaf: 7, maxDepth: 4, l2: 0 };
  const { forest } = boost(await binsOf({ x, y }), Float64Array.from(y), 'binary', options, () => {});
  const covers = [...forest.cover];
  forest.feature.forEach((feature, node) => {
    const left = forest.left[node];
    if (feature >= 0) expect(covers[left] + covers[left + 1]).toBe(covers[node]);
    else expect(covers[node]).toBeGreaterThanOrEqual(7);
  });
  expect(covers[0]).toBe(200);
});

test('each boosted tree lowers the training loss, and the losses are those of the sums of leaves', async () => {
  const x = range(300).map((i) => [i, (i * 37) % 101]);
  const y = range(300).map((i) => Math.sin(i / 20) + ((i * 37) % 101) / 50);
  const losses: number[] = [];
  const options = { trees: 20, learningRate: 0.3, leaves: 8, minLeaf: 5, maxDepth: null, l2: 1 };
  const columns = await binsOf({ x, y });
  const { forest, base } = boost(columns, Float64Array.from(y), 'regression', options, (loss) =>
    losses.push(loss),
  );
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  const final = sum(predict(forest, x, base).map((value, i) => (value - y[i]) ** 2)) / 300;
  expect(final).toBeCloseTo(losses[19], 12);
});

test('nothing to split on: the mean, at once', async () => {
  const cases: Small[] = [
    { x: [[5], [5], [5]], y: [1, 2, 6] },
    { x: [[X], [X], [X]], y: [1, 2, 6] },
    { x: [[], [], []], y: [1, 2, 6] },
    { x: [[1], [2], [3]], y: [3, 3, 3] },
    { x: [[4]], y: [3] },
  ];
  for (const data of cases) {
    const { forest, base } = await boostOnce(data);
    for (const value of predict(forest, data.x, base)) expect(value).toBeCloseTo(3, 12);
  }
});
