import type { BinnedColumns } from './bins.js';
import { setWords } from './forest.js';

/** A split of a node's rows on binned columns. */
export interface BinSplit {
  feature: number;
  /** Of a number: value bins up to this one go left. */
  bin: number;
  missingLeft: boolean;
  /** Of a category: 1 for each value bin that goes left. */
  leftBins?: Uint8Array;
}

/** Writes for each bin whether its rows go left: 1, or 0. */
export function fillSides(
  { valueBins }: BinnedColumns,
  { feature, bin, missingLeft, leftBins }: BinSplit,
  sides: Uint8Array,
): void {
  const missingBin = valueBins[feature];
  if (leftBins === undefined) {
    sides.fill(1, 0, bin + 1);
    sides.fill(0, bin + 1, missingBin);
  } else sides.set(leftBins.subarray(0, missingBin));
  sides[missingBin] = missingLeft ? 1 : 0;
}

/**
 * Sorts rows[from..to) so that those whose bin of a feature has side 1 come first, each side in the order it had; returns where
 * the right side begins. `scratch` has room for as many rows.
 */
export function partitionBySides(
  { bins, rowCount }: BinnedColumns,
  feature: number,
  sides: Uint8Array,
  rows: Int32Array,
  from: number,
  to: number,
  scratch: Int32Array,
): number {
  const column = feature * rowCount;
  let middle = from;
  let right = 0;
  for (let i = from; i < to; i++) {
    const row = rows[i];
    if (sides[bins[column + row]] === 1) rows[middle++] = row;
    else scratch[right++] = row;
  }
  for (let i = 0; i < right; i++) rows[middle + i] = scratch[i];
  return middle;
}

/** The same for a split, whichever sides its bins go to. */
export function partitionRows(
  columns: BinnedColumns,
  split: BinSplit,
  rows: Int32Array,
  from: number,
  to: number,
  scratch: Int32Array,
): number {
  const sides = new Uint8Array(256);
  fillSides(columns, split, sides);
  return partitionBySides(columns, split.feature, sides, rows, from, to, scratch);
}

/** The threshold of a bin, 0 of a category. All values go left of a split that parts them from the missing ones. */
export function thresholdOf({ edges, categories }: BinnedColumns, { feature, bin }: BinSplit): number {
  if (categories[feature] > 0) return 0;
  return bin < edges[feature].length ? edges[feature][bin] : Number.MAX_VALUE;
}

/**
 * The words of a category's set; undefined for a number. A category without a bin was taken for missing, and goes where
 * missing values go.
 */
export function setOf(
  { categories, binCategories }: BinnedColumns,
  { feature, missingLeft, leftBins }: BinSplit,
): Int32Array | undefined {
  if (leftBins === undefined) return undefined;
  const words = new Int32Array(setWords(categories[feature]));
  const put = (category: number, isIn: boolean) => {
    const bit = 1 << (category & 31);
    if (isIn) words[category >> 5] |= bit;
    else words[category >> 5] &= ~bit;
  };
  if (missingLeft) for (let category = 0; category < categories[feature]; category++) put(category, true);
  for (const [bin, category] of binCategories[feature]!.entries()) put(category, leftBins[bin] === 1);
  return words;
}
