import { type Forest, type ForestShape, setWords } from '../../src/models/trees/forest.js';
import { ForestBuilder } from '../../src/models/trees/forest-builder.js';
import { seededRandom } from '../../src/util/random.js';

/** Features 3 and 4 are categories, of one word and of two. */
const CATEGORIES = Int32Array.of(0, 0, 0, 6, 40);
export const FEATURES = CATEGORIES.length;

export function shapeOf(outputs: number, leafWidth: number): ForestShape {
  return { featureCount: FEATURES, categories: CATEGORIES, outputs, leafWidth };
}

/** A forest of random shape, its leaves' values drawn by `value` and the rows of a node shared out by `share`. */
export function growRandomForest(
  { treeCount, splits, seed }: { treeCount: number; splits: number; seed: number },
  shape: ForestShape,
  value: (random: () => number) => number,
  share: (random: () => number) => number = (random) => random(),
): Forest {
  const random = seededRandom(seed);
  const builder = new ForestBuilder(shape);
  const word = () => Math.floor(random() * 2 ** 32) | 0;
  for (let tree = 0; tree < treeCount; tree++) {
    const leaves = [{ node: builder.addTree(1000), cover: 1000 }];
    for (let i = Math.floor(random() * splits); i > 0; i--) {
      const [{ node, cover }] = leaves.splice(Math.floor(random() * leaves.length), 1);
      const feature = Math.floor(random() * shape.featureCount);
      const words = setWords(shape.categories[feature]);
      const leftCover = cover * share(random);
      const left = builder.split(node, {
        feature,
        threshold: words > 0 ? 0 : Math.round(random() * 8) / 4 - 1,
        ...(words > 0 ? { set: Int32Array.from({ length: words }, word) } : {}),
        missingLeft: random() < 0.5,
        gain: random(),
        ...{ leftCover, rightCover: cover - leftCover },
      });
      leaves.push({ node: left, cover: leftCover }, { node: left + 1, cover: cover - leftCover });
    }
    for (const { node } of leaves)
      builder.setValue(
        node,
        Float64Array.from({ length: shape.leafWidth }, () => value(random)),
      );
  }
  return builder.finish();
}

/** Missing values, infinities, and categories up to one that the forest does not know. */
export function randomRows(rowCount: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: rowCount * FEATURES }, (_, i) => {
    const categories = CATEGORIES[i % FEATURES];
    if (random() < 0.2) return Number.NaN;
    if (categories > 0) return Math.floor(random() * (categories + 2)) - 1;
    if (random() < 0.05) return random() < 0.5 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    return Math.round(random() * 16) / 8 - 1;
  });
}

/** Whether a row goes left at a node, as the forest's format says, written down a second time. */
export function isLeft(
  { feature, threshold, missingLeft, set, sets, categories }: Forest,
  node: number,
  cell: number,
): boolean {
  const count = categories[feature[node]];
  if (Number.isNaN(cell) || (count > 0 && (cell < 0 || cell >= count))) return missingLeft[node] === 1;
  if (count === 0) return cell <= threshold[node];
  return Math.floor((sets[set[node] + Math.floor(cell / 32)] >>> 0) / 2 ** (cell % 32)) % 2 === 1;
}
