/** Rows from the lowest score to the highest; rows of equal score form one group. */
export interface Ranking {
  /** Row numbers, ascending by score. */
  rows: Int32Array;
  /** Where in `rows` each group ends (exclusive). */
  ends: Int32Array;
  /** The score of each group. */
  scores: Float64Array;
}

/** The group that `score` belongs to: its place among the ascending distinct scores. */
function groupOf(score: number, distinct: Float64Array, count: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (distinct[middle] < score) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Ranks finite scores. The native sort of plain numbers, a binary search and a counting sort are several times
 * quicker than sorting row numbers by a comparing function.
 */
export function rankRows(scores: Float64Array): Ranking {
  const distinct = scores.slice().sort();
  let groups = 0;
  for (let i = 0; i < distinct.length; i++) {
    if (i === 0 || distinct[i] !== distinct[groups - 1]) distinct[groups++] = distinct[i];
  }
  const group = new Int32Array(scores.length);
  const ends = new Int32Array(groups);
  for (let row = 0; row < scores.length; row++) {
    group[row] = groupOf(scores[row], distinct, groups);
    ends[group[row]]++;
  }
  for (let g = 1; g < groups; g++) ends[g] += ends[g - 1];
  const rows = new Int32Array(scores.length);
  const next = ends.slice();
  for (let row = scores.length - 1; row >= 0; row--) rows[--next[group[row]]] = row;
  return { rows, ends, scores: distinct.slice(0, groups) };
}
