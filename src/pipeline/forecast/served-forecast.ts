import type { RowEncoder } from '../../datasets/encode-rows.js';
import type { Signature } from '../../datasets/signature.js';
import { RiskopsError } from '../../errors.js';
import type { Predictor } from '../../models/predictor.js';
import { printable } from '../../util/text.js';
import { columnsOf, type ForecastWork, startForecast } from './forecast.js';
import { Histories } from './history-of.js';
import { type KnownRows, knownRows, type SeriesName } from './known-rows.js';
import type { ForecastColumns } from './series-cells.js';

/** Rows that are predicted at a time: others are answered in between. */
const ROWS_AT_ONCE = 2_048;

/** What is asked of a version that is served. */
export interface ServedQuestion {
  name: string;
  version: number;
  predictor: Predictor;
  encoder: RowEncoder;
  horizon?: number;
  /** The rows that are known, as /predict takes them; those that the version was trained and judged on when left out. */
  rows?: readonly unknown[];
  /** Only these series. */
  series?: readonly SeriesName[];
}

/** The name of each row's series, as a file would have it. */
function seriesNames(rows: readonly unknown[], { features }: Signature): (row: number) => SeriesName {
  const at = features.findIndex(({ role }) => role === 'group');
  if (at < 0) return () => null;
  const { name, type } = features[at];
  return (row) => {
    const given = rows[row] as unknown[] | Record<string, unknown>;
    const value = Array.isArray(given) ? given[at] : given[name];
    return type === 'category' ? String(value).trim() : (value as number);
  };
}

function refuse(problems: readonly { row: number; feature: string | null; got: string; expected: string }[]) {
  const [{ row, feature, got, expected }] = problems;
  return new RiskopsError('VALIDATION_ERROR', {
    what: 'A known row does not fit the model.',
    why: `row ${row}, ${feature ?? 'the row'}: ${got} where ${expected} is expected.`,
    fix: 'GET /model shows what the model takes',
    details: { problems },
  });
}

function encodeKnown(
  { encoder, predictor }: ServedQuestion,
  rows: readonly unknown[],
  columns: ForecastColumns,
): KnownRows {
  const { cells, problems } = encoder.encode(rows);
  if (problems.length > 0) throw refuse(problems);
  const { signature } = predictor.header;
  return knownRows(cells, columns, {
    nameOf: seriesNames(rows, signature),
    lookBack: predictor.lookBack,
  });
}

/** @throws VALIDATION_ERROR for a name that no series has */
function only({ cells, series }: KnownRows, names: readonly SeriesName[] | undefined): KnownRows {
  if (names === undefined) return { cells, series };
  const missing = names.find((name) => !series.some((one) => one.name === name));
  if (missing === undefined) return { cells, series: series.filter(({ name }) => names.includes(name)) };
  const known = series.slice(0, 12).map(({ name }) => printable(String(name), 60));
  throw new RiskopsError('VALIDATION_ERROR', {
    what: `There is no series ${printable(String(missing), 60)} among the known rows.`,
    why: `There is: ${known.join(', ')}${series.length > known.length ? ` and ${series.length - known.length} more` : ''}.`,
  });
}

/**
 * What the forecast route of the server does: as `riskops forecast`, in steps, and with the rows of the request.
 * @param root the project's folder, where recorded data are looked for
 */
export function servedForecaster(root: string): (asked: ServedQuestion) => Promise<ForecastWork> {
  const histories = new Histories(root);
  return async (asked) => {
    const { name: model, version, predictor, horizon, rows, series } = asked;
    const columns = columnsOf(predictor, model, version);
    const known =
      rows === undefined ? await histories.of(predictor, columns) : encodeKnown(asked, rows, columns);
    return startForecast(predictor, only(known, series), {
      ...{ model, version, horizon },
      rowsAtOnce: ROWS_AT_ONCE,
    });
  };
}
