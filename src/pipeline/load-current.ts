import { join } from 'node:path';
import { readModelFile } from '../models/model-file.js';
import type { Predictor } from '../models/predictor.js';
import { type PointerEntry, readPointer } from '../registry/current.js';
import { noCurrentModel } from '../registry/no-current.js';
import type { StorePlaces } from '../storage/store.js';

/**
 * The current model of a name, as the server would load it: from the pointer alone, its file proved first.
 * @throws NO_CURRENT_MODEL, POINTER_INVALID, MODEL_FILE_INVALID
 */
export async function loadCurrent(
  places: StorePlaces,
  model: string,
): Promise<{ entry: PointerEntry; predictor: Predictor }> {
  const pointer = readPointer(places.currentModel);
  const entry = pointer?.models[model];
  if (entry === undefined) throw noCurrentModel(pointer, model);
  return {
    entry,
    predictor: await readModelFile(join(places.artifacts, entry.path), { sha256: entry.sha256 }),
  };
}
