import {
  effectOf,
  fewestRows,
  type JudgedComparison,
  judgeComparisons,
  REFERENCE_ROWS,
} from '../evaluation/drift/verdict.js';
import type { ReferenceProfile } from '../models/reference-profile.js';
import type { Store } from '../storage/store.js';
import { type Compared, compareWindow, type NamedComparison } from './drift-compare.js';
import { type DriftReference, loadReference, loadVersion } from './drift-reference.js';
import type { DriftedPart, DriftFilter, DriftReport, DriftVerdict } from './drift-report.js';
import { sentenceOf } from './drift-sentence.js';
import { readWindow, type WindowRows } from './drift-window.js';

export type { DriftedPart, DriftFilter, DriftReport, DriftVerdict } from './drift-report.js';

function partOf({ name, kind }: NamedComparison, judged: JudgedComparison): DriftedPart {
  const { rows, missing, values, shift, unseen, psi, drifted, by } = judged;
  return {
    ...{ name, kind, rows },
    ...{ missing: missing.share, missing_reference: missing.reference, missing_p: missing.p },
    ...{ effect: values?.effect ?? null, p: values?.p ?? null, shift, unseen, psi, drifted, by },
  };
}

interface Judged {
  features: DriftedPart[];
  scores: DriftedPart | null;
}

/** All parts judged together, the features that drifted first, and among them those that moved most. */
function judgeParts({ features, scores }: Compared, leastEffect?: number): Judged {
  const named = scores === null ? features : [...features, scores];
  const judged = judgeComparisons(
    named.map(({ comparison }) => comparison),
    leastEffect,
  );
  const parts = named
    .map((part, i) => ({ part: partOf(part, judged[i]), effect: effectOf(judged[i]) }))
    .sort((a, b) => Number(b.part.drifted) - Number(a.part.drifted) || b.effect - a.effect)
    .map(({ part }) => part);
  return {
    features: parts.filter(({ kind }) => kind !== 'scores'),
    scores: parts.find(({ kind }) => kind === 'scores') ?? null,
  };
}

/** What has a test of its own: every feature that can be compared, and the scores. */
function testsOf(profile: ReferenceProfile | null): number {
  const kinds = profile?.features.filter((feature) => feature !== null && feature.kind !== 'dates') ?? [];
  return kinds.length + (profile?.scores ? 1 : 0);
}

function verdictOf({ features, scores }: Judged, rowsNeeded: number): DriftVerdict {
  if (rowsNeeded > 0 || (features.length === 0 && scores === null)) return 'undecided';
  return features.some(({ drifted }) => drifted) || scores?.drifted === true ? 'drift' : 'no drift';
}

function notesOf(window: WindowRows, { placed }: Compared, filter: DriftFilter): string[] {
  const notes: string[] = [];
  const { looked, rows, repeated } = window;
  if (looked < rows) notes.push(`${looked} of ${rows} rows were compared: a sample, the same one each time.`);
  if (placed < looked)
    notes.push(`${looked - placed} rows are left out: the reference has none at their times of the week.`);
  if (repeated > looked / 2)
    notes.push(`${repeated} of ${looked} rows repeat another row: a test takes each for one of its own.`);
  if (filter.leastEffect !== undefined)
    notes.push(`Less than ${100 * filter.leastEffect} % of the rows elsewhere counts as no drift.`);
  return notes;
}

/** A version, or a window of the log, that has no profile. */
function withoutProfile(
  reference: DriftReference,
  filter: DriftFilter,
): Pick<DriftReport, 'sentence' | 'notes'> {
  if (reference.name.startsWith('window:'))
    return { sentence: `No verdict: the log has no rows in ${reference.name}.`, notes: [] };
  const version = reference.name === 'training' ? 'this version' : `version ${reference.name.slice(1)}`;
  return {
    sentence: `No verdict: ${version} has no reference profile; train it again.`,
    notes: [
      `Or compare with rows of the log: riskops drift --model ${filter.model} --reference window:FROM..TO`,
    ],
  };
}

/**
 * Whether the rows that a version answered still look like those it learned from: every feature and the scores tested together, and one
 * verdict. See `evaluation/drift/` for the tests. The answer holds counts and shares alone, whatever the number of rows.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, NO_CURRENT_MODEL, MODEL_FILE_INVALID, OPTION_INVALID
 */
export async function measureDrift(store: Store, filter: DriftFilter): Promise<DriftReport> {
  const judged = await loadVersion(store, filter.model, filter.version ?? 'current');
  const reference = await loadReference(store, judged, filter.reference);
  const { model, version, header } = judged;
  const choice = { model, version, from: filter.from, to: filter.to, newest: filter.rows };
  const window = await readWindow(store, choice, header, reference.signature);
  const { profile } = reference;
  const compared: Compared =
    profile === null
      ? { features: [], scores: null, leftOut: [], placed: 0 }
      : compareWindow(profile, reference, window);
  const parts = judgeParts(compared, filter.leastEffect);
  const fewest = fewestRows(testsOf(profile), profile?.rows ?? 0);
  const needed = profile === null ? 0 : Math.max(0, fewest - compared.placed);
  const isJudged = needed === 0 && (profile?.rows ?? 0) >= REFERENCE_ROWS;
  const shown = isJudged ? parts : withoutVerdict(parts);
  const report: DriftReport = {
    ...{ model, version },
    verdict: isJudged ? verdictOf(parts, needed) : 'undecided',
    sentence: '',
    window: { from: window.from, to: window.to, rows: window.rows, looked: window.looked },
    fewest_rows: fewest,
    rows_needed: needed,
    reference: {
      name: reference.name,
      rows: profile?.rows ?? 0,
      season_hours: profile?.seasons?.hours ?? null,
    },
    ...shown,
    left_out: compared.leftOut,
    notes: notesOf(window, compared, filter),
  };
  if (profile === null) return { ...report, ...withoutProfile(reference, filter) };
  return { ...report, sentence: sentenceOf(report) };
}

/** Numbers of too few rows are shown, and called nothing. */
function withoutVerdict({ features, scores }: Judged): Judged {
  const plain = (part: DriftedPart): DriftedPart => ({ ...part, drifted: false, by: null });
  return { features: features.map(plain), scores: scores && plain(scores) };
}
