import { encodeTable } from '../datasets/encode-table.js';
import { RiskopsError } from '../errors.js';
import { measure, metricNamed } from '../evaluation/metrics.js';
import { permutationImportance } from '../models/importance.js';
import { readModelFile } from '../models/model-file.js';
import { parsePolicy } from '../registry/policy.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { type HoldoutFacts, rebuildHoldout } from './holdout.js';

export interface ImportanceOptions {
  root: string;
  policy: Record<string, unknown>;
  /** How often each feature is shuffled. */
  repeats: number;
  seed: number;
}

export interface ColumnImportance {
  name: string;
  /** By how much the metric gets worse on the held-out rows when the column is shuffled. */
  loss: number;
  /** Standard deviation over the repeats. */
  deviation: number;
}

export interface VersionImportance {
  model: string;
  version: number;
  metric: string;
  value: number;
  rows: number;
  repeats: number;
  /** The greatest loss first. */
  columns: ColumnImportance[];
  /** Share of each feature that the learner sees in what the fit gained; null when the learner does not say. */
  gain: Record<string, number> | null;
}

/**
 * What a version lives on: of each of its columns how much worse the policy's metric gets on the held-out rows when the column is
 * shuffled, and what each feature gained in the fit.
 * @throws HOLDOUT_UNAVAILABLE, MODEL_FILE_INVALID; OPTION_INVALID for a model whose answers build on the rows before
 */
export async function versionImportance(
  store: Store,
  version: VersionRecord,
  { root, policy, repeats, seed }: ImportanceOptions,
): Promise<VersionImportance> {
  const predictor = await readModelFile(store.blobs.path(version.path), { sha256: version.sha256 });
  const { task, signature, threshold, provenance } = predictor.header;
  if (predictor.sequential) {
    throw new RiskopsError('OPTION_INVALID', {
      what: `The columns of ${version.model} version ${version.version} cannot be shuffled.`,
      why: 'Its answers build on the rows before: shuffled rows would be no history.',
    });
  }
  const holdout = await rebuildHoldout(store, version, provenance['holdout'] as HoldoutFacts, root);
  const metric = metricNamed(parsePolicy(policy, task).metric, task);
  const options = { threshold, trainingTarget: holdout.trainingTarget };
  const score = (predictions: Float64Array) => measure(metric, holdout.y, predictions, options);
  const x = encodeTable(holdout.table, signature, holdout.rows);
  const rowCount = holdout.rows.length;
  const featureCount = signature.features.length;
  const predict = (cells: Float64Array, rows: number) => predictor.predictCells(cells, rows);
  const { direction } = metric;
  const found = permutationImportance({
    predict,
    x,
    rowCount,
    featureCount,
    score,
    direction,
    repeats,
    seed,
  });
  const gain = predictor.importances?.();
  return {
    model: version.model,
    version: version.version,
    ...{ metric: metric.name, value: score(predict(x, rowCount)), rows: rowCount, repeats },
    columns: signature.features
      .map(({ name }, i) => ({ name, loss: found[i].mean, deviation: found[i].deviation }))
      .sort((a, b) => b.loss - a.loss),
    gain: gain === undefined ? null : Object.fromEntries(predictor.inputs.map((name, i) => [name, gain[i]])),
  };
}
