import type { ForecastMethod } from './forecast-methods.js';
import { measure, metricNamed } from './metrics.js';

/** One series: what was known, and what came after. */
export interface SeriesPair {
  name: string;
  past: Float64Array;
  future: Float64Array;
}

export interface ForecastScores {
  /** The mean over all series of their symmetric MAPE, in percent from 0 to 200. */
  smape: number;
  /** The mean over all series of their scaled error; NaN when no series has one. */
  mase: number;
  /** Series whose past never changes from season to season, or is shorter than one: they have no scaled error. */
  without_mase: number;
}

/**
 * Scores of forecasts as the M4 competition defines them (Makridakis, Spiliotis & Assimakopoulos, The M4 Competition, International
 * Journal of Forecasting 36, 2020): sMAPE = mean of 200 |y - f| / (|y| + |f|), MASE = mean absolute error over that of the seasonal
 * naive forecast inside the series' own past, each over the steps of a series and then the mean over the series.
 * @param season values in one season, for the scale of MASE
 */
export function scoreForecasts(
  series: readonly SeriesPair[],
  method: ForecastMethod,
  season: number,
): ForecastScores {
  const [smape, mase] = [metricNamed('smape'), metricNamed('mase')];
  const found = { smape: [] as number[], mase: [] as number[] };
  for (const { past, future } of series) {
    const forecast = method.forecast(past, future.length, season);
    found.smape.push(measure(smape, future, forecast));
    found.mase.push(measure(mase, future, forecast, { trainingTarget: past, season }));
  }
  const scaled = found.mase.filter(Number.isFinite);
  return {
    smape: meanOf(found.smape),
    mase: meanOf(scaled),
    without_mase: found.mase.length - scaled.length,
  };
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
