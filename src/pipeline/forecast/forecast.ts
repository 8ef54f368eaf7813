import { formatDate } from '../../datasets/dates.js';
import { encodeTable } from '../../datasets/encode-table.js';
import type { Signature } from '../../datasets/signature.js';
import { columnOf, type Table } from '../../datasets/table.js';
import { RiskopsError } from '../../errors.js';
import { readModelFile } from '../../models/model-file.js';
import type { Predictor } from '../../models/predictor.js';
import { findVersion } from '../../registry/versions.js';
import type { Store } from '../../storage/store.js';
import { loadCurrent } from '../load-current.js';
import { readModelRows } from '../model-rows.js';
import { usableSource } from '../source-paths.js';
import { futureTimes, stepOf } from './future-times.js';
import type { ForecastIntervals } from './intervals.js';
import { forecastColumns, seriesRows } from './series-cells.js';
import { walkForward } from './walk-forward.js';

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
  /** By the share of the truth that they should hold: [lower, upper]; a share that cannot be promised is left out. */
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

/** The rows that the model goes on from. */
async function readHistory({ header }: Predictor, { data, root }: ForecastRequest): Promise<Table> {
  const recorded = header.provenance['holdout'] as { data: string } | undefined;
  const source = data ?? (recorded && usableSource(root, recorded.data));
  if (source !== undefined) {
    const read = await readModelRows(header, source);
    if (data !== undefined || read.source.sha256 === header.provenance.data_sha256) return read.table;
    throw new RiskopsError('DATA_CHANGED', {
      what: `${recorded?.data} was changed since the model was trained on it.`,
      why: 'Its SHA-256 is another, so nobody can say what the forecast would go on from.',
      fix: `riskops forecast --data ${recorded?.data}, if its rows are the newest that are known`,
    });
  }
  throw new RiskopsError('OPTION_INVALID', {
    what: 'There are no rows to go on from.',
    why: 'The model does not say what it was trained on.',
    fix: 'riskops forecast --data FILE, with the rows that are known',
  });
}

/** The name of each row's series as the file has it. */
function seriesNames(table: Table, signature: Signature): (row: number) => string | number | null {
  const group = signature.features.find(({ role }) => role === 'group');
  if (group === undefined) return () => null;
  const column = columnOf(table, group.name);
  if (column.type === 'category') return (row) => column.categories[column.codes[row]];
  return (row) => column.values[row];
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

/**
 * The values to come of every series, dated and with the intervals that the held-out rows promise.
 * @throws OPTION_INVALID for a model that is no forecaster, COLUMN_NOT_FOUND, NO_CURRENT_MODEL, and what reading the data throws
 */
export async function forecast(store: Store, request: ForecastRequest): Promise<Forecast> {
  const { model, version } = request;
  const { predictor, number } = await choose(store, model, version);
  const { signature, provenance } = predictor.header;
  const columns = forecastColumns(signature);
  if (columns === undefined) throw noForecaster(model, number);
  const facts = provenance['forecast'] as ForecastFacts | undefined;
  const horizon = request.horizon ?? facts?.horizon ?? 1;
  const table = await readHistory(predictor, request);
  const cells = encodeTable(table, signature);
  const nameOf = seriesNames(table, signature);
  const areDates = signature.features[columns.time].type === 'date';
  const show = (time: number) => (areDates ? formatDate(time) : time);
  const notes: string[] = [];
  const isKnown = (row: number) => !Number.isNaN(cells[row * columns.width + columns.target]);
  const open = seriesRows(cells, columns).flatMap((all) => {
    const rows = all.filter(isKnown);
    if (rows.length === 0) return [];
    const times = rows.map((row) => cells[row * columns.width + columns.time]);
    const step = stepOf(times, areDates);
    if (step !== null) return [{ rows, times: futureTimes(times, step, horizon) }];
    notes.push(`The series ${nameOf(rows[0])} has one row: nobody can say what its next time is.`);
    return [];
  });
  const values = walkForward(predictor, cells, columns, open);
  const beyond = facts !== undefined && horizon > facts.horizon;
  if (beyond)
    notes.push(`It was made for ${facts.horizon} steps: the intervals of later ones are not known.`);
  return {
    model,
    version: number,
    target: signature.target.name,
    horizon,
    known_until: show(
      Math.max(...open.map(({ rows }) => cells[(rows.at(-1) as number) * columns.width + columns.time])),
    ),
    rows: open.flatMap(({ rows, times }, i) =>
      times.map((time, step) => ({
        series: nameOf(rows[0]),
        step: step + 1,
        time: show(time),
        forecast: values[i][step],
        intervals: intervalsAt(facts, step, values[i][step]),
      })),
    ),
    notes,
  };
}
