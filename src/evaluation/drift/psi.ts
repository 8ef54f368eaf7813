import type { CellCounts } from './homogeneity.js';

/** Rows from which the index is shown: with fewer, chance alone makes it large. */
const PSI_ROWS = 200;

/**
 * The population stability index: the sum over bins of (a - b) ln(a / b), the shares of the two samples. Half a row is added to each bin,
 * so that an empty one gives a number. It is shown and never tested: chance alone makes it about bins * (1/n + 1/m).
 * @returns null for fewer than 200 rows in either sample
 */
export function stabilityIndex({ rows, reference }: CellCounts): number | null {
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count + 0.5, 0);
  const [n, m] = [sum(rows), sum(reference)];
  const halves = rows.length / 2;
  if (n - halves < PSI_ROWS || m - halves < PSI_ROWS) return null;
  return rows.reduce((index, count, bin) => {
    const [a, b] = [(count + 0.5) / n, (reference[bin] + 0.5) / m];
    return index + (a - b) * Math.log(a / b);
  }, 0);
}
