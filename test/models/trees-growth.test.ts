import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kernelModule } from '../../src/models/kernels.js';
import type { FitContext, Task } from '../../src/models/learner.js';
import { type BoostingOptions, boost } from '../../src/models/trees/boost.js';
import type { Forest } from '../../src/models/trees/forest.js';
import { packForest } from '../../src/models/trees/pack-forest.js';
import { predictForest } from '../../src/models/trees/predict-forest.js';
import { prepareData } from '../../src/models/trees/prepare.js';
import { growForestPart } from '../../src/models/trees/random-thread.js';
import { seededRandom } from '../../src/util/random.js';
import { tableOf } from './boosting-data.js';

const X = Number.NaN;

interface Small {
  x: number[][];
  y: number[];
  /** Of each feature; none has categories when it is left out. */
  categories?: number[];
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const range = (length: number) => Array.from({ length }, (_, i) => i);
const prepared = ({ x, y, categories }: Small, task: Task, kernels?: FitContext['kernels']) =>
  prepareData(tableOf(x, y, { categories, classCount: task === 'binary' ? 2 : 0 }), task, { kernels });
const predict = (forest: Forest, x: number[][], base = 0) => [
  ...predictForest(packForest(forest), Float64Array.from(x.flat()), x.length, base),
];

const DEFAULTS: BoostingOptions = {
  ...{ trees: 1, learningRate: 1, leaves: 31, minLeaf: 1, maxDepth: null, l1: 0, l2: 0 },
  ...{ rowShare: 1, columnShare: 1, earlyStopping: null, seed: 0 },
  ...{ loss: 'squared', quantile: 0.5, monotone: null },
};

/** Boosts with both kernels, which must give the same forest. */
async function boosted(
  data: Small,
  task: Task,
  options: Partial<BoostingOptions>,
  onRound: (metrics: Record<string, number>) => void = () => {},
): Promise<{ forest: Forest; base: number }> {
  const run = async (kernels: 'wasm' | 'js', tell: typeof onRound) =>
    boost(
      await prepared(data, task, kernels),
      { ...DEFAULTS, ...options },
      null,
      kernelModule('trees'),
      tell,
    );
  const found = await run('js', onRound);
  expect(await run('wasm', () => {})).toEqual(found);
  return { forest: found.forest, base: found.bases[0] };
}

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
    const categories = range(features).map((f) => (f % 2 === 1 ? 4 : 0));
    const cell = (f: number) =>
      random() < 0.2 ? X : categories[f] > 0 ? Math.floor(random() * 4) : Math.floor(random() * 8) - 3;
    const x = range(rowCount).map(() => range(features).map(cell));
    return { x, y: range(rowCount).map(() => random() * 20 - 10), minLeaf, seed, categories };
  });

interface Side {
  score: number;
  left: number[];
  right: number[];
}

/** Tries every split of the rows on raw values: a cut after each value, or each category by itself, missing ones on either side. */
function exactBest(
  { x, categories }: Small,
  rows: number[],
  score: (side: number[]) => number,
  fits: (side: number[]) => boolean,
): Side | undefined {
  let best: Side | undefined;
  for (let f = 0; f < x[0].length; f++) {
    const values = [...new Set(rows.map((row) => x[row][f]).filter((value) => !Number.isNaN(value)))];
    const ofCategory = (categories?.[f] ?? 0) > 0;
    for (const cut of [...values, Number.POSITIVE_INFINITY]) {
      for (const missingLeft of [false, true]) {
        const goesLeft = (row: number) => {
          if (Number.isNaN(x[row][f])) return missingLeft;
          return ofCategory && cut < Number.POSITIVE_INFINITY ? x[row][f] === cut : x[row][f] <= cut;
        };
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
function exactBoostedTree(data: Small, task: Task, { leaves: most, minLeaf, l2 }: BoostingOptions): number[] {
  const { y } = data;
  const mean = sum(y) / y.length;
  const gradient = y.map((value) => value - mean);
  const hessian = y.map(() => (task === 'binary' ? mean * (1 - mean) : 1));
  const gradientOf = (rows: number[]) => sum(rows.map((row) => gradient[row]));
  const hessianOf = (rows: number[]) => sum(rows.map((row) => hessian[row])) + l2;
  const score = (rows: number[]) => gradientOf(rows) ** 2 / hessianOf(rows);
  const leaves = [range(y.length)];
  while (leaves.length < most) {
    const gains = leaves.map((rows) => {
      const split = exactBest(data, rows, score, (side) => side.length >= minLeaf);
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
        async ({ y: targets, minLeaf, ...rest }, leaves) => {
          const y = targets.map((target) => (task === 'binary' ? Number(target > 0) : target));
          fc.pre(new Set(y).size > 1);
          const data = { ...rest, y };
          const options = { ...DEFAULTS, leaves, minLeaf, l2: 0.5 };
          const { forest, base } = await boosted(data, task, options);
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
      { numRuns: 150, seed: 1 },
    );
  });
}

/** A tree of two levels on drawn rows by the book: least variance within the children. */
function exactRandomTree(
  data: Small,
  draws: number[],
  minLeaf: number,
  depth: number,
): (number | undefined)[] {
  const { y } = data;
  const weight = (rows: number[]) => sum(rows.map((row) => draws[row]));
  const mean = (rows: number[]) => sum(rows.map((row) => draws[row] * y[row])) / weight(rows);
  const values = new Array<number | undefined>(y.length);
  const grow = (rows: number[], level: number) => {
    const split =
      level < depth && weight(rows) >= 2 * minLeaf
        ? exactBest(
            data,
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
    fc.asyncProperty(smallData, async ({ minLeaf, seed, x, y }) => {
      const data = { x, y };
      const count = y.length;
      const random = seededRandom(seed, 0);
      const draws = new Array<number>(count).fill(0);
      for (let i = 0; i < count; i++) draws[Math.floor(random() * count)]++;

      const options = { trees: 1, seed, minLeaf, featuresPerSplit: 4, maxDepth: 2, leaves: null };
      const job = { kind: 'random-forest' as const, ...(await prepared(data, 'regression')), options };
      const { forest } = growForestPart(
        { ...job, nextTree: new Int32Array(new SharedArrayBuffer(4)), module: kernelModule('forest') },
        () => {},
      );
      const found = predict(forest, x);
      exactRandomTree(data, draws, minLeaf, 2).forEach((value, row) => {
        if (value !== undefined) expect(found[row]).toBeCloseTo(value, 9);
      });
    }),
    { numRuns: 150, seed: 2 },
  );
});

const boostOnce = (data: Small) => boosted(data, 'regression', { leaves: 2 });

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
  const options = { trees: 5, learningRate: 0.5, leaves: 30, minLeaf: 7, maxDepth: 4 };
  const { forest } = await boosted({ x, y }, 'binary', options);
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
  const options = { trees: 20, learningRate: 0.3, leaves: 8, minLeaf: 5, l2: 1 };
  const { forest, base } = await boosted({ x, y }, 'regression', options, ({ loss }) => losses.push(loss));
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  const final = sum(predict(forest, x, base).map((value, i) => (value - y[i]) ** 2)) / 300;
  expect(final).toBeCloseTo(losses[19], 12);
});

test('the gain of a split is what it takes off the sum of squares', async () => {
  const x = range(60).map((i) => [i % 7, i % 11]);
  const y = range(60).map((i) => Math.cos(i) * 1e-3 + (i % 7 > 3 ? 5 : 0));
  const { forest, base } = await boosted({ x, y }, 'regression', { leaves: 5 });
  const squares = (values: number[]) => sum(values.map((value, i) => (y[i] - value) ** 2));
  const left = squares(predict(forest, x, base));
  expect(sum([...forest.gain])).toBeCloseTo(squares(y.map(() => base)) - left, 9);
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
