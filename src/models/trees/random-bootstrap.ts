import type { Random } from '../../util/random.js';

/** Whole-number weights count rows, as long as there are not more than this many draws for each row. */
const MOST_DRAWS_A_ROW = 20;

/** How the rows of a tree are drawn. */
export interface Urn {
  rowCount: number;
  /** How many rows are drawn for a tree. */
  draws: number;
  /** Of each row the weights up to and with it; null where all rows are drawn alike. */
  upTo: Float64Array | null;
}

/**
 * Rows are drawn with replacement, by their weights. Whole-number weights count rows: there are as many draws as their sum, so
 * that a weight of 2 is the row twice. Other weights compare rows: there are as many draws as rows.
 */
export function openUrn(rowCount: number, weights: Float64Array | null): Urn {
  if (weights === null) return { rowCount, draws: rowCount, upTo: null };
  // Weights of any size are compared by their shares of the largest: their sum is finite.
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const areCounts = weights.every(Number.isInteger) && largest <= Number.MAX_SAFE_INTEGER / rowCount;
  const unit = areCounts ? 1 : largest;
  const upTo = new Float64Array(rowCount);
  let sum = 0;
  for (let row = 0; row < rowCount; row++) {
    sum += weights[row] / unit;
    upTo[row] = sum;
  }
  return { rowCount, draws: areCounts && sum <= MOST_DRAWS_A_ROW * rowCount ? sum : rowCount, upTo };
}

/** The row at a place between 0 and the sum of all weights. */
export function rowAt(upTo: Float64Array, place: number): number {
  let low = 0;
  let high = upTo.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place < upTo[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Draws the rows of a tree: how often each came into `counts`, the different ones into `rows`; returns how many those are. */
export function drawRows(
  { rowCount, draws, upTo }: Urn,
  random: Random,
  counts: Int32Array,
  rows: Int32Array,
): number {
  counts.fill(0);
  if (upTo === null) for (let i = 0; i < draws; i++) counts[Math.floor(random() * rowCount)]++;
  else {
    const total = upTo[rowCount - 1];
    for (let i = 0; i < draws; i++) counts[rowAt(upTo, random() * total)]++;
  }
  let drawn = 0;
  for (let row = 0; row < rowCount; row++) if (counts[row] > 0) rows[drawn++] = row;
  return drawn;
}
