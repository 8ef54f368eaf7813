import { measureNode, searchSums, type Workshop } from './random-split.js';
import type { Space } from './space.js';
import { partitionBySides } from './split-rows.js';

/** The work on a node, by one sum a row and on features that are numbers. */
export interface NodeWork {
  /** Sums up rows[from..to), which become the present node, into `node`; returns whether their targets differ. */
  measure(from: number, to: number): boolean;
  /**
   * Puts the best split of the present node on the first `count` of these features into `best`, where it scores higher than what
   * stands there; returns whether the node's rows differ in any of them.
   */
  search(features: Int32Array, count: number): boolean;
  /** Sorts rows[from..to) by the `sides` of their bins of a feature, each side in its order; returns where the right side begins. */
  partition(feature: number, from: number, to: number): number;
}

/** Room for four histograms, their marks and the rows of a small node. */
const ROOM_BYTES = 20_000;

/** The plain twin of the kernel `forest`. */
function plainWork(shop: Workshop): NodeWork {
  let from = 0;
  let to = 0;
  return {
    measure(first, end) {
      from = first;
      to = end;
      return measureNode(shop, first, end);
    },
    search(features, count) {
      let varied = false;
      for (let k = 0; k < count; k++) if (searchSums(shop, features[k], from, to)) varied = true;
      return varied;
    },
    partition: (feature, first, end) =>
      partitionBySides(shop.columns, feature, shop.sides, shop.rows, first, end, shop.scratch),
  };
}

interface ForestExports {
  setUp(...addresses: number[]): void;
  measure(from: number, to: number): number;
  nodeWeight(): number;
  nodeSum(): number;
  search(features: number, count: number): number;
  partition(feature: number, from: number, to: number): number;
}

/** The same by WebAssembly, with the same bytes as answer; the arrays of the workshop lie in the memory of `space`. */
function wasmWork(shop: Workshop, module: WebAssembly.Module, space: Space): NodeWork {
  const { exports } = new WebAssembly.Instance(module, { env: { memory: space.memory } });
  const kernel = exports as unknown as ForestExports;
  const { columns, targets, counts, rows, scratch, best, sides, node, minLeaf } = shop;
  const valueBins = space.ints(columns.featureCount);
  valueBins.set(columns.valueBins);
  const at = (array: { byteOffset: number }) => array.byteOffset;
  kernel.setUp(
    at(columns.bins),
    columns.rowCount,
    ...[targets, counts, rows, scratch, valueBins, space.bytes(ROOM_BYTES)].map(at),
    ...[best.reals, best.ints, sides].map(at),
    minLeaf,
  );
  return {
    measure(from, to) {
      const differ = kernel.measure(from, to) !== 0;
      node.weight = kernel.nodeWeight();
      node.sums[0] = kernel.nodeSum();
      return differ;
    },
    search: (features, count) => kernel.search(features.byteOffset, count) !== 0,
    partition: (feature, from, to) => kernel.partition(feature, from, to),
  };
}

/** The compiled kernel `forest`, where there is one, the data lies in a kernel's memory and the sums are single ones. */
export function nodeWork(shop: Workshop, space: Space, module: WebAssembly.Module | null): NodeWork {
  const fits = space.memory !== null && shop.width === 1;
  return module === null || !fits ? plainWork(shop) : wasmWork(shop, module, space);
}
