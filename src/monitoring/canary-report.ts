import type { ClassValue } from '../datasets/target.js';
import type { ModelHeader } from '../models/model-header.js';
import type { LearnedRows } from '../registry/gate-evidence.js';
import type { Policy } from '../registry/policy.js';
import type { VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { compareUnpaired, type OutcomeComparison, type Side } from './compare-outcomes.js';
import { GrowingNumbers } from './growing-numbers.js';
import { LearnedCount, type TrainingReader, toldRows } from './learned-rows.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { blockTime, numbersOf, targetNumber } from './paired-answers.js';
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
  /** Answers of the other version before that time, and after it: nobody knows whether the canary ran then. */
  before: number;
  after: number;
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

  readonly #times = new GrowingNumbers();
  readonly #learned: LearnedCount;

  constructor(
    private readonly header: ModelHeader,
    private readonly version: VersionRecord,
    trainingOf: TrainingReader,
  ) {
    this.#learned = new LearnedCount(version, trainingOf);
  }

  /** Adds answers of the version, with what came of them. */
  async take(entries: readonly LoggedPrediction[], join: OutcomeJoin): Promise<void> {
    const { model, version } = this.version;
    const actual = (await join.join(model, entries)).map((one) => one.actual);
    for (const [i, entry] of entries.entries()) this.#add(entry, actual[i]);
    const told = toldRows(entries, actual, this.header);
    await this.#learned.note(told, await join.featuresOf(model, version));
  }

  #add(entry: LoggedPrediction, actual: ClassValue | null): void {
    const numbers = numbersOf(entry, this.header);
    if (numbers === null) return;
    this.#scores.push(Math.max(...numbers));
    if (entry.class !== null) this.#classes.set(entry.class, (this.#classes.get(entry.class) ?? 0) + 1);
    const target = actual === null ? null : targetNumber(actual, this.header);
    if (target === null) return;
    this.#target.push(target);
    this.#times.push(blockTime(entry.at));
    for (const value of numbers) this.#predictions.push(value);
  }

  learned(): LearnedRows {
    return this.#learned.count();
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
    return {
      header: this.header,
      target: this.#target.take(),
      predictions: this.#predictions.take(),
      times: this.#times.take(),
    };
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
  const { model, version, against, from, to, entity, trainingOf } = options;
  const range = await canaryRange(store, options);
  if (range === null) return null;
  const join = new OutcomeJoin(store, entity);
  let [before, after] = [0, 0];
  const canary = new OwnAnswers(pair.version.header, version, trainingOf);
  const beside = new OwnAnswers(pair.against.header, against, trainingOf);
  for await (const chunk of predictionsOf(store, { model, from, to })) {
    const others = chunk.filter((entry) => entry.canary !== true && entry.version === against.version);
    const isOf = (entry: LoggedPrediction) => entry.canary === true && entry.version === version.version;
    await canary.take(chunk.filter(isOf), join);
    await beside.take(
      others.filter(({ at }) => at >= range.first && at <= range.last),
      join,
    );
    before += others.filter(({ at }) => at < range.first).length;
    after += others.filter(({ at }) => at > range.last).length;
  }
  return {
    ...range,
    ...{ before, after },
    share: canary.rows / (canary.rows + beside.rows),
    score: scoreOf(pair.version.header.task),
    canary: canary.spread(),
    beside: beside.spread(),
    outcomes: compareUnpaired(beside.side(), canary.side(), {
      ...{ policy, learned: { candidate: canary.learned(), current: beside.learned() } },
    }),
  };
}
