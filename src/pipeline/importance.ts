import { encodeTable } from '../datasets/encode-table.js';
import type { Feature } from '../datasets/signature.js';
import { checkMetricOn, measure, metricNamed } from '../evaluation/metrics.js';
import { quantileOf } from '../models/hyper.js';
import { permutationImportance } from '../models/importance.js';
import { readModelFile } from '../models/model-file.js';
import type { Predictor } from '../models/predictor.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { takePredictions } from './fit-model.js';
import { type Holdout, type HoldoutFacts, isOneSeries, rebuildHoldout } from './holdout.js';
import { policyFor } from './policy-in-force.js';

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
 * shuffled, and what each feature gained in the fit. Where answers build on the rows before, the column is shuffled in all rows of the
 * data, so that it tells nothing of the past either; what orders the rows and tells series apart stays as it is.
 * @throws HOLDOUT_UNAVAILABLE, MODEL_FILE_INVALID; OPTION_INVALID for a metric that these rows cannot have
 */
export async function versionImportance(
  store: Store,
  version: VersionRecord,
  { root, policy, repeats, seed }: ImportanceOptions,
): Promise<VersionImportance> {
  const predictor = await readModelFile(store.blobs.path(version.path), { sha256: version.sha256 });
  const { task, signature, threshold, learner, provenance } = predictor.header;
  const holdout = await rebuildHoldout(store, version, provenance['holdout'] as HoldoutFacts, root);
  const metric = metricNamed(policyFor(task, learner.hyper, policy).metric, task);
  checkMetricOn(metric, holdout.y, holdout.rows);
  const options = {
    threshold,
    quantile: quantileOf(learner.hyper),
    ...(isOneSeries(holdout) ? { trainingTarget: holdout.trainingTarget } : {}),
  };
  const score = (predictions: Float64Array) => measure(metric, holdout.y, predictions, options);
  const { x, rowCount, predict } = askedOf(predictor, holdout);
  const isShuffled = ({ role }: Feature) => role !== 'time' && role !== 'group';
  const found = permutationImportance({
    predict,
    x,
    rowCount,
    featureCount: signature.features.length,
    score,
    direction: metric.direction,
    repeats,
    seed,
    shuffles: (feature) => isShuffled(signature.features[feature]),
  });
  const gain = predictor.importances?.();
  return {
    model: version.model,
    version: version.version,
    ...{ metric: metric.name, value: score(predict(x, rowCount)), rows: holdout.rows.length, repeats },
    columns: signature.features
      .map((feature, i) => ({ feature, ...found[i] }))
      .filter(({ feature }) => isShuffled(feature))
      .map(({ feature: { name }, mean, deviation }) => ({ name, loss: mean, deviation }))
      .sort((a, b) => b.loss - a.loss),
    gain: gain === undefined ? null : Object.fromEntries(predictor.inputs.map((name, i) => [name, gain[i]])),
  };
}

/** The rows whose cells are shuffled, and the answers for the held-out ones among them. */
function askedOf(predictor: Predictor, { table, rows }: Holdout) {
  const { signature } = predictor.header;
  if (!predictor.sequential)
    return {
      x: encodeTable(table, signature, rows),
      rowCount: rows.length,
      predict: (cells: Float64Array, count: number) => predictor.predictCells(cells, count),
    };
  return {
    x: encodeTable(table, signature),
    rowCount: table.rowCount,
    predict: (cells: Float64Array, count: number) =>
      takePredictions(predictor.predictCells(cells, count), count, rows),
  };
}
