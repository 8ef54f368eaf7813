import type { ClassValue } from '../datasets/target.js';
import type { ModelHeader } from '../models/model-header.js';
import { GrowingNumbers } from './growing-numbers.js';
import { describeShift, type ScoreShift } from './score-shift.js';
import type { LoggedAnswer } from './version-answers.js';

/** Rows that two versions answer differently. */
export interface DecisionChange {
  /** The class that one version calls them, and the class that the other one does. */
  from: ClassValue;
  to: ClassValue;
  rows: number;
  /** Of all compared rows. */
  share: number;
}

/** How two versions answer the same rows. */
export interface AnswerComparison {
  rows: number;
  /** The share of rows that both call the same class; null where answers have no class, and without a row. */
  agreement: number | null;
  /** The largest first; at most 20. */
  changes: DecisionChange[];
  /** Null without a row. */
  shift: ScoreShift | null;
}

/** Rows whose outcome is known, with the answers of both versions, as metrics take them. */
export interface OutcomeRows {
  /** 0 or 1, the number of the class, or the value. */
  target: Float64Array;
  /** Of many classes one number a class of each row. */
  current: Float64Array;
  candidate: Float64Array;
  /** When each row was answered, to the second, in milliseconds since 1970. */
  times: Float64Array;
}

const MOST_CHANGES = 20;

/** Why answers of two versions cannot be laid side by side; undefined when they can. */
export function incomparable(a: ModelHeader, b: ModelHeader): string | undefined {
  const [one, other] = [a.signature.target.name, b.signature.target.name];
  if (one !== other) return `one predicts "${one}", the other "${other}"`;
  if (a.task !== b.task) return `one is a ${a.task} model, the other a ${b.task} model`;
  const [was, is] = [JSON.stringify(a.classes), JSON.stringify(b.classes)];
  return was === is ? undefined : `the classes of one are ${was}, those of the other ${is}`;
}

/** The numbers of an answer as metrics take them; null for one that is not of this kind of model. */
export function numbersOf(
  { prediction, probabilities }: LoggedAnswer,
  { task, classes }: Pick<ModelHeader, 'task' | 'classes'>,
): number[] | null {
  if (task !== 'multiclass') return typeof prediction === 'number' ? [prediction] : null;
  const found = (classes ?? []).map((name) => probabilities?.[String(name)]);
  return found.every((value) => value !== undefined) ? found : null;
}

/** The number of an outcome; null for one that is none of the model's classes. */
export function targetNumber(
  value: ClassValue,
  { task, classes }: Pick<ModelHeader, 'task' | 'classes'>,
): number | null {
  if (task === 'regression') return Number(value);
  const found = classes?.indexOf(value) ?? -1;
  return found < 0 ? null : found;
}

/** The time of an answer for a bootstrap, to the second: the rows of one request are answered some milliseconds apart. */
export const blockTime = (at: string): number => Math.floor(Date.parse(at) / 1000) * 1000;

/** Answers of two versions to the same rows, in columns: some tens of bytes a row. */
export class PairedAnswers {
  readonly #before = new GrowingNumbers();
  readonly #after = new GrowingNumbers();
  readonly #changes = new Map<string, { from: ClassValue; to: ClassValue; rows: number }>();
  #same = 0;
  #classed = 0;
  readonly #target = new GrowingNumbers();
  readonly #current = new GrowingNumbers();
  readonly #candidate = new GrowingNumbers();
  readonly #times = new GrowingNumbers();

  /** @param header of either version */
  constructor(private readonly header: ModelHeader) {}

  get rows(): number {
    return this.#before.length;
  }

  /**
   * Adds a row. False for answers that are not of this kind of model.
   * @param actual what came of it; null where that is not known
   * @param at when the first was given, UTC
   */
  add(before: LoggedAnswer, after: LoggedAnswer, actual: ClassValue | null, at: string): boolean {
    const [was, is] = [numbersOf(before, this.header), numbersOf(after, this.header)];
    if (was === null || is === null) return false;
    // Of many classes, the probability of the one that was answered.
    const place = this.header.task === 'multiclass' ? (this.header.classes ?? []).indexOf(before.class!) : 0;
    this.#before.push(was[Math.max(0, place)]);
    this.#after.push(is[Math.max(0, place)]);
    this.#noteClasses(before.class, after.class);
    const target = actual === null ? null : targetNumber(actual, this.header);
    if (target === null) return true;
    this.#target.push(target);
    this.#times.push(blockTime(at));
    for (const value of was) this.#current.push(value);
    for (const value of is) this.#candidate.push(value);
    return true;
  }

  compare(): AnswerComparison {
    const changes = [...this.#changes.values()]
      .sort((a, b) => b.rows - a.rows)
      .slice(0, MOST_CHANGES)
      .map((change) => ({ ...change, share: change.rows / this.rows }));
    return {
      rows: this.rows,
      agreement: this.#classed === 0 ? null : this.#same / this.#classed,
      changes,
      shift: describeShift(this.header.task, this.#before.take(), this.#after.take()),
    };
  }

  outcomes(): OutcomeRows {
    return {
      target: this.#target.take(),
      current: this.#current.take(),
      candidate: this.#candidate.take(),
      times: this.#times.take(),
    };
  }

  #noteClasses(from: ClassValue | null, to: ClassValue | null): void {
    if (from === null || to === null) return;
    this.#classed++;
    if (from === to) {
      this.#same++;
      return;
    }
    const key = JSON.stringify([from, to]);
    const known = this.#changes.get(key);
    if (known === undefined) this.#changes.set(key, { from, to, rows: 1 });
    else known.rows++;
  }
}
