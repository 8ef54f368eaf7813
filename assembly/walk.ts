// The walk of rows through the trees of a forest, to the leaves they fall into. Its plain twin is src/models/trees/walk-plain.ts: both
// end in the same leaves. The caller lays out the memory; what the words of a node say stands at src/models/trees/packed-forest.ts.

const SLOT_BITS: i32 = 17;
const SLOT_MASK: u32 = (1 << 17) - 1;

let nodes: usize, sets: usize, setOf: usize, categories: usize;

export function setForest(nodesAt: usize, setsAt: usize, setOfAt: usize, categoriesAt: usize): void {
  nodes = nodesAt;
  sets = setsAt;
  setOf = setOfAt;
  categories = categoriesAt;
}

function childBySet(node: u32, question: u32, cells: usize): u32 {
  const feature = <usize>(question & SLOT_MASK);
  const cell = load<f64>(cells + (feature << 3));
  let goesLeft = question >> SLOT_BITS;
  if (cell >= 0 && cell < <f64>load<i32>(categories + (feature << 2))) {
    const category = <u32>cell;
    const word = load<u32>(setOf + (<usize>node << 2)) + (category >> 5);
    goesLeft = load<u32>(sets + (<usize>word << 2)) >> (category & 31);
  }
  return load<u32>(nodes + (<usize>node << 3)) + 1 - (goesLeft & 1);
}

// @ts-ignore: decorator
@inline
function nextNode(at: usize, node: u32, ranks: usize, cells: usize): u32 {
  const place = at + (<usize>node << 3);
  const question = load<i32>(place, 4);
  if (question < 0) return childBySet(node, question, cells);
  const rank = <i32>load<i16>(ranks + (<usize>(question & SLOT_MASK) << 1));
  return load<u32>(place) + (<u32>((question >> SLOT_BITS) - rank) >>> 31);
}

/** Walks rows through four trees at once, so that the processor waits for their nodes together; `roots` has 4n trees. */
export function walk(
  roots: usize, treeCount: u32, ranks: usize, rankBytes: usize, cells: usize, cellBytes: usize, rowCount: u32, leaves: usize,
): void {
  const at = nodes;
  const bytes = <usize>treeCount << 2;
  for (let tree: usize = 0; tree < bytes; tree += 16) {
    const first = roots + tree;
    const rootA = load<u32>(first), rootB = load<u32>(first, 4), rootC = load<u32>(first, 8), rootD = load<u32>(first, 12);
    let out = leaves + tree;
    let rank = ranks;
    let cell = cells;
    for (let row: u32 = 0; row < rowCount; row++) {
      let a = rootA, b = rootB, c = rootC, d = rootD;
      for (;;) {
        const nextA = nextNode(at, a, rank, cell), nextB = nextNode(at, b, rank, cell);
        const nextC = nextNode(at, c, rank, cell), nextD = nextNode(at, d, rank, cell);
        if (((nextA ^ a) | (nextB ^ b) | (nextC ^ c) | (nextD ^ d)) == 0) break;
        a = nextA;
        b = nextB;
        c = nextC;
        d = nextD;
      }
      store<u32>(out, a);
      store<u32>(out, b, 4);
      store<u32>(out, c, 8);
      store<u32>(out, d, 12);
      out += bytes;
      rank += rankBytes;
      cell += cellBytes;
    }
  }
}
