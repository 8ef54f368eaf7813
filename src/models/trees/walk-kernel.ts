import { kernelModule } from '../kernels.js';
import type { PackedForest, Walk } from './packed-forest.js';
import { rankRows } from './rank-rows.js';
import { blockRows } from './walk-plain.js';

/** What assembly/walk.ts exports; addresses are bytes. */
interface WalkExports {
  setForest(nodes: number, sets: number, setOf: number, categories: number): void;
  walk(
    ...places: [
      ...[roots: number, treeCount: number, ranks: number, rankBytes: number],
      ...[cells: number, cellBytes: number, rowCount: number, leaves: number],
    ]
  ): void;
}

const PAGE = 65_536;
const MOST_PAGES = 65_536;
/** Arrays begin where a line of the processor's cache does. */
const LINE = 64;

/** Lays arrays one behind the other. */
function createLayout() {
  let end = LINE;
  return {
    take(bytes: number): number {
      const at = end;
      end += Math.ceil(bytes / LINE) * LINE;
      return at;
    },
    pages: () => Math.ceil(end / PAGE),
  };
}

/** The compiled walk, with the forest in its memory; null where the machine has no kernel, or no memory for it. */
export function openKernelWalk(forest: PackedForest): Walk | null {
  const module = kernelModule('walk');
  if (module === null) return null;
  const { nodes, sets, setOf, categories, roots, slots, featureCount } = forest;
  const most = blockRows(forest);
  const cellCount = setOf.length === 0 ? 0 : featureCount;
  const layout = createLayout();
  const at = {
    ...{ nodes: layout.take(nodes.byteLength), sets: layout.take(sets.byteLength) },
    ...{ setOf: layout.take(setOf.byteLength), categories: layout.take(categories.byteLength) },
    ...{ roots: layout.take(roots.byteLength), ranks: layout.take(most * slots * 2) },
    ...{ cells: layout.take(most * cellCount * 8), leaves: layout.take(most * roots.length * 4) },
  };
  const pages = layout.pages();
  if (pages > MOST_PAGES) return null;
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    // A process may have a bound on its addresses, of which a memory takes gigabytes.
    return null;
  }
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as WalkExports;
  for (const name of ['nodes', 'sets', 'setOf', 'categories', 'roots'] as const)
    new Int32Array(memory.buffer, at[name], forest[name].length).set(forest[name]);
  exports.setForest(at.nodes, at.sets, at.setOf, at.categories);
  const ranks = new Int16Array(memory.buffer, at.ranks, most * slots);
  const cells = new Float64Array(memory.buffer, at.cells, most * cellCount);
  const found = new Int32Array(memory.buffer, at.leaves, most * roots.length);
  return {
    most,
    leaves(x, first, rowCount) {
      rankRows(forest, x, first, rowCount, ranks);
      if (cellCount > 0) cells.set(x.subarray(first * cellCount, (first + rowCount) * cellCount));
      exports.walk(
        ...([at.roots, roots.length, at.ranks, slots * 2] as const),
        ...([at.cells, cellCount * 8, rowCount, at.leaves] as const),
      );
      return found;
    },
  };
}
