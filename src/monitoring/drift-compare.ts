import { type Comparison, compareColumn } from '../evaluation/drift/compare.js';
import { type CategoryReference, type NumberReference, valuesIn } from '../evaluation/drift/reference.js';
import { placeInSeasons, reweigh, type Seasons } from '../evaluation/drift/seasons.js';
import { REFERENCE_ROWS } from '../evaluation/drift/verdict.js';
import { type ReferenceProfile, timeFeature } from '../models/reference-profile.js';
import type { DriftReference } from './drift-reference.js';
import { isAbsent, type WindowRows } from './drift-window.js';

/** A comparison under the name of its feature. */
export interface NamedComparison {
  name: string;
  kind: 'numbers' | 'categories' | 'scores';
  comparison: Comparison;
}

export interface Compared {
  features: NamedComparison[];
  scores: NamedComparison | null;
  leftOut: { name: string; why: string }[];
  /** Rows at times of the week that the reference has. */
  placed: number;
}

/** The rows' times of the week; null where the reference has none, or the log has no time of a row. */
function placesOf(profile: ReferenceProfile, { signature }: DriftReference, window: WindowRows) {
  const { seasons } = profile;
  const time = timeFeature(signature);
  if (seasons === null || time < 0) return null;
  return { seasons, places: placeInSeasons(seasons, window.column(time)) };
}

interface Column {
  name: string;
  kind: NamedComparison['kind'];
  reference: NumberReference | CategoryReference;
  values: Float64Array;
}

type Placed = { seasons: Seasons; places: Int32Array } | null;

/** Compares the rows that have a value in the log and, where hours and weekdays count, a time that the reference has. */
function compareRows(
  { reference, values }: Pick<Column, 'reference' | 'values'>,
  placed: Placed,
): Comparison | string {
  const usesSeasons = placed !== null && reference.seasonal !== undefined;
  const kept: number[] = [];
  const rows = new Array<number>(placed?.seasons.cells.length ?? 0).fill(0);
  for (const [row, value] of values.entries()) {
    const place = usesSeasons ? placed.places[row] : 0;
    if (isAbsent(value) || place < 0) continue;
    kept.push(value);
    rows[place]++;
  }
  if (kept.length === 0) return 'the log has no value of it';
  const beside = usesSeasons ? reweigh(reference, rows) : reference;
  const known = beside === null ? 0 : valuesIn(beside) + beside.missing;
  if (beside === null || known < REFERENCE_ROWS)
    return usesSeasons
      ? `the reference has but ${Math.floor(known)} rows at these times of the week`
      : `the reference has but ${known} rows`;
  return compareColumn(beside, Float64Array.from(kept));
}

function columnsOf({ features }: ReferenceProfile, { signature }: DriftReference, window: WindowRows) {
  const columns: Column[] = [];
  const leftOut: Compared['leftOut'] = [];
  for (const [i, reference] of features.entries()) {
    const { name, role } = signature.features[i];
    if (reference === null)
      leftOut.push({ name, why: role === 'time' ? 'it orders the rows' : 'it tells the series apart' });
    else if (window.redacted.has(name)) leftOut.push({ name, why: 'its values are not kept in the log' });
    else if (reference.kind === 'dates') leftOut.push({ name, why: 'dates move on by themselves' });
    else columns.push({ name, kind: reference.kind, reference, values: window.column(i) });
  }
  return { columns, leftOut };
}

/** Every feature of the window beside the reference, and the scores. */
export function compareWindow(
  profile: ReferenceProfile,
  reference: DriftReference,
  window: WindowRows,
): Compared {
  const placed = placesOf(profile, reference, window);
  const { columns, leftOut } = columnsOf(profile, reference, window);
  const { scores } = profile;
  const features: NamedComparison[] = [];
  for (const { name, kind, ...column } of columns) {
    const comparison = compareRows(column, placed);
    if (typeof comparison === 'string') {
      // Without rows there is nothing to say of any feature.
      if (window.looked > 0) leftOut.push({ name, why: comparison });
    }
    // What a forecaster knows of the past alone is left out of a request as often as not.
    else
      features.push({
        name,
        kind,
        comparison: isPast(reference, name) ? withoutMissing(comparison) : comparison,
      });
  }
  const answers =
    scores !== null && reference.hasScores
      ? compareRows({ reference: scores.reference, values: window.scores }, placed)
      : null;
  return {
    features,
    scores:
      answers === null || typeof answers === 'string'
        ? null
        : { name: 'the scores', kind: 'scores', comparison: answers },
    leftOut,
    placed: placed === null ? window.looked : placed.places.filter((place) => place >= 0).length,
  };
}

const isPast = ({ signature }: DriftReference, name: string) =>
  signature.features.some((feature) => feature.name === name && feature.role === 'past');

const withoutMissing = (comparison: Comparison): Comparison => ({
  ...comparison,
  missing: { ...comparison.missing, p: null },
});
