import type { KnownTraining } from '../datasets/known-rows.js';
import type { ClassValue } from '../datasets/target.js';
import type { ModelHeader } from '../models/model-header.js';
import type { LearnedPair, LearnedRows } from '../registry/gate-evidence.js';
import type { VersionRecord } from '../registry/versions.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { targetNumber } from './paired-answers.js';
import { namedRow } from './version-answers.js';

/** Reads what a version learned from. */
export type TrainingReader = (version: VersionRecord) => Promise<KnownTraining>;

/** A logged row, and the number of what came of it. */
interface ToldRow extends Pick<LoggedPrediction, 'inputs' | 'redacted'> {
  target: number;
}

/**
 * The rows among these whose outcome is known.
 * @param actual of each row what came of it; null where that is not known
 */
export function toldRows(
  entries: readonly LoggedPrediction[],
  actual: readonly (ClassValue | null)[],
  header: ModelHeader,
): ToldRow[] {
  return entries.flatMap(({ inputs, redacted }, i) => {
    const value = actual[i];
    const target = value === null ? null : targetNumber(value, header);
    return target === null ? [] : [{ inputs, target, ...(redacted && { redacted }) }];
  });
}

/** Counts the rows with an outcome that a version learned from. Its training rows are read when the first such row comes. */
export class LearnedCount {
  #training: KnownTraining | null = null;
  #of = 0;
  #rows = 0;
  #unchecked = 0;

  constructor(
    private readonly version: VersionRecord,
    private readonly read: TrainingReader,
  ) {}

  /** @param features the names of rows that are arrays; null where they are not known */
  async note(told: readonly ToldRow[], features: readonly string[] | null): Promise<void> {
    if (told.length === 0) return;
    this.#training ??= await this.read(this.version);
    this.#of += told.length;
    const { rows } = this.#training;
    if (rows === null) return;
    for (const { inputs, redacted, target } of told) {
      const found = rows.has(namedRow(inputs, features), target, redacted);
      if (found === null) this.#unchecked++;
      else if (found) this.#rows++;
    }
  }

  count(): LearnedRows {
    const { version } = this.version;
    // Nobody can compare a row of which the log keeps no value.
    const facts = { version, of: this.#of - this.#unchecked, why: null, elsewhere: false };
    const training = this.#training;
    if (training?.rows === null) return { ...facts, ...training };
    if (this.#unchecked > 0 && facts.of === 0)
      return { ...facts, rows: null, why: 'the log does not keep their values' };
    return { ...facts, rows: this.#rows };
  }
}

/** The same of both versions that answered the same rows. */
export class LearnedByBoth {
  readonly #candidate: LearnedCount;
  readonly #current: LearnedCount;

  constructor({
    version,
    against,
    trainingOf,
  }: {
    version: VersionRecord;
    against: VersionRecord;
    trainingOf: TrainingReader;
  }) {
    this.#candidate = new LearnedCount(version, trainingOf);
    this.#current = new LearnedCount(against, trainingOf);
  }

  async note(...given: Parameters<LearnedCount['note']>): Promise<void> {
    await this.#candidate.note(...given);
    await this.#current.note(...given);
  }

  pair(): LearnedPair {
    return { candidate: this.#candidate.count(), current: this.#current.count() };
  }
}
