import { encodeTable } from '../datasets/encode-table.js';
import { readTable } from '../datasets/read-csv.js';
import { readOptionsFor } from '../datasets/signature.js';
import { writeTable } from '../datasets/write-csv.js';
import { type Predictor, readModelFile } from '../models/model-file.js';
import { findVersion } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
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
  const { predictor, number } = await choosePredictor(store, model, version);
  const { signature, threshold } = predictor.header;
  const { table } = await readTable(file, readOptionsFor(signature));
  const cells = encodeTable(table, signature);
  const predictions = predictor.predictCells(cells, table.rowCount);
  const { classes } = signature.target;
  const added = new Map<string, (row: number) => string>([['prediction', (row) => String(predictions[row])]]);
  if (classes !== null)
    added.set('class', (row) => String(classes[predictions[row] >= (threshold ?? 0.5) ? 1 : 0]));
  writeTable(out, table, added);
  return { model, version: number, rows: table.rowCount, out, notes: unseenNotes(cells, signature.features) };
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

/** How often a category came that training never saw: those rows are scored as if it were missing. */
function unseenNotes(cells: Float64Array, features: readonly { name: string; type: string }[]): string[] {
  return features.flatMap(({ name, type }, i) => {
    if (type !== 'category') return [];
    let count = 0;
    for (let at = i; at < cells.length; at += features.length) if (cells[at] === -1) count++;
    return count === 0 ? [] : [`${count} rows have a ${name} that training never saw.`];
  });
}
