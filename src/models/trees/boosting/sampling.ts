import { type Random, seededRandom } from '../../../util/random.js';
import type { BinnedColumns } from '../bins.js';

/** The features that can part rows at all. */
export function usefulFeatures({ valueBins, hasMissing }: BinnedColumns): Int32Array {
  const all = Int32Array.from(valueBins, (_, feature) => feature);
  return all.filter((feature) => valueBins[feature] + hasMissing[feature] > 1);
}

/** How many a share of `count` is: at least one where there is one. */
const shareOf = (share: number, count: number) => Math.min(count, Math.max(1, Math.round(share * count)));

/** Draws `wanted` of `count` without putting back, each set alike (Knuth, algorithm S); `take` gets them in order. */
function draw(count: number, wanted: number, random: Random, take: (i: number) => void): void {
  let left = wanted;
  for (let i = 0; i < count && left > 0; i++) {
    if (random() * (count - i) >= left) continue;
    take(i);
    left--;
  }
}

/** Random numbers for round or tree `number`, of rows (0) or of features (1). */
const randomOf = (seed: number, number: number, what: 0 | 1) => seededRandom(seed, number * 2 + what);

/** Marks the rows that a round learns from. */
export function drawRows(drawn: Uint8Array, share: number, seed: number, round: number): void {
  drawn.fill(0);
  draw(drawn.length, shareOf(share, drawn.length), randomOf(seed, round, 0), (row) => {
    drawn[row] = 1;
  });
}

/** The features that a tree may ask for. */
export function drawFeatures(features: Int32Array, share: number, seed: number, tree: number): Int32Array {
  if (share >= 1 || features.length === 0) return features;
  const chosen: number[] = [];
  draw(features.length, shareOf(share, features.length), randomOf(seed, tree, 1), (i) =>
    chosen.push(features[i]),
  );
  return Int32Array.from(chosen);
}
