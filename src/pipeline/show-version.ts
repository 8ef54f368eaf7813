import type { Feature } from '../datasets/signature.js';
import type { Task } from '../models/learner.js';
import { readModelFile } from '../models/model-file.js';
import { findVersion, type VersionChoice, type VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';

/** A version's record with what its model file says of itself. */
export interface VersionInFull extends VersionRecord {
  task: Task;
  target: string;
  classes: unknown[] | null;
  threshold: number | null;
  /** What a row to predict must have. */
  features: Feature[];
  hyper: Record<string, unknown>;
}

/** @throws VERSION_NOT_FOUND, MODEL_FILE_INVALID, MODEL_FILE_NOT_FOUND */
export async function showVersion(
  store: Store,
  model: string,
  choice: VersionChoice,
): Promise<VersionInFull> {
  const version = await findVersion(store, model, choice);
  const { header } = await readModelFile(store.blobs.path(version.path), { sha256: version.sha256 });
  const { task, signature, threshold, learner } = header;
  const { target, features } = signature;
  return {
    ...version,
    task,
    target: target.name,
    classes: target.classes,
    threshold,
    hyper: learner.hyper,
    features,
  };
}
