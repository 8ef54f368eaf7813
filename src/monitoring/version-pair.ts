import type { ClassValue } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import type { ModelHeader } from '../models/model-header.js';
import type { Predictor } from '../models/predictor.js';
import type { Policy } from '../registry/policy.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { type JoinedOutcome, joinOutcomes } from './join-outcomes.js';
import type { TrainingReader } from './learned-rows.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { outcomeFor } from './outcome-values.js';
import { incomparable } from './paired-answers.js';
import { VersionFactsReader } from './version-facts.js';

/** Which answers are compared. */
export interface CompareOptions {
  model: string;
  /** The version that is looked at. */
  version: VersionRecord;
  /** The version whose logged answers it is compared with. */
  against: VersionRecord;
  /** Predictions from this UTC time on; from the first one when left out. */
  from?: string;
  /** Predictions before this UTC time; up to now when left out. */
  to?: string;
  /** The fields of a row that name the thing that outcomes are told about. */
  entity: readonly string[];
  /** The gate's policy for a model. */
  policyFor(header: ModelHeader): Policy;
  /** Reads what a version learned from: rows that it knows by heart prove nothing. */
  trainingOf: TrainingReader;
}

/** Two versions whose answers can be laid side by side. */
export interface VersionPair {
  version: Predictor;
  against: Predictor;
}

/**
 * Reads two versions of a model.
 * @throws RiskopsError OPTION_INVALID for two that predict different things, MODEL_FILE_NOT_FOUND, MODEL_FILE_INVALID
 */
export async function readVersionPair(
  store: Store,
  { model, version, against }: Pick<CompareOptions, 'model' | 'version' | 'against'>,
): Promise<VersionPair> {
  if (version.version === against.version)
    throw new RiskopsError('OPTION_INVALID', {
      what: `Version ${version.version} of ${model} would be compared with itself.`,
      ...(version.stage === 'current'
        ? {
            why: 'It is the current version: beside itself it is handed nothing, as a shadow or as a canary.',
          }
        : {}),
      fix: 'another --version, or another --against',
    });
  const [one, other] = await Promise.all(
    [version, against].map(({ path, sha256 }) => readModelFile(store.blobs.path(path), { sha256 })),
  );
  const why = incomparable(one.header, other.header);
  if (why === undefined) return { version: one, against: other };
  throw new RiskopsError('OPTION_INVALID', {
    what: `Versions ${version.version} and ${against.version} of ${model} cannot be compared.`,
    why: `${why[0].toUpperCase()}${why.slice(1)}.`,
  });
}

/** What came of predictions, as their version sees it. */
export interface JoinedRow {
  outcome: JoinedOutcome | undefined;
  /** Null without an outcome, and for one that does not fit the version. */
  actual: ClassValue | null;
}

/** Joins outcomes to predictions of one model. */
export class OutcomeJoin {
  readonly #reader: VersionFactsReader;

  constructor(
    private readonly store: Store,
    private readonly entity: readonly string[],
  ) {
    this.#reader = new VersionFactsReader(store);
  }

  /** The feature names of a version, in the order of a row that is an array; null where its file is gone. */
  async featuresOf(model: string, version: number): Promise<readonly string[] | null> {
    return (await this.#reader.of(model, version))?.features ?? null;
  }

  async join(model: string, predictions: readonly LoggedPrediction[]): Promise<JoinedRow[]> {
    const featuresOf = (version: number) => this.featuresOf(model, version);
    const outcomes = await joinOutcomes(this.store, predictions, { entity: this.entity, featuresOf });
    const rows: JoinedRow[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      const facts = outcome === undefined ? null : await this.#reader.of(model, predictions[i].version);
      const actual = outcome === undefined || facts === null ? null : outcomeFor(outcome.value, facts);
      rows.push({ outcome, actual });
    }
    return rows;
  }
}
