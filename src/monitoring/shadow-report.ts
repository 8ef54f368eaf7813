import type { ModelHeader } from '../models/model-header.js';
import type { LearnedPair } from '../registry/gate-evidence.js';
import type { Store } from '../storage/store.js';
import { type CanaryReport, canaryReport } from './canary-report.js';
import { comparePaired, type OutcomeComparison } from './compare-outcomes.js';
import { LearnedByBoth, toldRows } from './learned-rows.js';
import { type AnswerComparison, type OutcomeRows, PairedAnswers } from './paired-answers.js';
import { type ShadowCounts, shadowPairs } from './shadow-pairs.js';
import { type CompareOptions, OutcomeJoin, readVersionPair } from './version-pair.js';

/** How a version answered as a shadow, beside the answers that were given. */
export interface ShadowReport extends ShadowCounts {
  answers: AnswerComparison;
  outcomes: OutcomeComparison;
}

/** How a version did on live traffic, before it was promoted. */
export interface TrialReport {
  model: string;
  version: number;
  against: number;
  from: string | null;
  to: string | null;
  /** Null when it never ran as a shadow in that time. */
  shadow: ShadowReport | null;
  /** Null when it never ran as a canary in that time. */
  canary: CanaryReport | null;
}

/** Live rows that a shadow and the promoted version both answered. */
interface ShadowRows {
  counts: ShadowCounts;
  pairs: PairedAnswers;
  /** Pairs whose outcome is none of the model's classes, or no number. */
  misfits: number;
  /** How many of the rows with an outcome the versions learned from. */
  learned: LearnedPair;
  /** The ids of the real answers with an outcome, in the order of `pairs.outcomes()`. */
  ids: string[];
}

/** Collects what a shadow answered, with what came of it. */
async function collectShadowRows(
  store: Store,
  options: Omit<CompareOptions, 'policyFor'>,
  header: ModelHeader,
): Promise<ShadowRows> {
  const join = new OutcomeJoin(store, options.entity);
  const pairs = new PairedAnswers(header);
  const learned = new LearnedByBoth(options);
  const features = await join.featuresOf(options.model, options.against.version);
  const ids: string[] = [];
  let misfits = 0;
  const chunks = shadowPairs(store, options);
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return { counts: value, pairs, misfits, learned: learned.pair(), ids };
    const joined = await join.join(
      options.model,
      value.map(({ real }) => real),
    );
    const told: number[] = [];
    for (const [i, { real, shadow }] of value.entries()) {
      const { outcome, actual } = joined[i];
      if (outcome !== undefined && actual === null) misfits++;
      if (pairs.add(real, shadow, actual, real.at) && actual !== null) told.push(i);
    }
    const reals = told.map((i) => value[i].real);
    ids.push(...reals.map(({ id }) => id));
    await learned.note(
      toldRows(
        reals,
        told.map((i) => joined[i].actual),
        header,
      ),
      features,
    );
  }
}

/** The live rows with an outcome, as the gate's evidence. */
export interface ShadowEvidence {
  counts: ShadowCounts;
  /** Rows that both answered, with an outcome or without. */
  paired: number;
  misfits: number;
  learned: LearnedPair;
  rows: OutcomeRows;
  ids: string[];
}

/**
 * What a shadow proves: rows that it and the promoted version both answered, and whose outcome is known.
 * @throws RiskopsError as `readVersionPair` and `predictionsOf` do
 */
export async function shadowEvidence(
  store: Store,
  options: Omit<CompareOptions, 'policyFor'>,
): Promise<ShadowEvidence> {
  const { against } = await readVersionPair(store, options);
  const { pairs, ...found } = await collectShadowRows(store, options, against.header);
  return { ...found, paired: pairs.rows, rows: pairs.outcomes() };
}

/**
 * How a version on trial did, by the prediction log: agreement and score shift beside the answers that were given, and once outcomes are
 * known both versions' metrics and the gate's bootstrap.
 * @throws RiskopsError as `readVersionPair` and `predictionsOf` do
 */
export async function trialReport(store: Store, options: CompareOptions): Promise<TrialReport> {
  const { model, version, against, from, to } = options;
  const pair = await readVersionPair(store, options);
  const [current, candidate] = [pair.against.header, pair.version.header];
  const policy = options.policyFor(candidate);
  const { counts, pairs, learned } = await collectShadowRows(store, options, current);
  const shadow = (): ShadowReport => ({
    ...counts,
    answers: pairs.compare(),
    outcomes: comparePaired(current, candidate, pairs.outcomes(), { policy, learned }),
  });
  return {
    ...{ model, version: version.version, against: against.version, from: from ?? null, to: to ?? null },
    shadow: pairs.rows === 0 ? null : shadow(),
    canary: await canaryReport(store, options, pair, policy),
  };
}
