import { columnOf, type Table } from '../datasets/table.js';
import { RiskopsError } from '../errors.js';
import { type CalibrationBin, calibrationTable } from '../evaluation/calibration.js';
import { quantile } from '../evaluation/quantile.js';
import { type SliceMetrics, sliceMetrics } from '../evaluation/slices.js';
import { type Costs, costThreshold } from '../evaluation/threshold.js';
import type { Task } from '../models/learner.js';

/** What is asked for besides the metrics. */
export interface AnalysisRequest {
  /** A column whose values make the slices. */
  slices: string | null;
  calibration: boolean;
  costs: Costs | null;
}

/** All predictions of an evaluation, each by a model that did not see the row. */
export interface PooledRows {
  task: Task;
  table: Table;
  /** The rows of the table that were predicted. */
  rows: Int32Array;
  y: Float64Array;
  predictions: Float64Array;
  threshold: number | null;
  /** That is predicted; undefined where none is. */
  quantile: number | undefined;
  /** Of each of the rows; null where they have none. */
  times: Float64Array | null;
}

/** What wrong answers cost at a threshold, over all rows and for each. */
export interface CostAt {
  at: string;
  threshold: number;
  cost: number;
  cost_a_row: number;
}

export interface Analysis {
  slices: SliceMetrics[] | null;
  calibration: CalibrationBin[] | null;
  costs: CostAt[] | null;
}

/** A column with more values than this is cut into parts with an equal number of rows. */
const MOST_VALUES = 20;
const PARTS = 4;
/** Categories beyond so many are one slice. */
const MOST_SLICES = 50;
const SLICE_RESAMPLES = 300;

/** @throws OPTION_INVALID for a calibration or costs of a task that has no positive class; COLUMN_NOT_FOUND for slices */
export function checkAnalysis(
  { calibration, costs, slices }: AnalysisRequest,
  task: Task,
  table: Table,
): void {
  if (slices !== null) columnOf(table, slices);
  if (task === 'binary' || (!calibration && costs === null)) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: `${calibration ? '--calibration' : '--cost'} is for a target of two classes.`,
    why: `This is a ${task} task.`,
    fix: 'leave it out',
  });
}

export function analyse(request: AnalysisRequest, pooled: PooledRows): Analysis {
  const { y, predictions } = pooled;
  return {
    slices: request.slices === null ? null : slicesOf(request.slices, pooled),
    calibration: request.calibration ? calibrationTable(y, predictions, { by: 'rows' }) : null,
    costs: request.costs && costsOf(request.costs, pooled),
  };
}

function slicesOf(
  name: string,
  { task, table, rows, y, predictions, threshold, quantile, times }: PooledRows,
): SliceMetrics[] {
  const options = { threshold, quantile, resamples: SLICE_RESAMPLES, ...(times === null ? {} : { times }) };
  return sliceMetrics(task, y, predictions, groupsOf(name, table, rows), options);
}

/** The name of each row's slice: its category or value, and of a column with many numbers the quarter of the rows it is in. */
function groupsOf(name: string, table: Table, rows: Int32Array): string[] {
  const column = columnOf(table, name);
  if (column.type === 'category')
    return rareTogether(
      Array.from(rows, (row) => (column.codes[row] < 0 ? 'missing' : column.categories[column.codes[row]])),
    );
  const shown = (value: number) =>
    column.type === 'date'
      ? new Date(value).toISOString().slice(0, 10)
      : column.type === 'boolean'
        ? String(value === 1)
        : String(value);
  const values = Float64Array.from(rows, (row) => column.values[row]);
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  if (new Set(known).size <= MOST_VALUES)
    return Array.from(values, (value) => (Number.isNaN(value) ? 'missing' : shown(value)));
  const ends = Array.from({ length: PARTS - 1 }, (_, part) => quantile(known, (part + 1) / PARTS));
  const names = [...ends, known[known.length - 1]].map((end, part) =>
    part === 0 ? `to ${shown(end)}` : `over ${shown(ends[part - 1])} to ${shown(end)}`,
  );
  return Array.from(values, (value) =>
    Number.isNaN(value) ? 'missing' : names[ends.filter((end) => value > end).length],
  );
}

function rareTogether(names: string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size <= MOST_SLICES) return names;
  const kept = new Set(
    [...counts]
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, MOST_SLICES)
      .map(([name]) => name),
  );
  return names.map((name) => (kept.has(name) ? name : 'all others'));
}

function costsOf(costs: Costs, { y, predictions, threshold }: PooledRows): CostAt[] {
  const costAt = (at: string, cut: number): CostAt => {
    let cost = 0;
    for (let row = 0; row < y.length; row++) {
      const isCalled = predictions[row] >= cut;
      if (isCalled && y[row] === 0) cost += costs.falsePositive;
      if (!isCalled && y[row] === 1) cost += costs.falseNegative;
    }
    return { at, threshold: cut, cost, cost_a_row: cost / y.length };
  };
  const best = costThreshold(y, predictions, costs);
  return [
    { at: 'least cost', ...best, cost_a_row: best.cost / y.length },
    costAt('one half', 0.5),
    ...(threshold === null ? [] : [costAt("the model's own", threshold)]),
  ];
}
