import type { InputWarning } from '../datasets/encode-rows.js';
import type { ServedModel } from './served-model.js';

/**
 * One warning for each series of a request whose newest row has fewer rows before it than the model looks back on: its answer stands on
 * less than the model was made for. Of a series with enough rows, the first ones are there for the last.
 * @param cells of all rows of the request, row-major
 */
export function missingHistory(
  { header: { signature }, predictor: { lookBack } }: Pick<ServedModel, 'header' | 'predictor'>,
  cells: Float64Array,
): InputWarning[] {
  const { features } = signature;
  const width = features.length;
  const at = (role: string) => features.findIndex((feature) => feature.role === role);
  const [time, group] = [at('time'), at('group')];
  const series = new Map<number, { newest: number; rows: number }>();
  for (let row = 0; row * width < cells.length; row++) {
    const key = group < 0 ? 0 : cells[row * width + group];
    const known = series.get(key);
    const isNewer =
      known === undefined || time < 0 || cells[row * width + time] >= cells[known.newest * width + time];
    series.set(key, { newest: isNewer ? row : known.newest, rows: (known?.rows ?? 0) + 1 });
  }
  const feature = features[Math.max(time, 0)].name;
  return [...series.values()].flatMap(({ newest, rows }) =>
    rows > lookBack
      ? []
      : [{ row: newest, feature, code: 'HISTORY_MISSING', rows_before: rows - 1, looks_back: lookBack }],
  );
}
