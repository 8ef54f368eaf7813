import { RiskopsError } from '../errors.js';
import { findVersion } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { printable, suggestWord } from '../util/text.js';
import { measureRows, NOTHING } from './accuracy-measure.js';
import { liveMetricNames } from './accuracy-metrics.js';
import { AccuracyRows } from './accuracy-rows.js';
import { segmentRows } from './accuracy-segments.js';
import type { Accuracy, AccuracyFilter, AccuracyVersion, Measured } from './accuracy-types.js';
import { measureWindows } from './accuracy-windows.js';
import { joinOutcomes } from './join-outcomes.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { EntityWatch, noEntitySet } from './outcomes-entity.js';
import { predictionsOf } from './read-predictions.js';
import { type VersionFacts, VersionFactsReader } from './version-facts.js';

export { directionOf } from './accuracy-metrics.js';
export type {
  Accuracy,
  AccuracyFilter,
  AccuracySegment,
  AccuracyVersion,
  AccuracyWindow,
  Measured,
  MetricEstimate,
} from './accuracy-types.js';

const MOST_SEGMENTS = 100;

/** How many predictions each version made, and how many could not be measured, and why. */
interface Tally {
  byVersion: Map<number, number>;
  unknown: number;
  otherTask: number;
}

/** What a version says; of one whose file is gone, what the model's newest one says. */
async function factsFor(reader: VersionFactsReader, { model, version }: LoggedPrediction) {
  return (await reader.of(model, version)) ?? (await reader.ofModel(model));
}

/** The task of the newest version, in the order in which they answered last. */
async function collect(
  store: Store,
  filter: AccuracyFilter,
  reader: VersionFactsReader,
): Promise<{ rows: AccuracyRows | null; tally: Tally; watch: EntityWatch | null }> {
  const { model, by = [], entity = [], from, to, version, shadow } = filter;
  const task = (version === undefined ? await reader.ofModel(model) : await reader.of(model, version))?.task;
  const rows = task === undefined ? null : new AccuracyRows(task, by);
  const tally: Tally = { byVersion: new Map(), unknown: 0, otherTask: 0 };
  const watch = entity.length === 0 ? null : new EntityWatch(model, entity);
  const featuresOf = async (number: number) => (await reader.of(model, number))?.features ?? null;
  for await (const chunk of predictionsOf(store, { model, from, to, version, shadow: shadow === true })) {
    const wanted = shadow === true ? chunk.filter((entry) => entry.shadow_of !== undefined) : chunk;
    const outcomes = await joinOutcomes(store, wanted, { entity, featuresOf });
    for (const [i, entry] of wanted.entries()) {
      watch?.see(entry, Array.isArray(entry.inputs) ? await featuresOf(entry.version) : null);
      tally.byVersion.set(entry.version, (tally.byVersion.get(entry.version) ?? 0) + 1);
      const facts: VersionFacts | null = await factsFor(reader, entry);
      if (rows === null || facts === null) tally.unknown++;
      else if (facts.task !== task) tally.otherTask++;
      else rows.add(entry, facts, outcomes[i]);
    }
  }
  return { rows, tally, watch };
}

/** A field that no prediction has a value of is a slip of the pen, or one that is not kept. */
function checkFields({ by = [] }: AccuracyFilter, rows: AccuracyRows, features: readonly string[]): void {
  if (rows.count === 0) return;
  const field = by.find((_, i) => rows.fields[i].every((value) => value === null));
  if (field === undefined) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: `No prediction of this time has a value of "${printable(field, 60)}".`,
    why: rows.redacted.has(field) ? 'The log does not keep it: log.redact.' : suggestWord(field, features),
    fix: 'a field of the rows, or version',
    details: { field, fields: features },
  });
}

async function notesOf(
  store: Store,
  { model, entity = [] }: AccuracyFilter,
  {
    tally,
    rows,
    watch,
    leftOut,
  }: { tally: Tally; rows: AccuracyRows | null; watch: EntityWatch | null; leftOut: number },
): Promise<string[]> {
  const notes: string[] = [];
  const { unknown, otherTask } = tally;
  if (unknown > 0)
    notes.push(`${unknown} predictions are of versions whose model files are gone: they are not measured.`);
  if (otherTask > 0)
    notes.push(`${otherTask} predictions are of versions with another task: they are not measured.`);
  if (rows !== null && rows.misfits > 0)
    notes.push(`${rows.misfits} outcomes do not fit the version that predicted: they are not counted.`);
  if (leftOut > 0) notes.push(`${leftOut} smaller segments are left out.`);
  const gap = watch?.note();
  if (gap !== undefined) notes.push(gap);
  if (entity.length > 0) return notes;
  const byEntity = store.db.selectFrom('outcomes').select('sequence').where('model', '=', model);
  if ((await byEntity.where('entity', 'is not', null).limit(1).executeTakeFirst()) !== undefined)
    notes.push(noEntitySet(model));
  return notes;
}

/** Each version by itself, beside what it had on its own held-out rows; the one with the most predictions first. */
async function measureVersions(
  { model }: AccuracyFilter,
  { rows, tally, names }: { rows: AccuracyRows | null; tally: Tally; names: readonly string[] },
  { reader, overall }: { reader: VersionFactsReader; overall: Measured },
): Promise<AccuracyVersion[]> {
  const placesOf = new Map<number, number[]>([...tally.byVersion.keys()].map((version) => [version, []]));
  // One version alone is all there is.
  const isAlone = placesOf.size === 1;
  if (!isAlone) for (const [row, version] of rows?.versions.entries() ?? []) placesOf.get(version)?.push(row);
  const versions: AccuracyVersion[] = [];
  for (const [version, predictions] of tally.byVersion) {
    const own = isAlone || rows === null ? overall : measureRows(rows, placesOf.get(version) ?? [], names);
    const holdout = (await reader.of(model, version))?.metrics ?? null;
    versions.push({ version, ...own, predictions, holdout });
  }
  return versions.sort((a, b) => b.predictions - a.predictions || b.version - a.version);
}

/**
 * How good a model's predictions were, by the outcomes that were told: overall, by segment, and over time. Every metric has a 95 %
 * interval in closed form; it takes the rows for independent of one another. Memory grows by some tens of bytes a prediction.
 * @throws RiskopsError OPTION_INVALID for a metric that the task does not have, a bound that is no time, or too many windows;
 * VERSION_NOT_FOUND for a version that made no prediction and is not on record
 */
export async function measureAccuracy(store: Store, filter: AccuracyFilter): Promise<Accuracy> {
  const reader = new VersionFactsReader(store);
  const { rows, tally, watch } = await collect(store, filter, reader);
  // A version that is gone may have predictions; one without any must be one that there is.
  if (filter.version !== undefined && tally.byVersion.size === 0)
    await findVersion(store, filter.model, { version: filter.version });
  const names = rows === null ? [] : liveMetricNames(rows.task, filter.metrics);
  const segments = rows === null ? [] : segmentRows(filter.by ?? [], rows.fields);
  const overall = rows === null ? NOTHING : measureRows(rows, [...rows.at.keys()], names);
  const versions = await measureVersions(filter, { rows, tally, names }, { reader, overall });
  const main = versions[0] && (await reader.of(filter.model, versions[0].version));
  if (rows !== null) checkFields(filter, rows, main?.features ?? []);
  const leftOut = Math.max(0, segments.length - MOST_SEGMENTS);
  return {
    model: filter.model,
    task: rows?.task ?? null,
    versions,
    from: filter.from ?? null,
    to: filter.to ?? null,
    confidence: 0.95,
    overall,
    segments:
      rows === null
        ? []
        : segments
            .slice(0, MOST_SEGMENTS)
            .map((one) => ({ segment: one.segment, ...measureRows(rows, one.rows, names) })),
    windows: rows === null ? [] : measureWindows(rows, filter, names),
    holdout: main ? { version: main.version, metrics: main.metrics } : null,
    notes: await notesOf(store, filter, { tally, rows, watch, leftOut }),
  };
}
