import type { ClassValue, TargetTask } from '../datasets/target.js';
import type { Answered } from './accuracy-metrics.js';
import { fieldOf } from './entity.js';
import type { JoinedOutcome } from './join-outcomes.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { outcomeFor } from './outcome-values.js';
import type { VersionFacts } from './version-facts.js';

/** What a segment's field may be. */
export type FieldValue = string | number | boolean | null;

/** The class of a binary row from this probability on, where the version has no threshold. */
const HALF = 0.5;

const NONE = -1;

/** Predictions with what came of them, in columns: some tens of bytes a prediction. */
export class AccuracyRows {
  /** Of each prediction its time, its version and its fields. */
  readonly at: number[] = [];
  readonly versions: number[] = [];
  readonly fields: FieldValue[][];
  /** Of each prediction its place among those with an outcome; -1 without one. */
  readonly answered: number[] = [];
  readonly delays: number[] = [];
  readonly #target: number[] = [];
  readonly #prediction: number[] = [];
  readonly #called: number[] = [];
  /** The number of each class, by its text. */
  readonly #classes = new Map<string, number>();
  /** Outcomes that are none of the version's classes, or no number. */
  misfits = 0;
  /** Fields whose values the log does not keep. */
  readonly redacted = new Set<string>();

  constructor(
    readonly task: TargetTask,
    private readonly by: readonly string[],
  ) {
    this.fields = by.map(() => []);
  }

  get count(): number {
    return this.at.length;
  }

  add(entry: LoggedPrediction, facts: VersionFacts, outcome: JoinedOutcome | undefined): void {
    this.at.push(Date.parse(entry.at));
    this.versions.push(entry.version);
    for (const field of entry.redacted ?? []) this.redacted.add(field);
    for (const [i, field] of this.by.entries()) this.fields[i].push(segmentValue(entry, field, facts));
    const actual = outcome === undefined ? null : outcomeFor(outcome.value, facts);
    if (outcome === undefined || actual === null || !this.#addAnswer(entry, facts, actual)) {
      if (outcome !== undefined) this.misfits++;
      this.answered.push(NONE);
      return;
    }
    this.answered.push(this.delays.length);
    this.delays.push(Math.max(0, Date.parse(outcome.observed_at) - Date.parse(entry.at)));
  }

  /** False for an entry that has no answer of this task. */
  #addAnswer(entry: LoggedPrediction, { classes }: VersionFacts, actual: ClassValue): boolean {
    const { prediction } = entry;
    if (this.task === 'multiclass') {
      this.#push(this.#classNumber(actual), entry.probabilities?.[String(actual)] ?? 0);
      this.#called.push(this.#classNumber(entry.class ?? prediction));
      return true;
    }
    if (typeof prediction !== 'number') return false;
    if (this.task === 'regression') {
      this.#push(Number(actual), prediction);
      this.#called.push(0);
      return true;
    }
    const positive = classes?.[1];
    const isCalled = entry.class === null ? prediction >= HALF : entry.class === positive;
    this.#push(actual === positive ? 1 : 0, prediction);
    this.#called.push(isCalled ? 1 : 0);
    return true;
  }

  #push(target: number, prediction: number): void {
    this.#target.push(target);
    this.#prediction.push(prediction);
  }

  #classNumber(name: ClassValue): number {
    const known = this.#classes.get(String(name));
    if (known !== undefined) return known;
    this.#classes.set(String(name), this.#classes.size);
    return this.#classes.size - 1;
  }

  /** Those of these predictions that have an outcome. */
  take(rows: readonly number[]): { answers: Answered; delays: Float64Array } {
    const places = rows.map((row) => this.answered[row]).filter((place) => place !== NONE);
    const target = Float64Array.from(places, (place) => this.#target[place]);
    const prediction = Float64Array.from(places, (place) => this.#prediction[place]);
    const called = Int32Array.from(places, (place) => this.#called[place]);
    return {
      answers: { target, prediction, called, classes: this.#classes.size },
      delays: Float64Array.from(places, (place) => this.delays[place]),
    };
  }
}

/** `version` is the version, unless the rows have a field of that name. */
function segmentValue({ inputs, version }: LoggedPrediction, field: string, facts: VersionFacts): FieldValue {
  const value = fieldOf(inputs, field, facts.features);
  if (value === undefined && field === 'version') return String(version);
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null;
}
