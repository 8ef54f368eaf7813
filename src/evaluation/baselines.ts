import { quantile } from './quantile.js';
import type { Task } from './sample.js';

export interface Baseline {
  name: string;
  /** One prediction for each holdout row; multiclass: rowCount x classCount shares. */
  predictions: Float64Array;
}

export interface BaselineRows {
  trainingTarget: Float64Array;
  holdoutTarget: Float64Array;
  /**
   * True when both targets are in time order and the holdout follows the training rows. Without `series` they are one series: rows of
   * many things at the same time (a panel) are not.
   */
  inTimeOrder?: boolean;
  /** Of each row the number of the series that it belongs to; the rows of a series are in time order. */
  series?: { training: Int32Array; holdout: Int32Array };
  /** Rows in one season, such as 12 for months; see `seasonOf`. Without it there is no seasonal naive. */
  season?: number | null;
  /** So many rows of a series lie between a row and the newest value that is known when it is predicted, itself included; 1. */
  horizon?: number;
  /** The share of targets below a prediction, of a model that predicts a quantile. */
  quantile?: number;
  /** multiclass: how many classes there are. */
  classCount?: number;
}

type MakeBaseline = (rows: BaselineRows) => Float64Array;

function constant(value: (trainingTarget: Float64Array) => number): MakeBaseline {
  return ({ trainingTarget, holdoutTarget }) =>
    new Float64Array(holdoutTarget.length).fill(value(trainingTarget));
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean of the two middle values when their number is even. */
function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The quantile of the training target that the model predicts. */
function constantQuantile({
  trainingTarget,
  holdoutTarget,
  quantile: share = 0.5,
}: BaselineRows): Float64Array {
  return new Float64Array(holdoutTarget.length).fill(quantile(trainingTarget.slice().sort(), share));
}

/** The share of each class among the training rows, for every row. */
function classShares({ trainingTarget, holdoutTarget, classCount = 0 }: BaselineRows): Float64Array {
  // Counted and then divided: sums of shares would end a rounding away from a model that says the same.
  const shares = new Float64Array(classCount);
  for (const label of trainingTarget) shares[label]++;
  return Float64Array.from(
    { length: holdoutTarget.length * classCount },
    (_, cell) => shares[cell % classCount] / trainingTarget.length,
  );
}

/** The training values of each series; without series all rows are one. */
function histories({ trainingTarget, series }: BaselineRows): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (let row = 0; row < trainingTarget.length; row++) {
    const id = series?.training[row] ?? 0;
    const known = found.get(id);
    if (known === undefined) found.set(id, [trainingTarget[row]]);
    else known.push(trainingTarget[row]);
  }
  return found;
}

/** The last training value of each row's series; the training mean for a series that training does not have. */
function lastValues(rows: BaselineRows): Float64Array {
  const known = histories(rows);
  const otherwise = mean(rows.trainingTarget);
  return rows.holdoutTarget.map((_, row) => known.get(rows.series?.holdout[row] ?? 0)?.at(-1) ?? otherwise);
}

/**
 * Walk-forward: each row is predicted by what its series held `back` rows before it, which has come true by then. Where a series is
 * shorter, by the newest value that is known; where nothing is, by the training mean.
 */
function valuesBefore(rows: BaselineRows, back: number): Float64Array {
  const { horizon = 1 } = rows;
  const known = histories(rows);
  const otherwise = mean(rows.trainingTarget);
  return rows.holdoutTarget.map((value, row) => {
    const id = rows.series?.holdout[row] ?? 0;
    const history = known.get(id) ?? [];
    known.set(id, history);
    const prediction = history[history.length - back] ?? history[history.length - horizon] ?? otherwise;
    history.push(value);
    return prediction;
  });
}

/** The newest value one or more whole seasons before the row. */
function seasonalNaive(rows: BaselineRows): Float64Array {
  const { season, horizon = 1 } = rows;
  return valuesBefore(rows, (season as number) * Math.ceil(horizon / (season as number)));
}

const always: Record<Task, Record<string, MakeBaseline>> = {
  binary: { prior: constant(mean) },
  multiclass: { prior: classShares },
  regression: { mean: constant(mean), median: constant(median), quantile: constantQuantile },
};

const inTimeOrderOnly: Record<Task, Record<string, MakeBaseline>> = {
  binary: {},
  multiclass: {},
  regression: {
    zero: constant(() => 0),
    'last value': lastValues,
    'previous value': (rows) => valuesBefore(rows, rows.horizon ?? 1),
    'seasonal naive': seasonalNaive,
  },
};

/** The names that `naiveBaselines` can give for a task; some only for a holdout in time order. */
export function baselineNames(task: Task): string[] {
  return [...Object.keys(always[task]), ...Object.keys(inTimeOrderOnly[task])];
}

/** A season is repeated by rows of one season at least. */
function hasSeason(rows: BaselineRows): boolean {
  const { season = null } = rows;
  if (season === null || season < 2) return false;
  return [...histories(rows).values()].some((values) => values.length >= season);
}

/**
 * What a model has to beat before anyone hears of it, made from the training target alone, and in time order from what came true before
 * each row. binary and multiclass: the share of each class. regression: mean and median, and the quantile where a model predicts one; in time order also zero (no change, where the
 * target is a difference), the last training value, the value before each row (walk-forward persistence), and where a season is known
 * the value one season before (seasonal naive).
 */
export function naiveBaselines(task: Task, rows: BaselineRows): Baseline[] {
  const makers = rows.inTimeOrder ? { ...always[task], ...inTimeOrderOnly[task] } : always[task];
  return Object.entries(makers)
    .filter(([name]) => name !== 'seasonal naive' || hasSeason(rows))
    .filter(([name]) => name !== 'quantile' || rows.quantile !== undefined)
    .map(([name, make]) => ({ name, predictions: make(rows) }));
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Steps of time, in milliseconds, and how many of them make a season: hours a day, days a week, weeks, months and quarters a year. */
const SEASONS = [
  { from: HOUR, to: HOUR, season: 24 },
  { from: DAY, to: DAY, season: 7 },
  { from: 7 * DAY, to: 7 * DAY, season: 52 },
  { from: 28 * DAY, to: 31 * DAY, season: 12 },
  { from: 90 * DAY, to: 92 * DAY, season: 4 },
];

/**
 * Rows in one season, told from the usual step between one time and the next: 24 for hours, 7 for days, 52 for weeks, 12 for months, 4
 * for quarters.
 * @param times milliseconds since 1970, in any order; a time may occur more than once
 * @returns null for any other step
 */
export function seasonOf(times: Float64Array): number | null {
  const distinct = [...new Set(times)].sort((a, b) => a - b);
  const steps = Float64Array.from(distinct.slice(1), (time, i) => time - distinct[i]).sort();
  const usual = steps[steps.length >> 1];
  // Clocks are set forward and back by an hour, and months have 28 to 31 days.
  const slack = usual > DAY ? HOUR : 0;
  return SEASONS.find(({ from, to }) => usual >= from - slack && usual <= to + slack)?.season ?? null;
}
