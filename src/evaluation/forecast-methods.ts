import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';

/** A forecast from the past of one series alone. */
export interface ForecastMethod {
  name: string;
  summary: string;
  /** It needs to know how many values make a season. */
  needsSeason?: true;
  /** `steps` values that follow `past`, which is not empty. */
  forecast(past: Float64Array, steps: number, season: number): Float64Array;
}

const steadily = (steps: number, value: (step: number) => number) =>
  Float64Array.from({ length: steps }, (_, i) => value(i + 1));

const last = (past: Float64Array) => past[past.length - 1];

/**
 * The last season again and again (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.2). A series that is shorter than
 * a season is forecast by its last value.
 */
function repeatSeason(past: Float64Array, steps: number, season: number): Float64Array {
  if (past.length < season) return steadily(steps, () => last(past));
  return steadily(steps, (step) => past[past.length - season + ((step - 1) % season)]);
}

/** The line through the first and the last value. */
function drift(past: Float64Array, steps: number): Float64Array {
  const slope = past.length < 2 ? 0 : (last(past) - past[0]) / (past.length - 1);
  return steadily(steps, (step) => last(past) + step * slope);
}

/** Every forecast by a simple rule: what a forecaster that learns has to beat. */
export const forecastMethods: readonly ForecastMethod[] = [
  {
    name: 'naive',
    summary: 'the last value',
    forecast: (past, steps) => steadily(steps, () => last(past)),
  },
  { name: 'seasonal-naive', summary: 'the last season again', needsSeason: true, forecast: repeatSeason },
  {
    name: 'mean',
    summary: 'the mean of all values',
    forecast: (past, steps) => {
      const mean = past.reduce((sum, value) => sum + value / past.length, 0);
      return steadily(steps, () => mean);
    },
  },
  { name: 'drift', summary: 'the line through the first and the last value', forecast: drift },
  {
    name: 'zero-change',
    summary: '0, for series that are changes already',
    forecast: (_past, steps) => new Float64Array(steps),
  },
];

/** @throws LEARNER_UNKNOWN with the nearest name */
export function forecastMethod(name: string): ForecastMethod {
  const found = forecastMethods.find((method) => method.name === name);
  if (found) return found;
  const names = forecastMethods.map((method) => method.name);
  throw new RiskopsError('LEARNER_UNKNOWN', {
    what: `"${printable(name, 60)}" does not forecast the series of a wide file.`,
    why: `Of those that do: ${suggestWord(name, names)}`,
    fix: `one of ${names.join(', ')}`,
    details: { learner: name, learners: names },
  });
}
