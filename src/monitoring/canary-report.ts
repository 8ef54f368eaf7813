import type { ClassValue } from '../datasets/target.js';
import type { ModelHeader } from '../models/model-header.js';
import type { Policy } from '../registry/policy.js';
import type { Store } from '../storage/store.js';
import { compareUnpaired, type OutcomeComparison, type Side } from './compare-outcomes.js';
import { GrowingNumbers } from './growing-numbers.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { numbersOf, targetNumber } from './paired-answers.js';
import { predictionsOf } from './read-predictions.js';
import { type ScoreShift, type Spread, scoreOf, spreadOf } from './score-shift.js';
import { type CompareOptions, OutcomeJoin, type VersionPair } from './version-pair.js';

/** What one version answered, of the requests that it got. */
export interface AnswerSpread {
  rows: number;
  /** The share of each class among the answers; empty where answers have none. */
  classes: { class: ClassValue; share: number }[];
  /** Null without a row. */
  scores: Spread | null;
}

/** How a version answered a share of the requests, beside the one that answered the others. */
export interface CanaryReport {
  /** Of the canary's first and last answer, UTC; the other version's answers are those of this time. */
  first: string;
  last: string;
  /** Of the answers of both. */
  share: number;
  score: ScoreShift['score'];
  canary: AnswerSpread;
  beside: AnswerSpread;
  /** They answered different rows, so the comparison is not paired. */
  outcomes: OutcomeComparison;
}

/** The answers of one version, in columns. */
class OwnAnswers {
  readonly #scores = new GrowingNumbers();
  readonly #classes = new Map<ClassValue, number>();
  readonly #target = new GrowingNumbers();
  readonly #predictions = new GrowingNumbers();

  constructor(private readonly header: ModelHeader) {}

  add(entry: LoggedPrediction, actual: ClassValue | null): void {
    const numbers = numbersOf(entry, this.header);
    if (numbers === null) return;
    this.#scores.push(Math.max(...numbers));
    if (entry.class !== null) this.#classes.set(entry.class, (this.#classes.get(entry.class) ?? 0) + 1);
    const target = actual === null ? null : targetNumber(actual, this.header);
    if (target === null) return;
    this.#target.push(target);
    for (const value of numbers) this.#predictions.push(value);
  }

  get rows(): number {
    return this.#scores.length;
  }

  spread(): AnswerSpread {
    const classed = [...this.#classes.values()].reduce((sum, rows) => sum + rows, 0);
    return {
      rows: this.rows,
      classes: [...this.#classes]
        .sort(([, a], [, b]) => b - a)
        .map(([name, rows]) => ({ class: name, share: rows / classed })),
      scores: this.rows === 0 ? null : spreadOf(this.#scores.take()),
    };
  }

  side(): Side {
    return { header: this.header, target: this.#target.take(), predictions: this.#predictions.take() };
  }
}

type Range = { first: string; last: string };

async function canaryRange(
  store: Store,
  { model, version, from, to }: CompareOptions,
): Promise<Range | null> {
  let [first, last]: (string | undefined)[] = [];
  for await (const chunk of predictionsOf(store, { model, from, to, version: version.version })) {
    const own = chunk.filter(({ canary }) => canary === true);
    first ??= own.at(0)?.at;
    last = own.at(-1)?.at ?? last;
  }
  return first === undefined || last === undefined ? null : { first, last };
}

/** How a version did as a canary; null when it never was one in that time. */
export async function canaryReport(
  store: Store,
  options: CompareOptions,
  pair: VersionPair,
  policy: Policy,
): Promise<CanaryReport | null> {
  const { model, version, against, from, to, entity } = options;
  const range = await canaryRange(store, options);
  if (range === null) return null;
  const join = new OutcomeJoin(store, entity);
  const canary = new OwnAnswers(pair.version.header);
  const beside = new OwnAnswers(pair.against.header);
  for await (const chunk of predictionsOf(store, { model, from, to })) {
    const wanted = chunk.filter(
      (entry) =>
        entry.at >= range.first &&
        entry.at <= range.last &&
        (entry.canary === true ? entry.version === version.version : entry.version === against.version),
    );
    const joined = await join.join(model, wanted);
    for (const [i, entry] of wanted.entries())
      (entry.canary === true ? canary : beside).add(entry, joined[i].actual);
  }
  return {
    ...range,
    share: canary.rows / (canary.rows + beside.rows),
    score: scoreOf(pair.version.header.task),
    canary: canary.spread(),
    beside: beside.spread(),
    outcomes: compareUnpaired(beside.side(), canary.side(), policy),
  };
}
