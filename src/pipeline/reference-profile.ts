import { encodeTable } from '../datasets/encode-table.js';
import type { Signature } from '../datasets/signature.js';
import { likeliestClass } from '../evaluation/multiclass-metrics.js';
import { makeProfile } from '../models/make-profile.js';
import { type ReferenceProfile, timeFeature } from '../models/reference-profile.js';
import { seededRandom } from '../util/random.js';
import { type FittedRows, predictRows } from './fit-model.js';
import type { PreparedData } from './prepare-data.js';

/** More rows tell a profile nothing more. */
const MOST_ROWS = 20_000;

/** At most `most` of the rows, one of each stretch of equal length, in their order; the same ones whenever it is asked. */
function sampleRows(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  const random = seededRandom(0);
  const step = rows.length / most;
  return Int32Array.from({ length: most }, (_, i) => rows[Math.floor((i + random()) * step)]);
}

/** Predictions as one number for each of some rows: of three or more classes the number of the likeliest. */
function scoresOf(predictions: Float64Array, outputs: number, places: Int32Array): Float64Array {
  return Float64Array.from(places, (row) =>
    outputs === 1 ? predictions[row] : likeliestClass(predictions, row, outputs),
  );
}

/** The cells of one feature alone: all at once would be gigabytes of many features. */
function columnOf(
  table: PreparedData['table'],
  signature: Signature,
  feature: number,
  rows: Int32Array,
): Float64Array {
  return encodeTable(table, { ...signature, features: [signature.features[feature]] }, rows);
}

/**
 * The reference profile of the training rows, of at most 20,000 of them, with the scores of the held-out rows, which the model never
 * saw; where none were held out, with those of training rows.
 * @param predictions of `data.parts.test`
 */
export function profileOf(
  model: FittedRows,
  data: PreparedData,
  predictions: Float64Array,
): ReferenceProfile {
  const { signature } = model;
  const { table, target, parts } = data;
  const rows = sampleRows(parts.train, MOST_ROWS);
  const time = timeFeature(signature);
  const timesOf = (some: Int32Array) => (time < 0 ? null : columnOf(table, signature, time, some));
  const scores = () => {
    const isHeldOut = parts.test.length > 0;
    const answered = isHeldOut ? parts.test : rows;
    const answers = isHeldOut ? predictions : predictRows(model, data, rows);
    const places = sampleRows(Int32Array.from(answered.keys()), MOST_ROWS);
    const times = timesOf(places.map((place) => answered[place]));
    const values = scoresOf(answers, answers.length / answered.length, places);
    return { from: isHeldOut ? ('holdout' as const) : ('training' as const), values, times };
  };
  return makeProfile({
    signature,
    task: target.task,
    rows: parts.train.length,
    column: (feature) => columnOf(table, signature, feature, rows),
    scores: scores(),
  });
}
