import type { Predictor } from '../../models/predictor.js';
import type { ForecastColumns } from './series-cells.js';

/** One series to go on with: the rows that are known, and the times to come. */
export interface OpenSeries {
  /** Row numbers among the cells, in time. */
  rows: readonly number[];
  times: readonly number[];
}

/**
 * Forecasts every series step by step, one prediction of the model for all series at a time: what is forecast for a time stands for the
 * target's value when the next is asked for (recursive multi-step; Ben Taieb et al. 2012). Other numbers that are known up to the row
 * before are missing from the second step on; what names a series or is known ahead is taken from its last row.
 * A step of all series at a time, so that whoever asks can see to other work in between.
 * @returns of each series one value a time
 */
export function* walkSteps(
  { predictCells, lookBack }: Pick<Predictor, 'predictCells' | 'lookBack'>,
  cells: Float64Array,
  columns: ForecastColumns,
  series: readonly OpenSeries[],
): Generator<void, Float64Array[]> {
  const { width, time, target, past } = columns;
  const steps = Math.max(0, ...series.map(({ times }) => times.length));
  const tails = series.map(({ rows }) => rows.slice(-lookBack - 1));
  const answers = series.map(({ times }) => new Float64Array(times.length));
  const rowCount = tails.reduce((sum, tail) => sum + tail.length + steps, 0);
  const window = new Float64Array(rowCount * width);
  const starts: number[] = [];
  let end = 0;
  for (const tail of tails) {
    starts.push(end);
    for (const row of tail) window.set(cells.subarray(row * width, (row + 1) * width), end++ * width);
    end += steps;
  }
  for (let step = 0; step < steps; step++) {
    const asked: Float64Array[] = [];
    const last: number[] = [];
    let count = 0;
    for (const [i, { times }] of series.entries()) {
      const next = starts[i] + tails[i].length + step;
      window.copyWithin(next * width, (next - 1) * width, next * width);
      window[next * width + time] =
        times[Math.min(step, times.length - 1)] + Math.max(0, step - times.length + 1);
      for (const column of past) window[next * width + column] = Number.NaN;
      asked.push(window.subarray(starts[i] * width, (next + 1) * width));
      count += next + 1 - starts[i];
      last.push(count - 1);
    }
    const together = new Float64Array(count * width);
    let at = 0;
    for (const part of asked) {
      together.set(part, at);
      at += part.length;
    }
    const predictions = predictCells(together, count);
    for (const [i, { times }] of series.entries()) {
      const value = predictions[last[i]];
      window[(starts[i] + tails[i].length + step) * width + target] = value;
      if (step < times.length) answers[i][step] = value;
    }
    yield;
  }
  return answers;
}

/** As `walkSteps`, all at once. */
export function walkForward(
  predictor: Pick<Predictor, 'predictCells' | 'lookBack'>,
  cells: Float64Array,
  columns: ForecastColumns,
  series: readonly OpenSeries[],
): Float64Array[] {
  const steps = walkSteps(predictor, cells, columns, series);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
