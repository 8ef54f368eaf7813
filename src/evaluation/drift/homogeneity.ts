import { chiSquaredTail } from './chi-squared.js';
import { fisherTail } from './fisher.js';

/** Counts of two samples in the same cells. */
export interface CellCounts {
  rows: readonly number[];
  /** Of the reference; they may be fractions, as effective rows are. */
  reference: readonly number[];
}

export interface HomogeneityTest {
  /** How often two samples of one distribution differ as much or more. */
  p: number;
  /** The share of the rows that lie in other cells than the reference has them: the total variation distance. */
  effect: number;
}

const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

/** Fewer expected rows in a cell than this, and the statistic has not the chi-squared distribution (Cochran 1954). */
const LEAST_EXPECTED = 5;

interface Cell {
  rows: number;
  reference: number;
}

const together = (cells: readonly Cell[]): Cell => ({
  rows: sumOf(cells.map(({ rows }) => rows)),
  reference: sumOf(cells.map(({ reference }) => reference)),
});

/** Pearson's test, with the correction of Yates (1934) for two cells, as probabilities of the cells that are large enough for it. */
function pearson(cells: readonly Cell[]): number {
  if (cells.length < 2) return 1;
  const { rows: n, reference: m } = together(cells);
  if (n === 0 || m === 0) return 1;
  let statistic = 0;
  for (const { rows, reference } of cells) {
    const expected = ((rows + reference) * n) / (n + m);
    const off = Math.abs(rows - expected);
    const counted = cells.length === 2 ? Math.max(0, off - 0.5) : off;
    // The reference is off by as many rows, from an expectation of its own.
    statistic += counted ** 2 / expected + counted ** 2 / (rows + reference - expected);
  }
  return chiSquaredTail(statistic, cells.length - 1);
}

/**
 * Whether two samples come from one distribution over cells: by Pearson's test of the cells with five expected rows or more, and by
 * Fisher's of all others together, where there are any; of the two the smaller, doubled. So a category that training never saw counts,
 * however large the reference is. null where there is but one cell, or a sample is empty.
 */
export function testHomogeneity(counts: CellCounts): HomogeneityTest | null {
  const cells = counts.rows
    .map((rows, cell): Cell => ({ rows, reference: counts.reference[cell] }))
    .filter(({ rows, reference }) => rows + reference > 0);
  const { rows: n, reference: m } = together(cells);
  if (cells.length < 2 || n === 0 || m === 0) return null;
  const share = Math.min(n, m) / (n + m);
  const isLarge = ({ rows, reference }: Cell) => (rows + reference) * share >= LEAST_EXPECTED;
  const large = cells.filter(isLarge);
  const small = cells.filter((cell) => !isLarge(cell));
  const shown = small.length === 0 ? large : [...large, together(small)];
  const effect = sumOf(shown.map(({ rows, reference }) => Math.abs(rows / n - reference / m))) / 2;
  if (small.length === 0) return { p: pearson(large), effect };
  const rest = together(small);
  const fisher = fisherTail(rest.rows, n, Math.round(rest.reference), Math.round(m));
  if (large.length < 2) return { p: fisher, effect };
  return { p: Math.min(1, 2 * Math.min(fisher, pearson(large))), effect };
}
