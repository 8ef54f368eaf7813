import type { BinnedColumns } from '../bins.js';
import type { Space } from '../space.js';
import { fillSides } from '../split-rows.js';
import { type GrowthKernel, LOGS_AT_ONCE, layOutHistogram } from './kernel.js';

type Kernel = (...args: number[]) => number;

/** What assembly/trees.ts exports for growth. Places in memory are in bytes. */
interface Exports {
  exponentials: Kernel;
  logistic: Kernel;
  greatest: Kernel;
  products: Kernel;
  quantise: Kernel;
  clear: Kernel;
  countAll: Kernel;
  countRows: Kernel;
  subtract: Kernel;
  unpack: Kernel;
  findSplit: Kernel;
  partition: Kernel;
  partitionAt: Kernel;
  numberRows: Kernel;
  sumRows: Kernel;
  addToRows: Kernel;
}

/** No bin has this number. */
const NO_BIN = 256;

/** Bytes of a histogram's entry, and of a row's statistics. */
const ENTRY = 16;

/** The kernel reads up to so many entries behind a histogram's last. */
const SPARE_ENTRIES = 3;

/** The kernel lines up the statistics of so many rows at a time. */
const BLOCK_ROWS = 1024;

/** Two numbers are taken at a time: an array's last line of memory is its own, so an odd one may be stepped over. */
const evenBytes = ({ length }: Float64Array) => (length + (length % 2)) * 8;

/** The hot loops in WebAssembly, on columns and arrays that lie in the memory of `space`. */
export function openWasmKernel(
  columns: BinnedColumns,
  space: Space,
  module: WebAssembly.Module,
): GrowthKernel {
  const { bins, rowCount } = columns;
  const instance = new WebAssembly.Instance(module, { env: { memory: space.memory } });
  const run = instance.exports as unknown as Exports;
  const { offsets, entries } = layOutHistogram(columns.valueBins, columns.hasMissing);
  const tables = { offsets: space.ints(offsets.length), valueBins: space.ints(offsets.length) };
  tables.offsets.set(offsets);
  tables.valueBins.set(columns.valueBins);
  const places = {
    bins: bins.byteOffset,
    offsets: tables.offsets.byteOffset,
    valueBins: tables.valueBins.byteOffset,
    hasMissing: columns.hasMissing.byteOffset,
  };
  const histogramBytes = entries * ENTRY;
  const statistics = space.numbers(rowCount * 2).byteOffset;
  const lined = space.numbers(BLOCK_ROWS * 2).byteOffset;
  const scratch = space.ints(rowCount + 1).byteOffset;
  const sides = space.bytes(256);
  const listed = space.ints(offsets.length);
  const out = space.numbers(8);
  const total = new BigInt64Array(out.buffer, out.byteOffset, 2);
  const unpacked = space.numbers(3 * 256);
  const histograms: number[] = [];
  const spare: number[] = [];
  let hessianBits = 0;

  let last: Int32Array | null = null;
  /** The features where the kernel reads them. */
  const list = (features: Int32Array) => {
    if (features !== last) listed.set(features);
    last = features;
    return listed.byteOffset;
  };

  return {
    exponentials(values) {
      run.exponentials(values.byteOffset, evenBytes(values));
    },
    logistic(sums, y, gradient, hessian, over) {
      run.logistic(
        sums.byteOffset,
        y.byteOffset,
        gradient.byteOffset,
        hessian.byteOffset,
        over.byteOffset,
        evenBytes(sums),
        out.byteOffset,
      );
      return out[0] + out[1];
    },
    greatest(values) {
      const even = values.length - (values.length % 2);
      run.greatest(values.byteOffset, even * 8, out.byteOffset);
      return Math.max(out[0], out[1], even < values.length ? Math.abs(values[even]) : 0);
    },
    sumLogs(values) {
      let sum = 0;
      for (let from = 0; from < values.length; from += LOGS_AT_ONCE) {
        const to = Math.min(from + LOGS_AT_ONCE, values.length);
        const isOdd = (to - from) % 2 === 1;
        run.products(values.byteOffset + from * 8, (to - from - (isOdd ? 1 : 0)) * 8, out.byteOffset);
        sum += Math.log(out[0] * out[1] * (isOdd ? values[to - 1] : 1));
      }
      return sum;
    },
    quantise(gradient, hessian, drawn, units) {
      hessianBits = units.hessianBits;
      run.quantise(
        gradient.byteOffset,
        hessian.byteOffset,
        drawn?.byteOffset ?? 0,
        rowCount,
        units.gradientScale,
        units.hessianScale,
        hessianBits,
        statistics,
        out.byteOffset,
      );
      const second = total[1];
      return {
        gradient: Number(total[0]),
        hessian: Number(second & ((1n << BigInt(hessianBits)) - 1n)),
        count: Number(second >> BigInt(hessianBits)),
        squares: out[2],
      };
    },
    take() {
      const free = spare.pop();
      return free ?? histograms.push(space.numbers((entries + SPARE_ENTRIES) * 2).byteOffset) - 1;
    },
    giveBack(histogram) {
      spare.push(histogram);
    },
    count(histogram, features, rows, from, to) {
      const target = histograms[histogram];
      run.clear(target, histogramBytes);
      const listedAt = list(features);
      const { length } = features;
      if (to - from === rowCount)
        run.countAll(places.bins, rowCount, listedAt, length, places.offsets, statistics, target);
      else {
        const first = rows.byteOffset + from * 4;
        const [at, count] = [places.offsets, to - from];
        run.countRows(places.bins, rowCount, listedAt, length, at, statistics, target, first, count, lined);
      }
    },
    subtract(parent, child) {
      run.subtract(histograms[parent], histograms[child], histogramBytes);
    },
    findSplit(histogram, features, node, { minLeaf, minHessian, l1, l2 }, score) {
      out[0] = score;
      out[4] = -1;
      run.findSplit(
        histograms[histogram],
        list(features),
        features.length,
        places.offsets,
        places.valueBins,
        places.hasMissing,
        hessianBits,
        node.gradient,
        node.hessian,
        node.count,
        minLeaf,
        minHessian,
        l1,
        l2,
        out.byteOffset,
      );
      const feature = out[4];
      if (feature < 0) return null;
      const [count, bin, side] = [out[3], out[5], out[6]];
      const missingLeft = side < 0 ? count > node.count - count : side === 1;
      return { feature, bin, missingLeft, score: out[0], left: { gradient: out[1], hessian: out[2], count } };
    },
    unpack(histogram, feature) {
      const count = columns.valueBins[feature] + columns.hasMissing[feature];
      run.unpack(histograms[histogram] + offsets[feature] * ENTRY, count, hessianBits, unpacked.byteOffset);
      return unpacked.subarray(0, count * 3);
    },
    partition(split, rows, from, to) {
      const { feature, bin, missingLeft, leftBins } = split;
      const column = places.bins + feature * rowCount;
      const first = rows.byteOffset + from * 4;
      if (leftBins === undefined) {
        const also = missingLeft ? columns.valueBins[feature] : NO_BIN;
        return from + run.partitionAt(column, first, to - from, bin, also, scratch);
      }
      fillSides(columns, split, sides);
      return from + run.partition(column, first, to - from, sides.byteOffset, scratch);
    },
    numberRows(rows) {
      run.numberRows(rows.byteOffset, rows.length);
    },
    sumRows(gradient, hessian, rows, from, to) {
      const first = rows.byteOffset + from * 4;
      run.sumRows(gradient.byteOffset, hessian.byteOffset, first, to - from, out.byteOffset);
      return { gradient: out[0], hessian: out[1] };
    },
    addToRows(sums, rows, from, to, value) {
      run.addToRows(sums.byteOffset, rows.byteOffset + from * 4, to - from, value);
    },
  };
}
