import type { Signature } from '../../datasets/signature.js';

/** Where a model's cells hold what a forecast goes by. */
export interface ForecastColumns {
  width: number;
  time: number;
  /** -1 where there is one series. */
  group: number;
  target: number;
  /** Columns of numbers that are known up to the row before, the target among them. */
  past: number[];
}

/** undefined for a model that is no forecaster: it does not know its own target's past. */
export function forecastColumns({ features, target }: Signature): ForecastColumns | undefined {
  const at = (role: string) => features.findIndex((feature) => feature.role === role);
  const own = features.findIndex(({ name, role }) => name === target.name && role === 'past');
  if (own < 0 || at('time') < 0) return undefined;
  const past = features.flatMap(({ role }, i) => (role === 'past' ? [i] : []));
  return { width: features.length, time: at('time'), group: at('group'), target: own, past };
}

/** The rows of each series, in time; the series in the order of their first rows. */
export function seriesRows(cells: Float64Array, { width, time, group }: ForecastColumns): number[][] {
  const series = new Map<number, number[]>();
  for (let row = 0; row * width < cells.length; row++) {
    const key = group < 0 ? 0 : cells[row * width + group];
    const rows = series.get(key);
    if (rows === undefined) series.set(key, [row]);
    else rows.push(row);
  }
  for (const rows of series.values()) rows.sort((a, b) => cells[a * width + time] - cells[b * width + time]);
  return [...series.values()];
}
