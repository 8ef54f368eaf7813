import { encodeTable } from '../datasets/encode-table.js';
import type { ReadTable } from '../datasets/read-options.js';
import { readOptionsFor, type TargetSpec } from '../datasets/signature.js';
import { columnOf, type Table } from '../datasets/table.js';
import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import type { ModelHeader } from '../models/model-header.js';
import type { Predictor } from '../models/predictor.js';
import { findVersion, type VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { takePredictions } from './fit-model.js';
import { readModelRows } from './model-rows.js';

/** A version's predictions on the rows of a file, beside what came true. */
export interface ScoredVersion {
  version: VersionRecord;
  predictor: Predictor;
  read: ReadTable;
  /** The rows of the file that have a target. */
  rows: Int32Array;
  y: Float64Array;
  predictions: Float64Array;
  times: Float64Array | null;
}

/** Reads a file as the model learned its columns. @throws INPUT_INVALID when it lacks one of them, and as `readTable` */
async function readRows(path: string, header: ModelHeader): Promise<ReadTable> {
  const { signature } = header;
  const { schema } = readOptionsFor(signature);
  const { name, type } = signature.target;
  const types = new Map(Object.entries(Object.fromEntries(schema as Map<string, object>)));
  try {
    return await readModelRows(header, path, { withTarget: true, schema: types.set(name, { type }) });
  } catch (error) {
    if (!(error instanceof RiskopsError) || error.code !== 'COLUMN_NOT_FOUND') throw error;
    throw new RiskopsError('INPUT_INVALID', {
      what: `${printable(path)} does not have the columns that the model takes, and its target.`,
      why: `${error.message} ${error.why ?? ''}`.trim(),
      details: error.details,
      cause: error,
    });
  }
}

/** The target as the model knows it: the place of its class, or the number; NaN where it is missing. */
function targetOf(table: Table, { name, classes }: TargetSpec): Float64Array {
  const column = columnOf(table, name);
  if (classes === null && column.type !== 'category') return column.values;
  const places = new Map((classes ?? []).map((value, place) => [String(value), place]));
  const placeOf = (text: string, row: number) => {
    const place = places.get(text);
    if (place !== undefined) return place;
    throw new RiskopsError('INPUT_INVALID', {
      what: `Row ${row + 1} has the ${printable(name, 60)} "${printable(text, 60)}", which the model does not know.`,
      why: `Its classes are ${printable([...places.keys()].join(', '), 300)}.`,
      fix: 'leave out these rows, or train again',
    });
  };
  return Float64Array.from({ length: table.rowCount }, (_, row) => {
    if (column.type === 'category') {
      const code = column.codes[row];
      return code < 0 ? Number.NaN : placeOf(column.categories[code], row);
    }
    const value = column.values[row];
    if (Number.isNaN(value)) return value;
    return placeOf(column.type === 'boolean' ? String(value === 1) : String(value), row);
  });
}

/**
 * Scores the rows of a file by a version, as the server would; nothing is fitted.
 * @param given a version's number or alias; the current one when undefined
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, NO_CURRENT_MODEL, MODEL_FILE_INVALID, INPUT_INVALID for a file that does not fit
 */
export async function scoreVersion(
  store: Store,
  model: string,
  given: string | undefined,
  data: string,
): Promise<ScoredVersion> {
  const version = await findVersion(store, model, { version: given ?? 'current' });
  const predictor = await readModelFile(store.blobs.path(version.path), { sha256: version.sha256 });
  const { signature } = predictor.header;
  const read = await readRows(data, predictor.header);
  const { table } = read;
  const target = targetOf(table, signature.target);
  const rows = new Int32Array(table.rowCount)
    .map((_, row) => row)
    .filter((row) => !Number.isNaN(target[row]));
  if (rows.length === 0)
    throw new RiskopsError('INPUT_INVALID', {
      what: `No row of ${printable(data)} has a ${printable(signature.target.name, 60)}.`,
      why: 'There is nothing to compare the predictions with.',
    });
  const predictions = predictor.predictCells(encodeTable(table, signature), table.rowCount);
  const time = signature.features.find(({ role }) => role === 'time');
  const times = time === undefined ? undefined : columnOf(table, time.name);
  return {
    ...{ version, predictor, read, rows },
    y: Float64Array.from(rows, (row) => target[row]),
    predictions: takePredictions(predictions, table.rowCount, rows),
    times:
      times === undefined || times.type === 'category'
        ? null
        : Float64Array.from(rows, (row) => times.values[row]),
  };
}
