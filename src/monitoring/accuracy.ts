import { RiskopsError } from '../errors.js';
import { quantile } from '../evaluation/quantile.js';
import type { Store } from '../storage/store.js';
import { printable, suggestWord } from '../util/text.js';
import { estimateMetrics, FEWEST_OUTCOMES, liveMetricNames } from './accuracy-metrics.js';
import { AccuracyRows } from './accuracy-rows.js';
import { segmentRows } from './accuracy-segments.js';
import type { Accuracy, AccuracyFilter, AccuracyWindow, Measured } from './accuracy-types.js';
import { joinOutcomes } from './join-outcomes.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { predictionsOf } from './read-predictions.js';
import { type VersionFacts, VersionFactsReader } from './version-facts.js';

export { directionOf } from './accuracy-metrics.js';
export type {
  Accuracy,
  AccuracyFilter,
  AccuracySegment,
  AccuracyWindow,
  Measured,
  MetricEstimate,
} from './accuracy-types.js';

const MOST_SEGMENTS = 100;
const MOST_WINDOWS = 400;

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
): Promise<{ rows: AccuracyRows | null; tally: Tally }> {
  const { model, by = [], entity = [], from, to, version, shadow } = filter;
  const task = (version === undefined ? await reader.ofModel(model) : await reader.of(model, version))?.task;
  const rows = task === undefined ? null : new AccuracyRows(task, by);
  const tally: Tally = { byVersion: new Map(), unknown: 0, otherTask: 0 };
  const featuresOf = async (number: number) => (await reader.of(model, number))?.features ?? null;
  for await (const chunk of predictionsOf(store, { model, from, to, version, shadow: shadow === true })) {
    const wanted = shadow === true ? chunk.filter((entry) => entry.shadow_of !== undefined) : chunk;
    const outcomes = await joinOutcomes(store, wanted, { entity, featuresOf });
    for (const [i, entry] of wanted.entries()) {
      tally.byVersion.set(entry.version, (tally.byVersion.get(entry.version) ?? 0) + 1);
      const facts: VersionFacts | null = await factsFor(reader, entry);
      if (rows === null || facts === null) tally.unknown++;
      else if (facts.task !== task) tally.otherTask++;
      else rows.add(entry, facts, outcomes[i]);
    }
  }
  return { rows, tally };
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

function measureRows(all: AccuracyRows, rows: readonly number[], metrics: readonly string[]): Measured {
  const { answers, delays } = all.take(rows);
  const found = answers.target.length;
  const isEnough = found >= FEWEST_OUTCOMES;
  return {
    predictions: rows.length,
    with_outcome: found,
    coverage: rows.length === 0 ? null : found / rows.length,
    positives: all.task === 'binary' ? answers.target.reduce((sum, label) => sum + label, 0) : null,
    metrics: isEnough ? estimateMetrics(all.task, metrics, answers) : [],
    too_few: isEnough
      ? null
      : `${found} ${found === 1 ? 'outcome' : 'outcomes'}: too few, ${FEWEST_OUTCOMES} are needed`,
    median_delay_ms: found === 0 ? null : quantile(delays.sort(), 0.5),
  };
}

/** Windows of equal length from `from` on; the last one may end early. */
function windowBounds({ from, to, windowMs = 0 }: AccuracyFilter, first: number, now: number) {
  const [begin, end] = [
    from === undefined ? first : Date.parse(from),
    to === undefined ? now : Date.parse(to),
  ];
  const count = Math.ceil((end - begin) / windowMs);
  if (count > MOST_WINDOWS) {
    throw new RiskopsError('OPTION_INVALID', {
      what: `The series would have ${count} windows; ${MOST_WINDOWS} are allowed.`,
      fix: 'longer windows, or a shorter time',
    });
  }
  return Array.from({ length: Math.max(0, count) }, (_, i) => ({
    begin: begin + i * windowMs,
    end: Math.min(end, begin + (i + 1) * windowMs),
  }));
}

function measureWindows(
  rows: AccuracyRows,
  filter: AccuracyFilter,
  names: readonly string[],
): AccuracyWindow[] {
  if (filter.windowMs === undefined || rows.count === 0) return [];
  const first = rows.at.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const bounds = windowBounds(filter, first, Date.now());
  const inWindow = bounds.map((): number[] => []);
  const begin = bounds[0]?.begin ?? 0;
  for (const [row, at] of rows.at.entries()) inWindow[Math.floor((at - begin) / filter.windowMs)]?.push(row);
  return bounds.map(({ begin: from, end }, i) => ({
    from: new Date(from).toISOString(),
    to: new Date(end).toISOString(),
    ...measureRows(rows, inWindow[i], names),
  }));
}

const NOTHING: Measured = {
  predictions: 0,
  with_outcome: 0,
  coverage: null,
  positives: null,
  metrics: [],
  too_few: `0 outcomes: too few, ${FEWEST_OUTCOMES} are needed`,
  median_delay_ms: null,
};

async function notesOf(
  store: Store,
  { model, entity = [] }: AccuracyFilter,
  { tally, rows, leftOut }: { tally: Tally; rows: AccuracyRows | null; leftOut: number },
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
  if (entity.length > 0) return notes;
  const byEntity = store.db.selectFrom('outcomes').select('sequence').where('model', '=', model);
  if ((await byEntity.where('entity', 'is not', null).limit(1).executeTakeFirst()) !== undefined)
    notes.push(
      `Outcomes by entity are on record and not joined: set "entity" of models.${model} in the config.`,
    );
  return notes;
}

/**
 * How good a model's predictions were, by the outcomes that were told: overall, by segment, and over time. Every metric has a 95 %
 * interval in closed form; it takes the rows for independent of one another. Memory grows by some tens of bytes a prediction.
 * @throws RiskopsError OPTION_INVALID for a metric that the task does not have, a bound that is no time, or too many windows
 */
export async function measureAccuracy(store: Store, filter: AccuracyFilter): Promise<Accuracy> {
  const reader = new VersionFactsReader(store);
  const { rows, tally } = await collect(store, filter, reader);
  const names = rows === null ? [] : liveMetricNames(rows.task, filter.metrics);
  const segments = rows === null ? [] : segmentRows(filter.by ?? [], rows.fields);
  const versions = [...tally.byVersion]
    .map(([version, predictions]) => ({ version, predictions }))
    .sort((a, b) => b.predictions - a.predictions || b.version - a.version);
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
    overall: rows === null ? NOTHING : measureRows(rows, [...rows.at.keys()], names),
    segments:
      rows === null
        ? []
        : segments
            .slice(0, MOST_SEGMENTS)
            .map((one) => ({ segment: one.segment, ...measureRows(rows, one.rows, names) })),
    windows: rows === null ? [] : measureWindows(rows, filter, names),
    holdout: main ? { version: main.version, metrics: main.metrics } : null,
    notes: await notesOf(store, filter, { tally, rows, leftOut }),
  };
}
