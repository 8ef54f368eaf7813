import { formatDate } from '../../datasets/dates.js';
import { RiskopsError } from '../../errors.js';
import { readModelFile } from '../../models/model-file.js';
import type { Predictor } from '../../models/predictor.js';
import { findVersion } from '../../registry/versions.js';
import type { Store } from '../../storage/store.js';
import { loadCurrent } from '../load-current.js';
import { type Gap, gapNotes, type HistoryWarning, historyNotes } from './forecast-notes.js';
import { futureTimes, gapIn, stepOf, stepText } from './future-times.js';
import type { ForecastIntervals } from './intervals.js';
import { type KnownRows, readKnownRows } from './known-rows.js';
import { type ForecastColumns, forecastColumns } from './series-cells.js';
import { walkSteps } from './walk-forward.js';

export interface ForecastRequest {
  model: string;
  /** A version's number; the current one when left out. */
  version?: string;
  /** The rows that are known, newest last or in any order; those that the version was trained and judged on when left out. */
  data?: string;
  /** Steps ahead; as many as the model was made for when left out. */
  horizon?: number;
  /** The project's folder. */
  root: string;
}

/** One value to come. */
export interface ForecastRow {
  /** null where there is one series. */
  series: string | number | null;
  step: number;
  /** A date as `YYYY-MM-DD`, or the number that orders the rows. */
  time: string | number;
  forecast: number;
  /** By the share of the truth that they should hold: [lower, upper]; a share that cannot be promised is left out, and so are all of a series with too little history. */
  intervals: Record<string, [number, number]>;
}

export interface Forecast {
  model: string;
  version: number;
  target: string;
  horizon: number;
  /** The newest row that was known. */
  known_until: string | number;
  rows: ForecastRow[];
  /** Series whose times do not follow each other by their usual step: `after` and `next` are the first two that do not, of `count`. */
  gaps: Gap[];
  /** Series with fewer rows than the model looks back on: their forecasts stand on less than it was made for, and have no intervals. */
  warnings: HistoryWarning[];
  notes: string[];
}

/** What training keeps of a forecaster in the model file's provenance. */
export interface ForecastFacts {
  horizon: number;
  intervals: ForecastIntervals;
}

function noForecaster(model: string, version: number): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: `${model} version ${version} is no forecaster.`,
    why: 'It answers for rows, and was trained without --horizon.',
    fix: `riskops train --model ${model} --horizon 12 --time COLUMN`,
  });
}

async function choose(store: Store, model: string, version: string | undefined) {
  if (version === undefined) {
    const { entry, predictor } = await loadCurrent(store.places, model);
    return { predictor, number: entry.version };
  }
  const record = await findVersion(store, model, { version });
  const path = store.blobs.path(record.path);
  return { predictor: await readModelFile(path, { sha256: record.sha256 }), number: record.version };
}

function intervalsAt(
  facts: ForecastFacts | undefined,
  step: number,
  value: number,
): ForecastRow['intervals'] {
  if (facts === undefined) return {};
  const { coverage, halfWidths } = facts.intervals;
  const widths = halfWidths[step] ?? [];
  return Object.fromEntries(
    coverage.flatMap((share, i) => {
      const half = widths[i] ?? null;
      return half === null ? [] : [[`${Math.round(100 * share)}%`, [value - half, value + half]]];
    }),
  );
}

/** What is asked of known rows. */
export interface ForecastQuestion {
  model: string;
  version: number;
  /** Steps ahead; as many as the model was made for when left out. */
  horizon?: number;
  /** So many rows are predicted at a time; all when left out. The answer is the same. */
  rowsAtOnce?: number;
}

/** A forecast under way. */
export interface ForecastWork {
  /** How many times `advance` is to be called. */
  steps: number;
  advance(): void;
  /** When all steps are done. */
  result(): Forecast;
}

/** Series that are forecast together: as many as `rowsAtOnce` allows. */
function groupsOf<Item>(items: readonly Item[], rowsEach: number, rowsAtOnce: number): Item[][] {
  const size = Math.min(items.length, Math.max(1, Math.floor(rowsAtOnce / rowsEach)));
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/**
 * Begins to forecast the values to come of every series, dated and with the intervals that the held-out rows promise.
 * @throws OPTION_INVALID for a model that is no forecaster, INPUT_INVALID when no series has two known rows
 */
export function startForecast(
  predictor: Predictor,
  { cells, series }: KnownRows,
  { model, version, horizon: asked, rowsAtOnce = Number.POSITIVE_INFINITY }: ForecastQuestion,
): ForecastWork {
  const { signature, provenance } = predictor.header;
  const columns = columnsOf(predictor, model, version);
  const facts = provenance['forecast'] as ForecastFacts | undefined;
  const horizon = asked ?? facts?.horizon ?? 1;
  const areDates = signature.features[columns.time].type === 'date';
  const show = (time: number) => (areDates ? formatDate(time) : time);
  const notes: string[] = [];
  const gaps: Gap[] = [];
  const open = series.flatMap(({ name, rows, times }) => {
    const step = stepOf(times, areDates);
    if (step === null) {
      notes.push(`The series ${name} has one row: nobody can say what its next time is.`);
      return [];
    }
    const gap = gapIn(times, step);
    if (gap !== null)
      gaps.push({
        series: name,
        step: stepText(step, areDates),
        ...{ after: show(gap.after), next: show(gap.next), count: gap.count },
      });
    const isShort = rows.length < predictor.lookBack;
    return [{ name, rows, isShort, last: times[times.length - 1], times: futureTimes(times, step, horizon) }];
  });
  if (open.length === 0) throw nothingKnown();
  if (facts !== undefined && horizon > facts.horizon)
    notes.push(`It was made for ${facts.horizon} steps: the intervals of later ones are not known.`);
  const feature = signature.features[columns.time].name;
  const warnings = open
    .filter(({ isShort }) => isShort)
    .map(({ name, rows }): HistoryWarning => {
      const [rows_before, looks_back] = [rows.length, predictor.lookBack];
      return { series: name, feature, code: 'HISTORY_MISSING', rows_before, looks_back };
    });
  const groups = groupsOf(open, predictor.lookBack + 1 + horizon, rowsAtOnce);
  const walks = groups.map((group) => walkSteps(predictor, cells, columns, group));
  const values: Float64Array[] = [];
  return {
    // The last call of each walk gives its values.
    steps: groups.length * (horizon + 1),
    advance() {
      const walk = walks[0]?.next();
      if (walk?.done !== true) return;
      values.push(...walk.value);
      walks.shift();
    },
    result: () => ({
      ...{ model, version, target: signature.target.name, horizon },
      known_until: show(open.reduce((latest, { last }) => Math.max(latest, last), Number.NEGATIVE_INFINITY)),
      rows: open.flatMap(({ name, times, isShort }, i) =>
        times.map((time, step) => ({
          series: name,
          step: step + 1,
          time: show(time),
          forecast: values[i][step],
          // They were told from forecasts that looked back on all that the model looks back on.
          intervals: isShort ? {} : intervalsAt(facts, step, values[i][step]),
        })),
      ),
      ...{ gaps, warnings },
      notes: [...gapNotes(gaps), ...historyNotes(warnings), ...notes],
    }),
  };
}

/** Where the cells of a forecaster are. @throws OPTION_INVALID for a model that is none */
export function columnsOf(
  { header }: Pick<Predictor, 'header'>,
  model: string,
  version: number,
): ForecastColumns {
  const columns = forecastColumns(header.signature);
  if (columns === undefined) throw noForecaster(model, version);
  return columns;
}

function nothingKnown(): RiskopsError {
  return new RiskopsError('INPUT_INVALID', {
    what: 'There is nothing to go on from.',
    why: 'No series has two rows whose target is known.',
    fix: 'give the rows that are known, with their target',
  });
}

/**
 * The values to come of every series, of a version on record.
 * @throws OPTION_INVALID for a model that is no forecaster, COLUMN_NOT_FOUND, NO_CURRENT_MODEL, INPUT_INVALID, and what reading the data throws
 */
export async function forecast(store: Store, request: ForecastRequest): Promise<Forecast> {
  const { model, version, data, root, horizon } = request;
  const { predictor, number } = await choose(store, model, version);
  const { header, lookBack } = predictor;
  const columns = columnsOf(predictor, model, number);
  const known = await readKnownRows(header, { data, root, columns, lookBack });
  const work = startForecast(predictor, known, { model, version: number, horizon });
  for (let step = 0; step < work.steps; step++) work.advance();
  return work.result();
}
