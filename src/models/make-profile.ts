import type { Signature } from '../datasets/signature.js';
import {
  binCount,
  type CategoryReference,
  categoryReference,
  dateReference,
  type NumberReference,
  numberReference,
  type Reference,
} from '../evaluation/drift/reference.js';
import {
  cellOf,
  chooseSeasons,
  countSeasonal,
  placeInSeasons,
  type Seasons,
} from '../evaluation/drift/seasons.js';
import { quantile } from '../evaluation/quantile.js';
import type { Task } from './learner.js';
import {
  RESIDUAL_QUANTILES,
  type ReferenceProfile,
  type Residuals,
  referenceKind,
  timeFeature,
} from './reference-profile.js';

/** The rows that a profile is made of. */
export interface ProfileRows {
  signature: Signature;
  task: Task;
  /** All of them, of which `column` has some. */
  rows: number;
  /** The cells of one feature, one a row: NaN where one is missing, categories by their code, -1 for one without. */
  column(feature: number): Float64Array;
  /** The model's answers to rows that it never saw, or to these; of three or more classes the number of the likeliest. */
  scores: {
    from: 'holdout' | 'training';
    values: Float64Array /** In milliseconds UTC. */;
    times: Float64Array | null;
  } | null;
}

/** Counts by season that all features may have together: about three characters each in the file. */
const MOST_SEASONAL = 10_000;

/** Wider than most features are, with the missing values; so seasons are chosen before any feature is read. */
const SEASONAL_WIDTH = 11;

/** The times of the rows, where a feature orders them and is a date. */
function timesOf({ signature, column }: ProfileRows): Float64Array | null {
  const time = timeFeature(signature);
  return time < 0 ? null : column(time);
}

/** The seasons of the rows; the times of the scores may lie in others of their blocks. */
function seasonsOf({ signature, scores }: ProfileRows, times: Float64Array | null): Seasons | null {
  if (times === null) return null;
  const parts =
    signature.features.map(referenceKind).filter((kind) => kind !== null && kind !== 'dates').length + 1;
  const seasons = chooseSeasons(times, Math.floor(MOST_SEASONAL / SEASONAL_WIDTH / parts));
  if (seasons === null) return null;
  const { hours } = seasons;
  const others = Array.from(scores?.times ?? [], (time) => cellOf(time, hours)).filter((cell) => cell >= 0);
  return { hours, cells: [...new Set([...seasons.cells, ...others])].sort((a, b) => a - b) };
}

/** The reference with its counts by season. */
function inSeasons<T extends NumberReference | CategoryReference>(
  reference: T,
  values: Float64Array,
  seasons: Seasons | null,
  times: Float64Array | null,
): T {
  // Rows of a log may lack a field: its values are then fewer than the times.
  const fits = times !== null && times.length === values.length && binCount(reference) > 0;
  if (seasons === null || !fits) return reference;
  const places = placeInSeasons(seasons, times);
  return { ...reference, seasonal: countSeasonal(reference, values, places, seasons.cells.length) };
}

/** The reference profile of rows: counts of their features and of the model's answers, a few kilobytes a feature however many rows there are. */
export function makeProfile(source: ProfileRows): ReferenceProfile {
  const { signature, task, scores } = source;
  const times = timesOf(source);
  const seasons = seasonsOf(source, times);
  let looked = 0;
  const features = signature.features.map((feature, i): Reference | null => {
    const kind = referenceKind(feature);
    const values = source.column(i);
    looked = Math.max(looked, values.length);
    if (kind === null) return null;
    if (kind === 'dates') return dateReference(values);
    const reference = kind === 'numbers' ? numberReference(values) : categoryReference(values);
    return inSeasons(reference, values, seasons, times);
  });
  const answers = scores && (task === 'multiclass' ? categoryReference : numberReference)(scores.values);
  return {
    rows: source.rows,
    looked,
    seasons,
    features,
    scores:
      answers === null || scores === null || scores.values.length === 0
        ? null
        : { from: scores.from, reference: inSeasons(answers, scores.values, seasons, scores.times) },
  };
}

/** The residuals of held-out rows; undefined without rows, and where one of them is no finite number. */
export function makeResiduals(target: Float64Array, predictions: Float64Array): Residuals | undefined {
  const sorted = target.map((actual, row) => Math.abs(actual - predictions[row])).sort();
  if (sorted.length === 0 || !sorted.every(Number.isFinite)) return undefined;
  const last = RESIDUAL_QUANTILES - 1;
  return {
    count: sorted.length,
    absolute: Array.from({ length: RESIDUAL_QUANTILES }, (_, i) => quantile(sorted, i / last)),
  };
}
