import { kernelModule } from '../kernels.js';
import type { Space } from './space.js';

/** A table of edges has this many: with fewer, infinities fill it up. */
export const EDGE_TABLE = 255;

/** The work of cutting values into bins. */
export interface BinKernel {
  /** Sorts numbers without NaN, ascending. */
  sort(values: Float64Array): void;
  /**
   * The bin of `count` values, `stride` apart in `x` from `first`: how many of the ascending `edges` are less; NaN goes
   * to `missingBin`. Returns whether there was one.
   */
  assign(
    x: Float64Array,
    first: number,
    stride: number,
    count: number,
    edges: Float64Array,
    missingBin: number,
    bins: Uint8Array,
  ): boolean;
}

export const plainBins: BinKernel = {
  sort(values) {
    values.sort();
  },
  assign(x, first, stride, count, edges, missingBin, bins) {
    let missing = false;
    for (let i = 0, at = first; i < count; i++, at += stride) {
      const value = x[at];
      if (Number.isNaN(value)) {
        bins[i] = missingBin;
        missing = true;
        continue;
      }
      let low = 0;
      for (let step = 128; step >= 1; step >>= 1) if (value > edges[low + step - 1]) low += step;
      bins[i] = low;
    }
    return missing;
  },
};

interface BinExports {
  assignBins(
    x: number,
    stride: number,
    count: number,
    edges: number,
    missingBin: number,
    bins: number,
  ): number;
  sortNumbers(values: number, count: number, spare: number, counts: number): void;
}

/** The same by WebAssembly: the arrays lie in the memory of `space`, and no more than `mostSorted` numbers are sorted. */
export function wasmBins(space: Space, mostSorted: number): BinKernel {
  const instance = new WebAssembly.Instance(kernelModule('trees')!, { env: { memory: space.memory } });
  const { assignBins, sortNumbers } = instance.exports as unknown as BinExports;
  const spare = space.numbers(mostSorted);
  const counts = space.ints(6 * 2048);
  return {
    sort(values) {
      if (values.length > 0)
        sortNumbers(values.byteOffset, values.length, spare.byteOffset, counts.byteOffset);
    },
    assign(x, first, stride, count, edges, missingBin, bins) {
      const at = x.byteOffset + first * 8;
      return assignBins(at, stride * 8, count, edges.byteOffset, missingBin, bins.byteOffset) !== 0;
    },
  };
}
