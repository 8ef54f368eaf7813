import { readTable } from '../datasets/read-table.js';
import type { Table } from '../datasets/table.js';
import { RiskopsError } from '../errors.js';
import { type ForecastMethod, forecastMethod, forecastMethods } from '../evaluation/forecast-methods.js';
import { type ForecastScores, type SeriesPair, scoreForecasts } from '../evaluation/forecast-scores.js';
import { printable } from '../util/text.js';

export interface ForecastRequest {
  /** A wide file: each row one series, the first column its name, its values from left to right. */
  data: string;
  /** The values that follow, the same way; a series is found by its name. */
  test: string;
  learner: string;
  /** Values in one season; 1 when null. */
  season: number | null;
}

export interface ForecastEvaluation extends ForecastScores {
  learner: string;
  season: number;
  series: number;
  /** Values that were forecast of a series; of series of different length the least and the most. */
  horizon: { least: number; most: number };
  /** The same scores of every simple forecast. */
  baselines: ({ learner: string } & ForecastScores)[];
}

const MOST_SEASON = 100_000;

function invalid(path: string, why: string): RiskopsError {
  return new RiskopsError('INPUT_INVALID', {
    what: `${printable(path)} cannot be read as one series a row.`,
    why,
    fix: 'the first column names the series, its values follow without gaps, and empty cells stand at the end alone',
  });
}

/** The values of one row: as many as there are before the empty cells at its end. */
function valuesOf({ columns }: Table, row: number, refuse: (why: string) => RiskopsError): Float64Array {
  const values = columns.slice(1).map((column) => {
    if (column.type !== 'category') return column.values[row];
    if (column.codes[row] < 0) return Number.NaN;
    throw refuse(
      `The column "${printable(column.name)}" has the text "${printable(column.categories[column.codes[row]], 40)}".`,
    );
  });
  const end = values.findLastIndex((value) => !Number.isNaN(value)) + 1;
  const gap = values.findIndex((value) => Number.isNaN(value));
  if (gap >= 0 && gap < end) throw refuse(`Row ${row + 1} has a gap after ${gap} values.`);
  if (end === 0) throw refuse(`Row ${row + 1} has no values.`);
  return Float64Array.from(values.slice(0, end));
}

/** The series of a wide file by name. @throws INPUT_INVALID, and as `readTable` */
async function readWide(path: string): Promise<Map<string, Float64Array>> {
  const { table } = await readTable(path);
  const refuse = (why: string) => invalid(path, why);
  const [first] = table.columns;
  const nameOf = (row: number) => {
    if (first.type !== 'category') return String(first.values[row]);
    return first.codes[row] < 0 ? '' : first.categories[first.codes[row]];
  };
  const found = new Map<string, Float64Array>();
  for (let row = 0; row < table.rowCount; row++) {
    const name = nameOf(row);
    if (name === '' || name === 'NaN') throw refuse(`Row ${row + 1} has no name.`);
    if (found.has(name)) throw refuse(`The series "${printable(name, 60)}" stands there twice.`);
    found.set(name, valuesOf(table, row, refuse));
  }
  return found;
}

function pairSeries(
  past: Map<string, Float64Array>,
  future: Map<string, Float64Array>,
  { data, test }: ForecastRequest,
): SeriesPair[] {
  const alone = (names: Iterable<string>, others: Map<string, unknown>) =>
    [...names].find((name) => !others.has(name));
  const missing = alone(past.keys(), future);
  if (missing !== undefined)
    throw invalid(test, `The series "${printable(missing, 60)}" of ${printable(data)} is not there.`);
  const unknown = alone(future.keys(), past);
  if (unknown !== undefined)
    throw invalid(data, `The series "${printable(unknown, 60)}" of ${printable(test)} is not there.`);
  return [...past].map(([name, values]) => ({
    name,
    past: values,
    future: future.get(name) as Float64Array,
  }));
}

function checkSeason({ needsSeason, name }: ForecastMethod, season: number | null): number {
  if (season === null && needsSeason === true)
    throw new RiskopsError('USAGE', {
      what: `The learner ${name} repeats a season, and nobody said how long one is.`,
      why: 'No --season was given.',
      fix: `riskops evaluate --learner ${name} --season 24, for hours of a day`,
    });
  if (season === null || (Number.isInteger(season) && season >= 1 && season <= MOST_SEASON))
    return season ?? 1;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--season must be a whole number from 1 to ${MOST_SEASON}, and is ${season}.`,
  });
}

/** A season that no series holds is nothing to repeat, and nothing to scale errors by. */
function checkLengths(
  season: number,
  given: number | null,
  series: readonly SeriesPair[],
  data: string,
): void {
  const longest = series.reduce((most, { past }) => Math.max(most, past.length), 0);
  if (given === null || longest > season) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--season ${season} is too long: no series of ${printable(data)} holds more than one season.`,
    why: `The longest has ${longest} ${longest === 1 ? 'value' : 'values'}.`,
    fix: 'the number of values in one season, such as 24 for hours of a day',
  });
}

/**
 * Forecasts each series of a wide file, and compares with what came after by the scores of the M4 competition.
 * @throws LEARNER_UNKNOWN, USAGE, OPTION_INVALID, INPUT_INVALID, and as `readTable`
 */
export async function evaluateForecasts(request: ForecastRequest): Promise<ForecastEvaluation> {
  const method = forecastMethod(request.learner);
  const season = checkSeason(method, request.season);
  const series = pairSeries(await readWide(request.data), await readWide(request.test), request);
  checkLengths(season, request.season, series, request.data);
  const lengths = series.map(({ future }) => future.length);
  const usable = forecastMethods.filter(({ needsSeason }) => needsSeason !== true || season > 1);
  return {
    learner: method.name,
    season,
    series: series.length,
    horizon: {
      least: lengths.reduce((least, length) => Math.min(least, length)),
      most: lengths.reduce((most, length) => Math.max(most, length)),
    },
    ...scoreForecasts(series, method, season),
    baselines: usable.map((one) => ({ learner: one.name, ...scoreForecasts(series, one, season) })),
  };
}
