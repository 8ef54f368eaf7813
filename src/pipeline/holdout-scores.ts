import type { Signature } from '../datasets/signature.js';
import { decodeSafetensors, encodeSafetensors } from '../models/safetensors.js';
import type { Store } from '../storage/store.js';
import type { Run } from '../tracking/runs.js';
import { sha256 } from '../util/files.js';
import { toJson } from '../util/json.js';

/** A version's own predictions on its holdout, kept with its run: evidence that outlives the model file. */
export interface HoldoutScores {
  holdoutSha256: string;
  threshold: number | null;
  signature: Signature;
  predictions: Float64Array;
}

const FILE = 'holdout-scores.safetensors';

export async function keepScores(run: Run, { predictions, ...facts }: HoldoutScores): Promise<void> {
  const bytes = encodeSafetensors({
    metadata: { riskops: toJson(facts) },
    tensors: { predictions: { type: 'F64', shape: [predictions.length], data: predictions } },
  });
  await run.logArtifact(FILE, bytes, 'holdout-scores');
}

/** The kept predictions of a run; null when there are none, or when they are not as they were recorded. */
export async function readScores(store: Store, runId: string): Promise<HoldoutScores | null> {
  const row = await store.db
    .selectFrom('artifacts')
    .innerJoin('runs', 'runs.run_id', 'artifacts.run_id')
    .select(['artifacts.sha256', 'runs.dir_name'])
    .where('artifacts.run_id', '=', runId)
    .where('artifacts.path', '=', FILE)
    .executeTakeFirst();
  const key = row && `runs/${row.dir_name}/${FILE}`;
  if (key === undefined || !(await store.blobs.exists(key))) return null;
  const bytes = await store.blobs.get(key);
  if (sha256(bytes) !== row?.sha256) return null;
  const { metadata, tensors } = decodeSafetensors(bytes);
  const facts = JSON.parse(metadata['riskops']) as Omit<HoldoutScores, 'predictions'>;
  return { ...facts, predictions: tensors['predictions'].data as Float64Array };
}
