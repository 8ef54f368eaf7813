import { alongSeries, columnStep, finite, lookBackOf, type NewColumn, namesOf } from './new-columns.js';
import { type FrameColumn, sourcesOf } from './step.js';
import { MOST_BACK, NUMBERS } from './step-settings.js';

const STATISTICS = ['mean', 'sd', 'min', 'max'] as const;
type Statistic = (typeof STATISTICS)[number];

/**
 * A statistic of the present values of a window. Each window is computed on its own, from its first value on, so that a row gets the same
 * bits whatever came before the window, and a window of one value all along has a deviation of exactly 0.
 */
const compute: Record<Statistic, (values: Float64Array, count: number) => number> = {
  mean,
  sd,
  min(values, count) {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) if (values[i] < least) least = values[i];
    return least;
  },
  max(values, count) {
    let greatest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) if (values[i] > greatest) greatest = values[i];
    return greatest;
  },
};

function mean(values: Float64Array, count: number): number {
  const first = values[0];
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i] - first;
  return first + sum / count;
}

/** By two passes with the correction of rounding (Chan, Golub and LeVeque 1983). */
function sd(values: Float64Array, count: number): number {
  if (count < 2) return Number.NaN;
  const centre = mean(values, count);
  let squares = 0;
  let rest = 0;
  for (let i = 0; i < count; i++) {
    const distance = values[i] - centre;
    squares += distance * distance;
    rest += distance;
  }
  return Math.sqrt(Math.max(0, squares - (rest * rest) / count) / (count - 1));
}

function rolled(source: FrameColumn, index: number, of: Statistic, window: number, min: number): NewColumn {
  const statistic = compute[of];
  return {
    column: {
      name: `${source.name}_${of}${window}`,
      kind: 'number',
      lookBack: lookBackOf(source) + window - 1,
      sources: sourcesOf(source),
    },
    sequential: true,
    fill: alongSeries(index, (known, made) => {
      const present = new Float64Array(Math.min(window, known.length));
      for (let i = 0; i < known.length; i++) {
        let count = 0;
        for (let at = Math.max(0, i - window + 1); at <= i; at++)
          if (!Number.isNaN(known[at])) present[count++] = known[at];
        made[i] = count < min ? Number.NaN : finite(statistic(present, count));
      }
    }),
  };
}

/**
 * Mean, standard deviation (ddof 1), least or greatest value of the last rows of the same series, the row itself included; of a past column
 * the window ends at the row before. Named `NAME_mean5`. Equal to pandas' `rolling(window, min_periods=min)`.
 */
export const rolling = columnStep({
  kind: 'rolling',
  summary: 'mean, deviation, least or greatest value of the last rows of the same series',
  settings: [
    { name: 'columns', description: 'columns; every number when left out', columns: true },
    { name: 'windows', description: 'how many rows, one number or a list' },
    { name: 'of', description: `a list of ${STATISTICS.join(', ')}; ["mean"] when left out` },
    { name: 'min', description: 'values that a window must have, or it is missing; 1 when left out' },
  ],
  make(settings) {
    const { frame } = settings;
    const columns = settings.columns('columns', NUMBERS);
    const windows = settings.wholes('windows', 1, MOST_BACK);
    const of = settings.choices('of', STATISTICS, ['mean']);
    const min = settings.whole('min', 1, Math.min(...windows), 1);
    settings.checkCount(columns.length * windows.length * of.length);
    return {
      added: columns.flatMap((index) =>
        windows.flatMap((window) => of.map((one) => rolled(frame[index], index, one, window, min))),
      ),
      json: { columns: namesOf(frame, columns), windows, of, min },
    };
  },
});
