import { type PackedForest, PIECE_SIZE } from './packed-forest.js';

/** How many of the sorted values are less than `cell`; 0 for NaN. Sums instead of branches: the processor would guess half of them wrong. */
export function rankOf(values: Float64Array, cell: number): number {
  let low = 0;
  for (let count = values.length; count > 1; ) {
    const half = count >> 1;
    low += half * Number(values[low + half - 1] < cell);
    count -= half;
  }
  return low + Number(values[low] < cell);
}

/** Writes the ranks of rows from `first` on of a row-major matrix into an array that began as zeros: rowCount x slots; see `PackedForest`. */
export function rankRows(
  { asked, slots, featureCount }: PackedForest,
  x: Float64Array,
  first: number,
  rowCount: number,
  ranks: Int16Array,
): void {
  for (let row = 0; row < rowCount; row++) {
    const from = (first + row) * featureCount;
    const to = row * slots;
    for (const { feature, thresholds, slot, pieces } of asked) {
      const cell = x[from + feature];
      const isMissing = Number.isNaN(cell);
      // Of what is missing 0, so that it goes left unless it is told not to.
      const rank = rankOf(thresholds, cell);
      for (let piece = 0; piece < pieces; piece++) {
        const within = Math.max(0, Math.min(PIECE_SIZE, rank - piece * PIECE_SIZE));
        ranks[to + slot + 2 * piece] = isMissing ? PIECE_SIZE : within;
        ranks[to + slot + 2 * piece + 1] = within;
      }
    }
  }
}
