import type { BinnedColumns } from './bins.js';

/** A split of a node's rows on binned columns. */
export interface BinSplit {
  feature: number;
  /** Value bins up to this one go left. */
  bin: number;
  missingLeft: boolean;
}

/**
 * Sorts rows[from..to) so that those that go left come first, each side in the order it had; returns where the
 * right side begins. `scratch` has room for as many rows.
 */
export function partitionRows(
  { bins, edges, rowCount }: BinnedColumns,
  { feature, bin, missingLeft }: BinSplit,
  rows: Int32Array,
  from: number,
  to: number,
  scratch: Int32Array,
): number {
  const column = feature * rowCount;
  const missingBin = missingLeft ? edges[feature].length + 1 : -1;
  let middle = from;
  let right = 0;
  for (let i = from; i < to; i++) {
    const row = rows[i];
    const b = bins[column + row];
    if (b <= bin || b === missingBin) rows[middle++] = row;
    else scratch[right++] = row;
  }
  for (let i = 0; i < right; i++) rows[middle + i] = scratch[i];
  return middle;
}

/** The threshold of a bin. All values go left of a split that parts them from the missing ones. */
export function thresholdOf({ edges }: BinnedColumns, { feature, bin }: BinSplit): number {
  return bin < edges[feature].length ? edges[feature][bin] : Number.MAX_VALUE;
}
