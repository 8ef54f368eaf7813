import type { Comparison } from './compare.js';
import { adjustPValues } from './false-discovery.js';
import { kolmogorovTail } from './kolmogorov.js';

/** The share of false alarms among alarms; and how often there is one of any kind in a window where nothing moved. */
const FALSE_DISCOVERY = 0.05;
/** Less than this share of the rows elsewhere is no drift, however sure it is. */
const LEAST_EFFECT = 0.1;
/** The same for the share of missing values. */
const LEAST_MISSING = 0.05;

const FEWEST_ROWS = 100;
const MOST_ROWS_NEEDED = 200;
/** With fewer rows than this a reference says nothing. */
export const REFERENCE_ROWS = 30;

/** A comparison with its p-values adjusted over all tests of the window, and what follows. */
export interface JudgedComparison extends Comparison {
  drifted: boolean;
  /** What drifted: the values, or how often they are missing. */
  by: 'values' | 'missing' | null;
}

/** The greatest difference of the distribution functions of two normal distributions, half a standard deviation apart. */
const HALF_DEVIATION = 0.19741265136584;
/** Four windows of five: the standard normal distribution stays below it with probability 0.8. */
const NORMAL_80 = 0.8416212335729143;

/** The distance, times the root of the rows, that a test must pass at level `alpha`: the upper quantile of Kolmogorov's distribution. */
function criticalValue(alpha: number): number {
  let [low, high] = [0, 10];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (kolmogorovTail(middle) > alpha) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The fewest rows that are judged: so many that a shift of one number by half a standard deviation is found in four windows of five, with
 * that many tests and that many reference rows; from 100 to 200. The distance varies by at most 0.5 / sqrt(rows).
 */
export function fewestRows(tests: number, referenceRows: number): number {
  const critical = criticalValue(FALSE_DISCOVERY / Math.max(1, tests));
  const effective = ((critical + NORMAL_80 / 2) / HALF_DEVIATION) ** 2;
  const rows =
    referenceRows > effective ? (effective * referenceRows) / (referenceRows - effective) : MOST_ROWS_NEEDED;
  return Math.min(MOST_ROWS_NEEDED, Math.max(FEWEST_ROWS, Math.ceil(rows)));
}

/** The largest effect of a comparison, whichever kind it is of. */
export function effectOf({ values, missing, by }: JudgedComparison): number {
  return by === 'missing' ? Math.abs(missing.share - missing.reference) : (values?.effect ?? 0);
}

/**
 * Judges all comparisons of one window together: drift is what is both sure, by p-values adjusted over all tests, and large, by the share
 * of the rows that moved.
 */
export function judgeComparisons(
  comparisons: readonly Comparison[],
  leastEffect = LEAST_EFFECT,
): JudgedComparison[] {
  const tests = comparisons.flatMap(({ values, missing }) => [values?.p ?? null, missing.p]);
  const places = tests.flatMap((p, at) => (p === null ? [] : [at]));
  const adjusted = adjustPValues(places.map((at) => tests[at] as number));
  const byPlace = new Map(places.map((at, i) => [at, adjusted[i]]));
  return comparisons.map((comparison, i): JudgedComparison => {
    const values = comparison.values && { ...comparison.values, p: byPlace.get(2 * i) ?? 1 };
    const missing = { ...comparison.missing, p: byPlace.get(2 * i + 1) ?? null };
    const moved = values !== null && values.p <= FALSE_DISCOVERY && values.effect >= leastEffect;
    const gone =
      missing.p !== null &&
      missing.p <= FALSE_DISCOVERY &&
      Math.abs(missing.share - missing.reference) >= Math.min(LEAST_MISSING, leastEffect);
    const by = moved ? 'values' : gone ? 'missing' : null;
    return { ...comparison, values, missing, drifted: by !== null, by };
  });
}
