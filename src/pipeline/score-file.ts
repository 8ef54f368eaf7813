import { resolve } from 'node:path';
import { encodeTable } from '../datasets/encode-table.js';
import { readTable } from '../datasets/read-csv.js';
import { type Feature, readOptionsFor, type Signature } from '../datasets/signature.js';
import type { Table } from '../datasets/table.js';
import { writeTable } from '../datasets/write-csv.js';
import { RiskopsError } from '../errors.js';
import { type Predictor, readModelFile } from '../models/model-file.js';
import { findVersion } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { loadCurrent } from './load-current.js';

export interface ScoreRequest {
  model: string;
  /** A version's number; the current one when left out. */
  version?: string;
  file: string;
  out: string;
}

export interface ScoreResult {
  model: string;
  version: number;
  rows: number;
  out: string;
  notes: string[];
}

/** Scores a CSV by the stored recipe and model, as the server does, and writes its rows with `prediction` (and `class`). */
export async function scoreFile(
  store: Store,
  { model, version, file, out }: ScoreRequest,
): Promise<ScoreResult> {
  if (resolve(file) === resolve(out)) throw sameFile(file);
  const { predictor, number } = await choosePredictor(store, model, version);
  const { signature, threshold } = predictor.header;
  const table = await readRowsFor(signature, file, `${model} version ${number}`);
  const cells = encodeTable(table, signature);
  const predictions = predictor.predictCells(cells, table.rowCount);
  const { classes } = signature.target;
  const added = new Map<string, (row: number) => string>([['prediction', (row) => String(predictions[row])]]);
  if (classes !== null)
    added.set('class', (row) => String(classes[predictions[row] >= (threshold ?? 0.5) ? 1 : 0]));
  writeTable(out, table, added);
  return { model, version: number, rows: table.rowCount, out, notes: notesOn(cells, signature.features) };
}

/** The rows of a file with at least the model's columns; columns that the model does not take are kept and not used. */
async function readRowsFor(signature: Signature, file: string, who: string): Promise<Table> {
  try {
    return (await readTable(file, readOptionsFor(signature))).table;
  } catch (error) {
    if (!(error instanceof RiskopsError) || error.code !== 'COLUMN_NOT_FOUND') throw error;
    throw new RiskopsError('INPUT_INVALID', {
      what: `${printable(file)} does not have the columns that ${who} takes.`,
      why: `${error.message} ${error.why ?? ''}`.trim(),
      details: error.details,
      cause: error,
    });
  }
}

function sameFile(file: string): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: `The scores cannot be written to ${printable(file)}.`,
    why: 'It is the file that is scored.',
    fix: 'name another file with --out',
  });
}

async function choosePredictor(
  store: Store,
  model: string,
  version: string | undefined,
): Promise<{ predictor: Predictor; number: number }> {
  if (version === undefined) {
    const { entry, predictor } = await loadCurrent(store.places, model);
    return { predictor, number: entry.version };
  }
  const record = await findVersion(store, model, { version });
  return {
    predictor: await readModelFile(store.blobs.path(record.path), { sha256: record.sha256 }),
    number: record.version,
  };
}

/** How often a value was odd: a category that training never saw is scored as if it were missing, a missing value is filled in. */
function notesOn(cells: Float64Array, features: readonly Feature[]): string[] {
  return features.flatMap(({ name, type, nullable }, i) => {
    let [unseen, missing] = [0, 0];
    for (let at = i; at < cells.length; at += features.length) {
      if (Number.isNaN(cells[at])) missing++;
      else if (type === 'category' && cells[at] === -1) unseen++;
    }
    const never = nullable ? '' : ', which training never saw';
    return [
      ...(unseen === 0 ? [] : [`${counted(unseen)} a ${name} that training never saw.`]),
      ...(missing === 0 ? [] : [`${counted(missing)} no ${name}${never}.`]),
    ];
  });
}

const counted = (rows: number) => (rows === 1 ? '1 row has' : `${rows} rows have`);
