import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kernelModule } from '../../src/models/kernels.js';
import type { Task } from '../../src/models/learner.js';
import { plainBins, wasmBins } from '../../src/models/trees/bin-kernel.js';
import { binColumns } from '../../src/models/trees/bins.js';
import { type BoostingOptions, boost } from '../../src/models/trees/boost.js';
import { exponential, openPlainKernel } from '../../src/models/trees/boosting/plain-kernel.js';
import { chooseUnits } from '../../src/models/trees/boosting/units.js';
import { openWasmKernel } from '../../src/models/trees/boosting/wasm-kernel.js';
import { prepareData } from '../../src/models/trees/prepare.js';
import { openMemory, Space } from '../../src/models/trees/space.js';
import { seededRandom } from '../../src/util/random.js';
import { fitBoosting, tableOf } from './boosting-data.js';
import { sameBytes } from './credit-data.js';

const root = join(import.meta.dirname, '..', '..');
const range = (length: number) => Array.from({ length }, (_, i) => i);

test('each kernel is compiled from its source: SHA256SUMS names both', () => {
  const lines = readFileSync(join(root, 'assembly', 'SHA256SUMS'), 'utf8')
    .trim()
    .split('\n');
  const sources = readdirSync(join(root, 'assembly')).filter((file) => file.endsWith('.ts'));
  const files = sources.flatMap((source) => [source, source.replace('.ts', '.wasm')]).sort();
  expect(lines.map((line) => line.slice(66))).toEqual(files);
  for (const line of lines) {
    const file = line.slice(66);
    const content = readFileSync(join(root, file.endsWith('.ts') ? 'assembly' : 'dist/kernels', file));
    expect([file, createHash('sha256').update(content).digest('hex')]).toEqual([file, line.slice(0, 64)]);
  }
});

test('a kernel is compiled once; one that is not there is null', () => {
  expect(kernelModule('trees')).toBeInstanceOf(WebAssembly.Module);
  expect(kernelModule('trees')).toBe(kernelModule('trees'));
  expect(kernelModule('no such kernel')).toBeNull();
});

test('numbers are sorted and cut into bins alike, by the kernel and its twin', () => {
  const numbers = fc.double({ noNaN: true });
  const space = new Space(openMemory());
  const kernel = wasmBins(space, 300);
  const inSpace = (values: number[]) => {
    const array = space.numbers(values.length);
    array.set(values);
    return array;
  };
  fc.assert(
    fc.property(
      fc.array(numbers, { maxLength: 300 }),
      fc.array(fc.oneof(numbers, fc.constant(Number.NaN)), { minLength: 1, maxLength: 50 }),
      (values, cells) => {
        const [a, b] = [inSpace(values), Float64Array.from(values)];
        kernel.sort(a);
        plainBins.sort(b);
        expect(sameBytes(a, b)).toBe(true);

        const edges = inSpace(
          [...new Set(b.subarray(0, 255)), ...range(255).map(() => Infinity)].slice(0, 255),
        );
        const x = inSpace(cells);
        const bins = [space.bytes(cells.length), new Uint8Array(cells.length)];
        const missing = [kernel, plainBins].map((one, i) =>
          one.assign(x, 0, 1, cells.length, edges, 255, bins[i]),
        );
        expect(bins[0]).toEqual(bins[1]);
        expect(missing[0]).toBe(missing[1]);
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

/** Both kernels on the same columns, with room for arrays. */
async function bothKernels(rowCount: number) {
  const random = seededRandom(rowCount);
  const x = Float64Array.from({ length: rowCount * 3 }, () => (random() < 0.1 ? Number.NaN : random()));
  const space = new Space(openMemory());
  const raw = { x, rowCount, featureCount: 3, categories: new Int32Array(3) };
  const columns = await binColumns(raw, space);
  return {
    space,
    random,
    kernels: [openPlainKernel(columns), openWasmKernel(columns, space, kernelModule('trees')!)],
  };
}

test('e to a power: within 2 units in the last place of the engine, and the same bits by the kernel', async () => {
  const { space, random, kernels } = await bothKernels(10);
  const x = space.numbers(20_001);
  for (let i = 0; i < x.length; i++) x[i] = (random() - 0.5) * (i % 2 === 0 ? 1400 : 2);
  x.set([0, -0, 700, -700, 1e9, -1e9, Number.MIN_VALUE]);
  const wanted = x.map(exponential);
  for (const [i, value] of wanted.entries()) {
    const exact = Math.exp(Math.min(Math.max(x[i], -700), 700));
    expect(Math.abs(value - exact)).toBeLessThanOrEqual(2 * 2 ** -52 * exact);
  }
  kernels[1].exponentials(x);
  expect(sameBytes(x, wanted)).toBe(true);
});

test('sums of whole numbers are the same in any order, and those of a parent less one child are the other child', async () => {
  for (const rowCount of [7, 1000, 5001]) {
    const { space, random, kernels } = await bothKernels(rowCount);
    const [gradient, hessian] = [space.numbers(rowCount), space.numbers(rowCount)];
    for (let i = 0; i < rowCount; i++) [gradient[i], hessian[i]] = [(random() - 0.5) * 1e-3, random() * 7];
    const units = chooseUnits(rowCount, { gradient: kernels[0].greatest(gradient), hessian: 7 });
    const features = Int32Array.of(0, 1, 2);
    const unpacked = kernels.map((kernel) => {
      const totals = kernel.quantise(gradient, hessian, null, units);
      const rows = space.ints(rowCount);
      kernel.numberRows(rows);
      const [whole, part, other] = [kernel.take(), kernel.take(), kernel.take()];
      kernel.count(whole, features, rows, 0, rowCount);
      kernel.count(part, features, rows, 0, rowCount >> 1);
      rows.subarray(rowCount >> 1).reverse();
      kernel.count(other, features, rows, rowCount >> 1, rowCount);
      kernel.subtract(whole, part);
      const lists = [whole, part, other].map((histogram) => Array.from(kernel.unpack(histogram, 2)));
      expect(lists[0]).toEqual(lists[2]);
      const sum = (list: number[], k: number) =>
        list.reduce((total, value, i) => total + (i % 3 === k ? value : 0), 0);
      expect([0, 1, 2].map((k) => sum(lists[0], k) + sum(lists[1], k))).toEqual([
        totals.gradient,
        totals.hessian,
        totals.count,
      ]);
      return { totals, lists };
    });
    expect(unpacked[1]).toEqual(unpacked[0]);
    const real = gradient.reduce((sum, value) => sum + value, 0);
    expect(unpacked[0].totals.gradient / units.gradientScale).toBeCloseTo(real, 12);
  }
});

const settings: [string, Task, Partial<BoostingOptions>][] = [
  ['squared, all kinds of limits', 'regression', { l1: 0.3, l2: 0.5, maxDepth: 4, leaves: 12 }],
  ['squared, monotone', 'regression', { monotone: Int8Array.of(1, -1, 0, 0, 0, 0) }],
  ['absolute', 'regression', { loss: 'absolute' }],
  ['quantile, shares', 'regression', { loss: 'quantile', quantile: 0.8, rowShare: 0.6, columnShare: 0.5 }],
  ['two classes', 'binary', { l2: 0 }],
  ['two classes, near certain', 'binary', { l2: 0, learningRate: 1, minLeaf: 1, trees: 25 }],
  ['two classes, early stopping', 'binary', { earlyStopping: 3, trees: 60 }],
  ['three classes', 'multiclass', { rowShare: 0.7 }],
];

const CLASSES = { regression: 0, binary: 2, multiclass: 3 };

/** Numbers and categories, few and many, some missing, and a target that hangs on them. */
function mixedTable(count: number, task: Task, weighted: boolean, seed: number) {
  const random = seededRandom(seed);
  const cell = (column: number) => {
    if (random() < 0.1) return Number.NaN;
    return column >= 4 ? Math.floor(random() * (column === 4 ? 3 : 30)) : random() * 4;
  };
  const x = range(count).map(() => range(6).map(cell));
  const y = x.map((row) => {
    const score = Math.sin(row[0] || 0) + (row[1] > 2 ? 1 : 0) + ((row[5] || 0) % 3) / 2 + random();
    if (task === 'regression') return score * 1000;
    return task === 'binary' ? Number(score > 2) : Math.min(2, Math.floor(score / 1.2));
  });
  const weights = weighted ? range(count).map(() => 0.1 + random() * 5) : undefined;
  return tableOf(
    x,
    y.map((value) => (task === 'regression' ? value : Math.max(0, value))),
    {
      categories: [0, 0, 0, 0, 3, 30],
      classCount: CLASSES[task],
      weights,
    },
  );
}

for (const [name, task, some] of settings) {
  for (const weighted of [false, true]) {
    test(`the same model bytes with WebAssembly and without: ${name}${weighted ? ', weighted' : ''}`, async () => {
      const data = mixedTable(1501, task, weighted, 1);
      const watched = mixedTable(300, task, weighted, 2);
      const options: BoostingOptions = {
        ...{ trees: 12, learningRate: 0.1, leaves: 31, minLeaf: 20, maxDepth: null, l1: 0, l2: 1 },
        ...{ rowShare: 1, columnShare: 1, earlyStopping: null, seed: 0 },
        ...{ loss: 'squared', quantile: 0.5, monotone: null, ...some },
      };
      const grow = async (kernels: 'js' | 'wasm') => {
        const metrics: Record<string, number>[] = [];
        const prepared = await prepareData(data, task, { kernels });
        expect(prepared.memory === null).toBe(kernels === 'js');
        const model = boost(prepared, options, watched, kernelModule('trees'), (step) => metrics.push(step));
        return { model, metrics };
      };
      const [plain, wasm] = [await grow('js'), await grow('wasm')];
      expect(wasm).toEqual(plain);
      expect(plain.model.forest.feature.length).toBeGreaterThan(100);
    });
  }
}

test('a learner says which kernels it may use, and gives the same file', async () => {
  const data = mixedTable(400, 'binary', true, 3);
  const [plain, wasm, left] = await Promise.all(
    (['js', 'wasm', undefined] as const).map((kernels) =>
      fitBoosting(data, 'binary', { trees: 5 }, { kernels }),
    ),
  );
  expect(wasm.save()).toEqual(plain.save());
  expect(left.save()).toEqual(plain.save());
});
