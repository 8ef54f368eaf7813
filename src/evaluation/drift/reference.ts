/** What the reference rows showed of one number: how many lay at and between some of its values. It holds no row. */
export interface NumberReference {
  kind: 'numbers';
  /** Rows without a value. */
  missing: number;
  mean: number;
  /** Standard deviation of the rows, 0 without values. */
  deviation: number;
  /** Ascending different values; the first is the least of all and the last the greatest. */
  marks: number[];
  /** Rows at each mark. */
  at: number[];
  /** Rows between each mark and the one before it; 0 for the first. */
  between: number[];
  /** Rows by season and bin, see `seasons.ts`: of each cell its bins and, last, the missing ones. */
  seasonal?: number[];
}

/** What they showed of categories, each named by its code. */
export interface CategoryReference {
  kind: 'categories';
  missing: number;
  /** The most frequent ones, in falling order of their rows. */
  codes: number[];
  counts: number[];
  /** Rows with another category that has a code. */
  other: number;
  /** Rows with a category that has none. */
  unseen: number;
  /** As above; the bins are the first codes, all others, and the missing ones. */
  seasonal?: number[];
}

/** Dates move on by themselves, so only their range is kept, in milliseconds UTC. */
export interface DateReference {
  kind: 'dates';
  missing: number;
  rows: number;
  range: { min: number; max: number } | null;
}

export type Reference = NumberReference | CategoryReference | DateReference;

export const MOST_MARKS = 100;
export const MOST_CODES = 40;
/** Bins of a number, for PSI and for seasons; categories have as many of their own. */
export const BINS = 10;

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

/** Rows with a value. */
export function valuesIn(reference: Reference): number {
  if (reference.kind === 'dates') return reference.rows - reference.missing;
  if (reference.kind === 'categories') return total(reference.counts) + reference.other + reference.unseen;
  return total(reference.at) + total(reference.between);
}

/**
 * The marks at which the bins end, each in its bin, with about equally many rows in every bin: `ends[b]` is the number of a mark. What
 * lies beyond the last mark belongs to the last bin.
 */
export function binEnds({ at, between }: Pick<NumberReference, 'at' | 'between'>): number[] {
  const rows = total(at) + total(between);
  const ends: number[] = [];
  let below = 0;
  let next = 1;
  for (const [mark, count] of at.entries()) {
    below += between[mark] + count;
    const isLast = mark === at.length - 1;
    if (!isLast && (below === rows || below * BINS < next * rows)) continue;
    ends.push(mark);
    // A value that many rows share fills several bins at once.
    next = Math.floor((below * BINS) / rows) + 1;
  }
  return ends;
}

/** Bins of a reference, without that of the missing values. */
export function binCount(reference: NumberReference | CategoryReference): number {
  if (reference.kind === 'numbers') return binEnds(reference).length;
  return Math.min(BINS, reference.codes.length) + 1;
}

/** A mark is told by six digits, so that it is no person's own value, unless many rows share it. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/**
 * Marks for sorted values: all different values where they are few; else about a hundred quantiles, rounded to six digits, but for the
 * least, the greatest, and values that a hundredth of the rows share.
 */
function marksOf(sorted: Float64Array): number[] {
  const distinct: number[] = [];
  for (let i = 0; i < sorted.length && distinct.length <= MOST_MARKS; i++)
    if (i === 0 || sorted[i] !== sorted[i - 1]) distinct.push(sorted[i]);
  if (distinct.length <= MOST_MARKS) return distinct;
  const last = sorted.length - 1;
  const marks = new Set([sorted[0], sorted[last]]);
  const step = sorted.length / (MOST_MARKS - 1);
  for (let quantile = 1; quantile < MOST_MARKS - 1; quantile++) {
    const place = Math.floor(quantile * step);
    const value = sorted[place];
    const isShared =
      sorted[Math.max(0, Math.floor(place - step / 2))] === value ||
      sorted[Math.min(last, Math.ceil(place + step / 2))] === value;
    const mark = isShared ? value : rounded(value);
    if (mark > sorted[0] && mark < sorted[last]) marks.add(mark);
  }
  return [...marks].sort((a, b) => a - b);
}

function momentsOf(sorted: Float64Array): { mean: number; deviation: number } {
  if (sorted.length === 0) return { mean: 0, deviation: 0 };
  let mean = 0;
  for (const value of sorted) mean += value / sorted.length;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) ** 2 / sorted.length;
  const finite = (value: number) => (Number.isFinite(value) ? value : Number.MAX_VALUE);
  return { mean: finite(mean), deviation: finite(Math.sqrt(squares)) };
}

/** The reference of numbers, NaN where one is missing; infinite ones count as missing. */
export function numberReference(values: Float64Array): NumberReference {
  // A zero has one sign here: -0 and 0 are the same value.
  const sorted = values
    .filter(Number.isFinite)
    .map((value) => value + 0)
    .sort();
  const marks = marksOf(sorted);
  const at = marks.map(() => 0);
  const between = marks.map(() => 0);
  let mark = 0;
  for (const value of sorted) {
    while (value > marks[mark]) mark++;
    (value === marks[mark] ? at : between)[mark]++;
  }
  return {
    kind: 'numbers',
    missing: values.length - sorted.length,
    ...momentsOf(sorted),
    marks,
    at,
    between,
  };
}

/** The reference of categories by their codes, from 0; NaN is missing, a negative one a category that has none. */
export function categoryReference(codes: Float64Array): CategoryReference {
  const rows = new Map<number, number>();
  let missing = 0;
  let unseen = 0;
  for (const code of codes) {
    if (Number.isNaN(code)) missing++;
    else if (code < 0) unseen++;
    else rows.set(code, (rows.get(code) ?? 0) + 1);
  }
  const ranked = [...rows].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const named = ranked.slice(0, MOST_CODES);
  return {
    kind: 'categories',
    missing,
    codes: named.map(([code]) => code),
    counts: named.map(([, count]) => count),
    other: total(ranked.slice(MOST_CODES).map(([, count]) => count)),
    unseen,
  };
}

/** The reference of dates in milliseconds UTC, NaN where one is missing. */
export function dateReference(values: Float64Array): DateReference {
  let [min, max, missing] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { kind: 'dates', missing, rows: values.length, range: min <= max ? { min, max } : null };
}
