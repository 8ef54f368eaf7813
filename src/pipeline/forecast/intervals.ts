import type { Predictor } from '../../models/predictor.js';
import { type ForecastColumns, seriesRows } from './series-cells.js';
import { walkForward } from './walk-forward.js';

/** How far forecasts were from what came true: of each step ahead, the half-widths of intervals that hold so often. */
export interface ForecastIntervals {
  /** Shares of the truth that the intervals hold, such as .8 and .95. */
  coverage: number[];
  /** steps x coverage; null where there were too few residuals to promise it. */
  halfWidths: (number | null)[][];
  /** Of each step how many residuals it was told from. */
  residuals: number[];
}

const COVERAGE = [0.8, 0.95];
/** Origins that are tried, spread evenly over the held-out times. */
const MOST_ORIGINS = 40;

/**
 * The half-width that split conformal prediction gives: the ceil((n + 1) x coverage)-th smallest absolute residual (Lei et al. 2018).
 * null where n residuals are too few for the coverage.
 */
export function conformalHalfWidth(residuals: readonly number[], coverage: number): number | null {
  const rank = Math.ceil((residuals.length + 1) * coverage);
  if (rank > residuals.length) return null;
  return [...residuals].sort((a, b) => a - b)[rank - 1];
}

/**
 * Forecasts again from origins in the held-out part of each series, with what was known then, and measures every step ahead against what
 * came true. The held-out rows were seen by no fit, so the residuals are honest.
 */
export function forecastIntervals(
  predictor: Pick<Predictor, 'predictCells' | 'lookBack'>,
  cells: Float64Array,
  columns: ForecastColumns,
  { isHeldOut, y, horizon }: { isHeldOut: (row: number) => boolean; y: Float64Array; horizon: number },
): ForecastIntervals {
  const { width, time } = columns;
  const residuals = Array.from({ length: horizon }, (): number[] => []);
  const series = seriesRows(cells, columns).map((rows) => ({ rows, from: rows.findIndex(isHeldOut) }));
  const longest = Math.max(0, ...series.map(({ rows, from }) => (from < 1 ? 0 : rows.length - from)));
  const stride = Math.max(1, Math.ceil(longest / MOST_ORIGINS));
  for (let origin = 0; origin < longest; origin += stride) {
    const open = series.filter(({ rows, from }) => from >= 1 && from + origin < rows.length);
    const asked = open.map(({ rows, from }) => {
      const ahead = rows.slice(from + origin, from + origin + horizon);
      return {
        rows: rows.slice(0, from + origin),
        ahead,
        times: ahead.map((row) => cells[row * width + time]),
      };
    });
    for (const [i, values] of walkForward(predictor, cells, columns, asked).entries())
      for (const [step, value] of values.entries()) {
        const residual = Math.abs(value - y[asked[i].ahead[step]]);
        if (Number.isFinite(residual)) residuals[step].push(residual);
      }
  }
  return {
    coverage: COVERAGE,
    halfWidths: residuals.map((list) => COVERAGE.map((coverage) => conformalHalfWidth(list, coverage))),
    residuals: residuals.map(({ length }) => length),
  };
}
