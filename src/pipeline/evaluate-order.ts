import { splitKeys } from '../datasets/split-column.js';
import type { Split } from '../datasets/split-rule.js';
import { columnOf, type Table } from '../datasets/table.js';
import { type Baseline, naiveBaselines, seasonOf } from '../evaluation/baselines.js';
import type { Method } from './evaluate-method.js';
import type { PreparedData } from './prepare-data.js';
import type { TrainPlan } from './train-plan.js';

/** In which order the rows stand that a model is measured on. */
export interface RowOrder {
  /** What is measured comes after what was learned from. */
  forward: boolean;
  /** The time of each row of the table; null where rows have none. */
  times: Float64Array | null;
  /** No time occurs twice: the rows are one series. */
  oneSeries: boolean;
  /** Of each row of the table what tells its series apart; null where nothing does. */
  series: Float64Array | null;
  /** Rows in one season; null where the times do not tell. */
  season: number | null;
}

const NO_ORDER: RowOrder = { forward: false, times: null, oneSeries: false, series: null, season: null };

function everyRow({ rowCount }: Table): Int32Array {
  return new Int32Array(rowCount).map((_, row) => row);
}

/** The order of the rows of some data: by the method's column of time, or for a holdout by the split's. */
export function orderOf(
  method: Method,
  split: Split,
  { table, parts }: Pick<PreparedData, 'table' | 'parts'>,
  { group }: Pick<TrainPlan, 'group'>,
): RowOrder {
  const column =
    method.kind === 'rolling'
      ? method.column
      : method.kind === 'holdout' && split.kind === 'time'
        ? split.column
        : null;
  if (column === null) return NO_ORDER;
  const rows = Int32Array.from([...parts.train, ...parts.test]);
  const times = splitKeys(table, column, rows, 'time');
  const used = Float64Array.from(rows, (row) => times[row]);
  return {
    forward: true,
    times,
    oneSeries: new Set(used).size === used.length,
    series: group === null ? null : splitKeys(table, group, everyRow(table), 'group'),
    season: columnOf(table, column).type === 'date' ? seasonOf(used) : null,
  };
}

/** What naive predictions of the test rows would have been. */
export function baselinesOf(
  { target }: Pick<PreparedData, 'target'>,
  { train, test }: { train: Int32Array; test: Int32Array },
  { forward, oneSeries, series, season }: RowOrder,
  quantile?: number,
): Baseline[] {
  const pick = (rows: Int32Array) => Float64Array.from(rows, (row) => target.y[row]);
  const numbers = new Map<number, number>();
  const ids = (rows: Int32Array) =>
    rows.map((row) => {
      const key = (series as Float64Array)[row];
      const id = numbers.get(key) ?? numbers.size;
      numbers.set(key, id);
      return id;
    });
  return naiveBaselines(target.task, {
    trainingTarget: pick(train),
    holdoutTarget: pick(test),
    inTimeOrder: forward && (oneSeries || series !== null),
    ...(series === null ? {} : { series: { training: ids(train), holdout: ids(test) } }),
    season,
    classCount: target.classes?.length,
    quantile,
  });
}
