import type { Signature } from '../datasets/signature.js';
import { decodeSafetensors, encodeSafetensors } from '../models/safetensors.js';
import type { Store } from '../storage/store.js';
import { readArtifact } from '../tracking/read-artifact.js';
import type { Run } from '../tracking/runs.js';
import { toJson } from '../util/json.js';

/** A version's own predictions on its holdout, kept with its run: evidence that outlives the model file. */
export interface HoldoutScores {
  holdoutSha256: string;
  threshold: number | null;
  signature: Signature;
  /** One a row; of a multiclass model one a class of each row, row by row. */
  predictions: Float64Array;
  /** What came true, in the order of the rows; null for a run from before it was kept. */
  target: Float64Array | null;
  /** The time of each row, where the split was by time. */
  times: Float64Array | null;
}

const FILE = 'holdout-scores.safetensors';

export async function keepScores(
  run: Run,
  { predictions, target, times, ...facts }: HoldoutScores & { target: Float64Array },
): Promise<void> {
  const column = (data: Float64Array) => ({ type: 'F64' as const, shape: [data.length], data });
  const bytes = encodeSafetensors({
    metadata: { riskops: toJson(facts) },
    tensors: {
      predictions: { ...column(predictions), shape: shapeOf(predictions, target) },
      target: column(target),
      ...(times === null ? {} : { times: column(times) }),
    },
  });
  await run.logArtifact(FILE, bytes, 'holdout-scores');
}

function shapeOf({ length }: Float64Array, target: Float64Array): number[] {
  return length === target.length ? [length] : [target.length, length / target.length];
}

/** The kept predictions of a run; null when there are none, or when they are not as they were recorded. */
export async function readScores(store: Store, runId: string): Promise<HoldoutScores | null> {
  const { bytes } = await readArtifact(store, runId, FILE);
  if (bytes === null) return null;
  try {
    return decodeScores(bytes);
  } catch {
    // Its hash is the one on record and yet it is no such file: a store may hold runs that others wrote.
    return null;
  }
}

function decodeScores(bytes: Buffer): HoldoutScores | null {
  const { metadata, tensors } = decodeSafetensors(bytes);
  const facts = JSON.parse(metadata['riskops']) as Pick<
    HoldoutScores,
    'holdoutSha256' | 'threshold' | 'signature'
  >;
  const predictions = tensors['predictions']?.data;
  if (!(predictions instanceof Float64Array)) return null;
  const [rows] = tensors['predictions'].shape;
  const beside = (name: string): Float64Array | null => {
    const column = tensors[name]?.data;
    return column instanceof Float64Array && column.length === rows ? column : null;
  };
  return { ...facts, predictions, target: beside('target'), times: beside('times') };
}
