import type { Forest } from './forest.js';
import { type AskedFeature, BY_SET, type PackedForest, PIECE_SIZE, SLOT_BITS } from './packed-forest.js';
import { rankOf } from './rank-rows.js';

/** The distinct thresholds of each feature, sorted. */
function thresholdsByFeature({ feature, threshold, categories, featureCount }: Forest): Float64Array[] {
  const asksNumber = (node: number) => feature[node] >= 0 && categories[feature[node]] === 0;
  const counts = new Int32Array(featureCount);
  for (let k = 0; k < feature.length; k++) if (asksNumber(k)) counts[feature[k]]++;
  const all = Array.from(counts, (count) => new Float64Array(count));
  for (let k = feature.length - 1; k >= 0; k--)
    if (asksNumber(k)) all[feature[k]][--counts[feature[k]]] = threshold[k];
  return all.map((values) => {
    values.sort();
    return values.filter((value, i) => i === 0 || value !== values[i - 1]);
  });
}

function askedFeatures(byFeature: readonly Float64Array[]): AskedFeature[] {
  const asked: AskedFeature[] = [];
  let slot = 1;
  byFeature.forEach((thresholds, feature) => {
    const pieces = Math.ceil(thresholds.length / PIECE_SIZE);
    if (pieces > 0) asked.push({ feature, thresholds, slot, pieces });
    slot += 2 * pieces;
  });
  return asked;
}

/**
 * Lays a forest out. `single` is for trees of a program that sums in float32: its answers are met to the last bit only when
 * the sums are rounded as it rounds them.
 */
export function packForest(forest: Forest, { single = false } = {}): PackedForest {
  const { featureCount, outputs, leafWidth, categories, sets, feature, threshold, missingLeft, roots } =
    forest;
  const nodeCount = feature.length;
  const asked = askedFeatures(thresholdsByFeature(forest));
  const askedOf = new Map(asked.map((one) => [one.feature, one]));
  const questionOf = (node: number): number => {
    if (categories[feature[node]] > 0) return BY_SET | (missingLeft[node] << SLOT_BITS) | feature[node];
    const { thresholds, slot } = askedOf.get(feature[node])!;
    const rank = rankOf(thresholds, threshold[node]);
    const piece = Math.floor(rank / PIECE_SIZE);
    return ((rank - piece * PIECE_SIZE) << SLOT_BITS) | (slot + 2 * piece + missingLeft[node]);
  };
  const nodes = new Int32Array((nodeCount + 1) * 2);
  for (let k = 0; k <= nodeCount; k++) {
    const isLeaf = k === nodeCount || feature[k] < 0;
    nodes[2 * k] = isLeaf ? k : forest.left[k];
    if (!isLeaf) nodes[2 * k + 1] = questionOf(k);
  }
  const values = new Float64Array((nodeCount + 1) * leafWidth);
  values.set(forest.value);
  const padded = new Int32Array(Math.ceil(roots.length / 4) * 4).fill(nodeCount);
  padded.set(roots);
  return {
    ...{ featureCount, outputs, leafWidth, nodes, values, categories, sets, asked, single, roots: padded },
    setOf: categories.some((count) => count > 0) ? forest.set : new Int32Array(0),
    slots: asked.reduce((sum, { pieces }) => sum + 2 * pieces, 1),
    walk: null,
  };
}
