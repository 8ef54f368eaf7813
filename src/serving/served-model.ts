import { compileEncoder, type RowEncoder } from '../datasets/encode-rows.js';
import { readModelFile } from '../models/model-file.js';
import type { ModelHeader } from '../models/model-header.js';
import type { Predictor } from '../models/predictor.js';
import type { PointerEntry } from '../registry/current.js';
import { Pace } from './pace.js';

/** A version that was read, proved and can answer. It never changes; a request keeps it to its end. */
export interface ServedModel {
  name: string;
  /** What the pointer says of it. */
  entry: PointerEntry;
  header: ModelHeader;
  predictor: Predictor;
  encoder: RowEncoder;
  pace: Pace;
  /** It answers a share of the requests before it is promoted. */
  canary?: true;
}

/**
 * Reads the model file that a pointer's entry names: its hash is the one on record, its structure is sound, its
 * golden rows are predicted as they were in training. `beside` are names that rows may have besides the features.
 * @throws RiskopsError MODEL_FILE_NOT_FOUND, MODEL_FILE_INVALID
 */
export async function loadServedModel(
  name: string,
  entry: PointerEntry,
  file: string,
  beside: readonly string[] = [],
): Promise<ServedModel> {
  const predictor = await readModelFile(file, { sha256: entry.sha256 });
  const { header } = predictor;
  return {
    name,
    entry,
    header,
    predictor,
    encoder: compileEncoder(header.signature, beside),
    pace: new Pace(),
  };
}
