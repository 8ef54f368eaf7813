import { JsonShape } from '../datasets/json-shape.js';
import type { Feature, Signature } from '../datasets/signature.js';
import type { ClassValue } from '../datasets/target.js';
import {
  binCount,
  type CategoryReference,
  type DateReference,
  MOST_CODES,
  MOST_MARKS,
  type NumberReference,
  type Reference,
} from '../evaluation/drift/reference.js';
import { cellsInWeek, SEASON_HOURS, type Seasons } from '../evaluation/drift/seasons.js';
import type { Task } from './learner.js';
import { modelFileFault } from './saved-model.js';

/** What the training rows looked like, for later rows to be compared with. It holds counts, and no row. */
export interface ReferenceProfile {
  /** Training rows, and how many of them were looked at. */
  rows: number;
  looked: number;
  /** The times of the week, where the rows have times; null where they have none, or too few rows for it. */
  seasons: Seasons | null;
  /** One a feature, in the order of the signature; null for times and groups. */
  features: (Reference | null)[];
  /** The model's answers: a probability or a value, or of three or more classes the likeliest by its number. */
  scores: { from: 'holdout' | 'training'; reference: NumberReference | CategoryReference } | null;
}

/** How far the predictions of the held-out rows of a regression were off. */
export interface Residuals {
  /** Held-out rows. */
  count: number;
  /** The quantiles 0, 0.01 ... 1 of |target - prediction|. */
  absolute: number[];
}

export const RESIDUAL_QUANTILES = 101;

const shape: JsonShape = new JsonShape((why) => modelFileFault(`its ${why.replace(/\.$/, '')}`));

/** What the reference of a feature is made of; null for one that is not compared. */
export function referenceKind({ type, role }: Pick<Feature, 'type' | 'role'>): Reference['kind'] | null {
  if (role === 'time' || role === 'group') return null;
  if (type === 'category' || type === 'boolean') return 'categories';
  return type === 'date' ? 'dates' : 'numbers';
}

/** The number of the feature whose dates tell hours and weekdays; -1 where there is none. */
export function timeFeature({ features }: Pick<Signature, 'features'>): number {
  return features.findIndex(({ role, type }) => role === 'time' && type === 'date');
}

/** Categories that a feature can have: a boolean has two. */
function codeCount({ type, categories = [] }: Pick<Feature, 'type' | 'categories'>): number {
  return type === 'boolean' ? 2 : categories.length;
}

function readCount(value: unknown, where: string): number {
  const count = shape.number(value, where);
  if (!Number.isSafeInteger(count) || count < 0) shape.fail(`${where} is not a count.`);
  return count;
}

function readCounts(value: unknown, where: string, length: number): number[] {
  const counts = shape.list(value, where, length).map((count, i) => readCount(count, `${where}[${i}]`));
  if (counts.length !== length) shape.fail(`${where} has ${counts.length} counts, not ${length}.`);
  return counts;
}

function readSeasons(value: unknown): Seasons | null {
  if (value === null) return null;
  const where = 'profile.seasons';
  const json = shape.object(value, where, ['hours', 'cells']);
  const hours = SEASON_HOURS.find((known) => known === json['hours']);
  if (hours === undefined) shape.fail(`${where}.hours is none of ${SEASON_HOURS.join(', ')}.`);
  const most = cellsInWeek(hours);
  const cells = shape
    .list(json['cells'], `${where}.cells`, most)
    .map((cell, i) => readCount(cell, `${where}.cells[${i}]`));
  if (cells.some((cell, i) => cell >= most || (i > 0 && cell <= cells[i - 1])))
    shape.fail(`${where}.cells are not ascending times of the week.`);
  return { hours, cells };
}

type Json = Record<string, unknown>;

/** The counts by season, where the profile has seasons and the reference has them. */
function readSeasonal<T extends NumberReference | CategoryReference>(
  reference: T,
  json: Json,
  where: string,
  seasons: Seasons | null,
): T {
  if (json['seasonal'] === undefined) return reference;
  if (seasons === null) shape.fail(`${where}.seasonal stands in a profile without seasons.`);
  const length = seasons.cells.length * (binCount(reference) + 1);
  return { ...reference, seasonal: readCounts(json['seasonal'], `${where}.seasonal`, length) };
}

function readNumbers(value: unknown, where: string, seasons: Seasons | null): NumberReference {
  const json = shape.object(
    value,
    where,
    ['kind', 'missing', 'mean', 'deviation', 'marks', 'at', 'between'],
    ['seasonal'],
  );
  const marks = shape
    .list(json['marks'], `${where}.marks`, MOST_MARKS)
    .map((mark, i) => shape.number(mark, `${where}.marks[${i}]`));
  if (marks.some((mark, i) => i > 0 && mark <= marks[i - 1])) shape.fail(`${where}.marks are not ascending.`);
  const deviation = shape.number(json['deviation'], `${where}.deviation`);
  if (deviation < 0) shape.fail(`${where}.deviation is below 0.`);
  const reference: NumberReference = {
    kind: 'numbers',
    missing: readCount(json['missing'], `${where}.missing`),
    mean: shape.number(json['mean'], `${where}.mean`),
    deviation,
    marks,
    at: readCounts(json['at'], `${where}.at`, marks.length),
    between: readCounts(json['between'], `${where}.between`, marks.length),
  };
  return readSeasonal(reference, json, where, seasons);
}

function readCategories(
  value: unknown,
  where: string,
  { codes: known, seasons }: { codes: number; seasons: Seasons | null },
): CategoryReference {
  const json = shape.object(
    value,
    where,
    ['kind', 'missing', 'codes', 'counts', 'other', 'unseen'],
    ['seasonal'],
  );
  const codes = shape
    .list(json['codes'], `${where}.codes`, MOST_CODES)
    .map((code, i) => readCount(code, `${where}.codes[${i}]`));
  if (new Set(codes).size < codes.length || codes.some((code) => code >= known))
    shape.fail(`${where}.codes are not different ones below ${known}.`);
  const reference: CategoryReference = {
    kind: 'categories',
    missing: readCount(json['missing'], `${where}.missing`),
    codes,
    counts: readCounts(json['counts'], `${where}.counts`, codes.length),
    other: readCount(json['other'], `${where}.other`),
    unseen: readCount(json['unseen'], `${where}.unseen`),
  };
  return readSeasonal(reference, json, where, seasons);
}

function readDates(value: unknown, where: string): DateReference {
  const json = shape.object(value, where, ['kind', 'missing', 'rows', 'range']);
  const missing = readCount(json['missing'], `${where}.missing`);
  const rows = readCount(json['rows'], `${where}.rows`);
  if (missing > rows) shape.fail(`${where} has more missing values than rows.`);
  if (json['range'] === null) return { kind: 'dates', missing, rows, range: null };
  const range = shape.object(json['range'], `${where}.range`, ['min', 'max']);
  const min = shape.number(range['min'], `${where}.range.min`);
  const max = shape.number(range['max'], `${where}.range.max`);
  if (min > max) shape.fail(`${where}.range has a min above its max.`);
  return { kind: 'dates', missing, rows, range: { min, max } };
}

function readFeature(
  value: unknown,
  where: string,
  feature: Feature,
  seasons: Seasons | null,
): Reference | null {
  const wanted = referenceKind(feature);
  const kind = (value as { kind?: unknown } | null)?.kind ?? null;
  if (kind !== wanted) shape.fail(`${where} is not of the kind ${wanted ?? 'null'}.`);
  if (wanted === null) return null;
  if (wanted === 'dates') return readDates(value, where);
  if (wanted === 'numbers') return readNumbers(value, where, seasons);
  return readCategories(value, where, { codes: codeCount(feature), seasons });
}

function readScores(
  value: unknown,
  { task, classes, seasons }: { task: Task; classes: ClassValue[] | null; seasons: Seasons | null },
): ReferenceProfile['scores'] {
  if (value === null) return null;
  const json = shape.object(value, 'profile.scores', ['from', 'reference']);
  const from = shape.choice(json['from'], 'profile.scores.from', ['holdout', 'training'] as const);
  const where = 'profile.scores.reference';
  const reference =
    task === 'multiclass'
      ? readCategories(json['reference'], where, { codes: classes?.length ?? 0, seasons })
      : readNumbers(json['reference'], where, seasons);
  const kind = (json['reference'] as Json)['kind'];
  if (kind !== reference.kind) shape.fail(`${where} is not of the kind ${reference.kind}.`);
  return { from, reference };
}

/**
 * The profile out of a model file, every part checked; undefined where the file has none.
 * @throws MODEL_FILE_INVALID naming the first fault
 */
export function readProfile(
  value: unknown,
  { signature, task, classes }: { signature: Signature; task: Task; classes: ClassValue[] | null },
): ReferenceProfile | undefined {
  if (value === undefined) return undefined;
  const json = shape.object(value, 'profile', ['rows', 'looked', 'seasons', 'features', 'scores']);
  const seasons = readSeasons(json['seasons']);
  const features = shape.list(json['features'], 'profile.features', signature.features.length);
  if (features.length !== signature.features.length)
    shape.fail('profile.features are not those of its signature.');
  const looked = readCount(json['looked'], 'profile.looked');
  const rows = readCount(json['rows'], 'profile.rows');
  if (looked > rows) shape.fail('profile.looked is more than its rows.');
  return {
    rows,
    looked,
    seasons,
    features: features.map((feature, i) =>
      readFeature(feature, `profile.features[${i}]`, signature.features[i], seasons),
    ),
    scores: readScores(json['scores'], { task, classes, seasons }),
  };
}

/**
 * The residuals out of a model file; undefined where the file has none.
 * @throws MODEL_FILE_INVALID naming the first fault
 */
export function readResiduals(value: unknown, task: Task): Residuals | undefined {
  if (value === undefined) return undefined;
  if (task !== 'regression') shape.fail(`residuals are those of a ${task} model.`);
  const json = shape.object(value, 'residuals', ['count', 'absolute']);
  const count = readCount(json['count'], 'residuals.count');
  const absolute = shape
    .list(json['absolute'], 'residuals.absolute', RESIDUAL_QUANTILES)
    .map((residual, i) => shape.number(residual, `residuals.absolute[${i}]`));
  const ascend = absolute.every((residual, i) => residual >= (i === 0 ? 0 : absolute[i - 1]));
  if (count === 0 || absolute.length !== RESIDUAL_QUANTILES || !ascend)
    shape.fail(`residuals.absolute are not ${RESIDUAL_QUANTILES} ascending numbers from 0.`);
  return { count, absolute };
}
