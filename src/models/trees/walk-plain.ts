import { type PackedForest, SLOT_BITS, SLOT_MASK, type Walk } from './packed-forest.js';
import { rankRows } from './rank-rows.js';

/** Trees and rows stay in the processor's cache. */
const MOST_ROWS = 256;
const MOST_LEAVES = 65_536;

/** How many rows are taken through four trees before the next four. */
export const blockRows = ({ roots }: PackedForest): number =>
  Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_LEAVES / Math.max(1, roots.length))));

/** The child for a category: in the set or not; one that the model does not know goes where missing values go. */
function childBySet(forest: PackedForest, node: number, x: Float64Array, offset: number): number {
  const { nodes, sets, setOf, categories } = forest;
  const question = nodes[2 * node + 1];
  const feature = question & SLOT_MASK;
  const cell = x[offset + feature];
  const known = cell >= 0 && cell < categories[feature];
  const goesLeft = known ? sets[setOf[node] + (cell >> 5)] >>> (cell & 31) : question >> SLOT_BITS;
  return nodes[2 * node] + 1 - (goesLeft & 1);
}

/** The plain twin of assembly/walk.ts: each rank that is greater than the question's has 1 as the sign of the difference. */
export function openPlainWalk(forest: PackedForest): Walk {
  const { nodes, roots, slots, featureCount } = forest;
  const most = blockRows(forest);
  const ranks = new Int16Array(most * slots);
  const found = new Int32Array(most * roots.length);
  return {
    most,
    leaves(x, first, rowCount) {
      rankRows(forest, x, first, rowCount, ranks);
      roots.forEach((root, tree) => {
        for (let row = 0; row < rowCount; row++) {
          let node = root;
          for (;;) {
            const question = nodes[2 * node + 1];
            const next =
              question < 0
                ? childBySet(forest, node, x, (first + row) * featureCount)
                : nodes[2 * node] +
                  (((question >> SLOT_BITS) - ranks[row * slots + (question & SLOT_MASK)]) >>> 31);
            if (next === node) break;
            node = next;
          }
          found[row * roots.length + tree] = node;
        }
      });
      return found;
    },
  };
}
