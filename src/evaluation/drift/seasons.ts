import { binCount, binEnds, type CategoryReference, type NumberReference } from './reference.js';

/** Times of the week that rows belong to: blocks of so many hours, by UTC, from Monday 00:00 on. */
export interface Seasons {
  hours: (typeof SEASON_HOURS)[number];
  /** The blocks that reference rows fall into, ascending; `seasonal` counts are in this order. */
  cells: number[];
}

/** From the finest to the coarsest. */
export const SEASON_HOURS = [1, 4, 24] as const;

const HOUR_MS = 3_600_000;
const WEEK_HOURS = 168;
/** 1970-01-01 was a Thursday: the Monday after it began four days later. */
const FIRST_MONDAY_HOURS = 4 * 24;

/** Blocks in a week. */
export const cellsInWeek = (hours: number): number => WEEK_HOURS / hours;

/** The block of a time in milliseconds UTC; -1 of a missing one. */
export function cellOf(time: number, hours: number): number {
  if (!Number.isFinite(time)) return -1;
  const hour = Math.floor(time / HOUR_MS) - FIRST_MONDAY_HOURS;
  return Math.floor((((hour % WEEK_HOURS) + WEEK_HOURS) % WEEK_HOURS) / hours);
}

/** Rows that a block should have on average to tell the hours apart. */
const ROWS_IN_CELL = 25;

/**
 * The finest blocks that have enough rows each and fit `mostCells`; null where there are too few rows, or all of them lie in one block.
 * @param times in milliseconds UTC, NaN where one is missing
 */
export function chooseSeasons(times: Float64Array, mostCells: number): Seasons | null {
  for (const hours of SEASON_HOURS) {
    const seen = new Set<number>();
    for (const time of times) seen.add(cellOf(time, hours));
    seen.delete(-1);
    if (seen.size < 2) return null;
    if (seen.size > mostCells || times.length < ROWS_IN_CELL * seen.size) continue;
    return { hours, cells: [...seen].sort((a, b) => a - b) };
  }
  return null;
}

/** The number of each row's block among the blocks of the seasons; -1 where it is none of them. */
export function placeInSeasons({ hours, cells }: Seasons, times: Float64Array): Int32Array {
  const places = new Map(cells.map((cell, place) => [cell, place]));
  return Int32Array.from(times, (time) => places.get(cellOf(time, hours)) ?? -1);
}

/** The bin of a value: of a number by the ends of the bins, of a category by its code; the last one is for missing values. */
export function binOf(reference: NumberReference | CategoryReference): (value: number) => number {
  const last = binCount(reference);
  if (reference.kind === 'categories') {
    const bins = new Map(reference.codes.slice(0, last - 1).map((code, bin) => [code, bin]));
    return (code) => (Number.isNaN(code) ? last : (bins.get(code) ?? last - 1));
  }
  const ends = binEnds(reference).map((mark) => reference.marks[mark]);
  return (value) => {
    if (!Number.isFinite(value)) return last;
    let bin = 0;
    while (bin < last - 1 && value > ends[bin]) bin++;
    return bin;
  };
}

/** Rows by block and bin, of each block its bins and, last, its missing values. */
export function countSeasonal(
  reference: NumberReference | CategoryReference,
  values: Float64Array,
  places: Int32Array,
  cells: number,
): number[] {
  const bin = binOf(reference);
  const width = binCount(reference) + 1;
  const counts = new Array<number>(cells * width).fill(0);
  for (const [row, place] of places.entries()) if (place >= 0) counts[place * width + bin(values[row])]++;
  return counts;
}

/**
 * The weights by which reference rows have the window's times of the week. A row of a block counts by the share of the block in the
 * window over its share in the reference; a bin by the mean of its rows. Together they count as the effective rows of Kish (1965).
 * @returns one a bin, the missing values last
 */
function weightBins(seasonal: readonly number[], windowRows: readonly number[]): number[] | null {
  const width = seasonal.length / windowRows.length;
  const blocks = windowRows.map((_, cell) => seasonal.slice(cell * width, (cell + 1) * width));
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  const blockRows = blocks.map(sum);
  const reference = sum(blockRows);
  const compared = sum(windowRows.filter((_, cell) => blockRows[cell] > 0));
  if (compared === 0) return null;
  const share = windowRows.map((rows, cell) => (blockRows[cell] > 0 ? rows / compared : 0));
  const spread = sum(share.map((part, cell) => (part === 0 ? 0 : part ** 2 / (blockRows[cell] / reference))));
  const rows = reference / spread;
  return Array.from({ length: width }, (_, bin) => {
    const before = sum(blocks.map((counts) => counts[bin]));
    const after = sum(
      blocks.map((counts, cell) => (blockRows[cell] > 0 ? (share[cell] * counts[bin]) / blockRows[cell] : 0)),
    );
    return before === 0 ? 0 : (after * rows) / before;
  });
}

/** The mean of the rows as the marks tell it. */
function markedMean({ marks, at, between }: NumberReference): number {
  let [sum, rows] = [0, 0];
  for (const [mark, value] of marks.entries()) {
    const middle = mark === 0 ? value : marks[mark - 1] + (value - marks[mark - 1]) / 2;
    sum += at[mark] * value + between[mark] * middle;
    rows += at[mark] + between[mark];
  }
  return rows === 0 ? 0 : sum / rows;
}

function reweighNumbers(reference: NumberReference, weights: readonly number[]): NumberReference {
  const ends = binEnds(reference);
  const weightOf = (mark: number) => weights[ends.findIndex((end) => mark <= end)];
  const changed: NumberReference = {
    ...reference,
    missing: reference.missing * weights[weights.length - 1],
    at: reference.at.map((count, mark) => count * weightOf(mark)),
    between: reference.between.map((count, mark) => count * weightOf(mark)),
  };
  return { ...changed, mean: reference.mean + markedMean(changed) - markedMean(reference) };
}

function reweighCategories(reference: CategoryReference, weights: readonly number[]): CategoryReference {
  const others = weights.length - 2;
  return {
    ...reference,
    missing: reference.missing * weights[others + 1],
    counts: reference.counts.map((count, i) => count * weights[Math.min(i, others)]),
    other: reference.other * weights[others],
    unseen: reference.unseen * weights[others],
  };
}

/**
 * The reference as it would be with the window's times of the week: a window of Monday mornings is compared with Monday mornings.
 * @param windowRows rows of the window in each block of the seasons
 * @returns null where no row of the window lies at a time that the reference has
 */
export function reweigh(
  reference: NumberReference | CategoryReference,
  windowRows: readonly number[],
): NumberReference | CategoryReference | null {
  if (reference.seasonal === undefined) return reference;
  const weights = weightBins(reference.seasonal, windowRows);
  if (weights === null) return null;
  return reference.kind === 'numbers'
    ? reweighNumbers(reference, weights)
    : reweighCategories(reference, weights);
}
