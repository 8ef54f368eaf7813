import { encodeTable } from '../datasets/encode-table.js';
import type { Signature } from '../datasets/signature.js';
import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import type { Predictor } from '../models/predictor.js';
import type { Evidence, JudgedModel } from '../registry/gate-evidence.js';
import { getModel } from '../registry/models.js';
import { getVersion, type VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { takePredictions } from './fit-model.js';
import type { Holdout } from './holdout.js';
import { readScores } from './holdout-scores.js';

/** What stands against a candidate: the current model on its rows, or why that cannot be had. */
export interface Rival extends Pick<Evidence, 'current' | 'unscored'> {
  signature?: Signature;
}

/** A model's predictions on the rows of a holdout. */
export function scoreOn(predictor: Predictor, version: number, holdout: Holdout): JudgedModel {
  const { signature, threshold } = predictor.header;
  return { version, predictions: predictHoldout(predictor, signature, holdout), threshold };
}

function predictHoldout(predictor: Predictor, signature: Signature, { table, rows }: Holdout): Float64Array {
  if (!predictor.sequential) return predictor.predictCells(encodeTable(table, signature, rows), rows.length);
  const all = predictor.predictCells(encodeTable(table, signature), table.rowCount);
  return takePredictions(all, table.rowCount, rows);
}

/**
 * The current model, re-scored on the candidate's holdout. Where its file is damaged, the predictions stand in that were kept when it
 * was trained, if they are of the same rows. Nothing of this is ever taken for "no model is current".
 */
export async function findRival(
  store: Store,
  model: string,
  holdout: Holdout,
  target: Signature['target'],
): Promise<Rival> {
  const { current } = await getModel(store, model);
  if (current === null) return { current: null };
  const version = await getVersion(store, model, current.version);
  try {
    const predictor = await readModelFile(store.blobs.path(version.path), { sha256: version.sha256 });
    return rescore(predictor, version, holdout, target);
  } catch (error) {
    if (!(error instanceof RiskopsError) || !error.code.startsWith('MODEL_FILE_')) throw error;
    return fromKeptScores(store, version, holdout, target, error);
  }
}

/** A column of whole numbers that has got fractions since can still be scored by a model that learned whole ones. */
function withNumbers(signature: Signature): Signature {
  const features = signature.features.map((feature) =>
    feature.type === 'integer' ? { ...feature, type: 'number' as const } : feature,
  );
  return { ...signature, features };
}

/** Why the predictions of two models cannot be laid side by side; undefined when they can. */
function targetDifference(current: Signature, target: Signature['target']): string | undefined {
  if (current.target.name !== target.name)
    return `it predicts "${current.target.name}", the candidate "${target.name}"`;
  const [was, is] = [JSON.stringify(current.target.classes), JSON.stringify(target.classes)];
  return was === is ? undefined : `its classes are ${was}, the candidate's ${is}`;
}

function rescore(
  predictor: Predictor,
  { version }: VersionRecord,
  holdout: Holdout,
  target: Signature['target'],
): Rival {
  const { signature } = predictor.header;
  try {
    const why = targetDifference(signature, target);
    if (why !== undefined) return { current: null, unscored: { version, why }, signature };
    const predictions = predictHoldout(predictor, withNumbers(signature), holdout);
    return { current: { version, predictions, threshold: predictor.header.threshold }, signature };
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    return { current: null, unscored: { version, why: error.message.replace(/\.$/, '') }, signature };
  }
}

async function fromKeptScores(
  store: Store,
  version: VersionRecord,
  holdout: Holdout,
  target: Signature['target'],
  fault: RiskopsError,
): Promise<Rival> {
  const kept = await readScores(store, version.run_id);
  if (kept !== null && kept.holdoutSha256 === holdout.facts.sha256) {
    const { predictions, threshold, signature } = kept;
    const different = targetDifference(signature, target);
    if (different !== undefined)
      return { current: null, unscored: { version: version.version, why: different }, signature };
    return { current: { version: version.version, predictions, threshold }, signature };
  }
  const why = `its file is damaged or gone (${fault.message.replace(/\.$/, '')}), and no predictions of it are kept for these rows`;
  return { current: null, unscored: { version: version.version, why } };
}
