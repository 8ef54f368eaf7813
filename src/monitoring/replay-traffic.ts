import { RiskopsError } from '../errors.js';
import type { ModelHeader } from '../models/model-header.js';
import type { Store } from '../storage/store.js';
import { comparePaired, type OutcomeComparison } from './compare-outcomes.js';
import { LearnedByBoth, toldRows } from './learned-rows.js';
import type { LoggedPrediction } from './logged-prediction.js';
import { type AnswerComparison, PairedAnswers } from './paired-answers.js';
import { predictionsOf } from './read-predictions.js';
import { type VersionAnswer, VersionAnswers } from './version-answers.js';
import { type CompareOptions, type JoinedRow, OutcomeJoin, readVersionPair } from './version-pair.js';

/** A logged row, what the version answers it, and what came of it. */
export interface ReplayedRow extends Pick<JoinedRow, 'outcome'> {
  logged: LoggedPrediction;
  answer: VersionAnswer;
}

export interface ReplayOptions extends CompareOptions {
  /** At most so many logged predictions, the oldest first; 100,000. */
  limit?: number;
  /** Handed every answer, a slice at a time; the next slice waits for it. */
  onSlice?(rows: readonly ReplayedRow[]): Promise<void> | void;
}

/** Rows that a version cannot answer, by the reason. */
export interface UnreadReason {
  reason: string;
  rows: number;
  /** The id of the first of them. */
  first: string;
}

/** How a version would have answered the traffic of another. */
export interface ReplayReport {
  model: string;
  version: number;
  against: number;
  from: string | null;
  to: string | null;
  /** Logged predictions of `against` that were looked at. */
  predictions: number;
  /** Whether there were more than the limit. */
  stopped: boolean;
  /** Logged predictions of other versions in that time, which were passed over. */
  others: { version: number; predictions: number }[];
  /** Passed over because the log does not have a value that the version needs. */
  redacted: number;
  /** Rows that the version cannot answer, and why, the commonest reasons first; at most 20. */
  unread: { rows: number; reasons: UnreadReason[] };
  answers: AnswerComparison;
  outcomes: OutcomeComparison;
}

const DEFAULT_LIMIT = 100_000;
const MOST_REASONS = 20;
/** Rows that are answered at once: as much memory as they take, however long the log. */
const SLICE_ROWS = 4_096;

class Unread {
  rows = 0;
  readonly #reasons = new Map<string, UnreadReason>();

  note(reason: string, id: string): void {
    this.rows++;
    const known = this.#reasons.get(reason);
    if (known !== undefined) known.rows++;
    else if (this.#reasons.size < 10 * MOST_REASONS)
      this.#reasons.set(reason, { reason, rows: 1, first: id });
  }

  list(): UnreadReason[] {
    return [...this.#reasons.values()].sort((a, b) => b.rows - a.rows).slice(0, MOST_REASONS);
  }
}

function sequential(model: string, version: number): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: `Version ${version} of ${model} cannot answer logged rows.`,
    why: 'It looks at the rows before each row, and a prediction is logged with its own row alone.',
    fix: 'riskops evaluate, on a file with whole series',
  });
}

/**
 * Lets a version answer what the model was asked, row by row from the prediction log, and compares its answers with those that were
 * given; where outcomes are known, by the gate's paired bootstrap too. It takes the memory of a slice of rows, and some tens of bytes a row.
 * @throws RiskopsError OPTION_INVALID for a version whose answers build on the rows before, or that predicts something else; as
 *   `readModelFile` and `predictionsOf` do
 */
export async function replayTraffic(store: Store, options: ReplayOptions): Promise<ReplayReport> {
  const { model, version, against, from, to, limit = DEFAULT_LIMIT } = options;
  const predictors = await readVersionPair(store, options);
  if (predictors.version.sequential) throw sequential(model, version.version);
  const run = new Replay(store, options, new VersionAnswers(predictors.version), predictors.against.header);
  for await (const chunk of predictionsOf(store, { model, from, to })) {
    for (let at = 0; at < chunk.length && !run.stopped; at += SLICE_ROWS)
      await run.take(chunk.slice(at, at + SLICE_ROWS), limit);
    if (run.stopped) break;
  }
  return {
    ...{ model, version: version.version, against: against.version, from: from ?? null, to: to ?? null },
    ...run.counts(),
    answers: run.pairs.compare(),
    outcomes: comparePaired(predictors.against.header, predictors.version.header, run.pairs.outcomes(), {
      policy: options.policyFor(predictors.version.header),
      learned: run.learned.pair(),
    }),
  };
}

/** One replay under way. */
class Replay {
  readonly pairs: PairedAnswers;
  readonly learned: LearnedByBoth;
  stopped = false;
  #predictions = 0;
  #redacted = 0;
  readonly #others = new Map<number, number>();
  readonly #unread = new Unread();
  readonly #join: OutcomeJoin;
  readonly #needed: ReadonlySet<string>;

  constructor(
    store: Store,
    private readonly options: ReplayOptions,
    private readonly version: VersionAnswers,
    private readonly against: ModelHeader,
  ) {
    this.pairs = new PairedAnswers(against);
    this.learned = new LearnedByBoth(options);
    this.#join = new OutcomeJoin(store, options.entity);
    // A row without names is redacted as a whole, which is called *.
    this.#needed = new Set(['*', ...version.predictor.header.signature.features.map(({ name }) => name)]);
  }

  async take(entries: readonly LoggedPrediction[], limit: number): Promise<void> {
    const { model } = this.options;
    const logged = entries.filter((entry) => this.#isAsked(entry, limit));
    const features = await this.#join.featuresOf(model, this.options.against.version);
    const answers = this.version.answer(logged.map(({ inputs }) => ({ inputs, features })));
    const joined = await this.#join.join(model, logged);
    const paired: number[] = [];
    for (const [i, answer] of answers.entries()) {
      const entry = logged[i];
      if ('problem' in answer) this.#unread.note(answer.problem, entry.id);
      else if (this.pairs.add(entry, answer, joined[i].actual, entry.at)) paired.push(i);
      else this.#unread.note('the logged answer is not of this kind of model', entry.id);
    }
    const told = toldRows(
      paired.map((i) => logged[i]),
      paired.map((i) => joined[i].actual),
      this.against,
    );
    await this.learned.note(told, features);
    await this.options.onSlice?.(
      logged.map((entry, i) => ({ logged: entry, answer: answers[i], outcome: joined[i].outcome })),
    );
  }

  counts(): Pick<ReplayReport, 'predictions' | 'stopped' | 'others' | 'redacted' | 'unread'> {
    return {
      predictions: this.#predictions,
      stopped: this.stopped,
      others: [...this.#others]
        .map(([version, predictions]) => ({ version, predictions }))
        .sort((a, b) => b.predictions - a.predictions),
      redacted: this.#redacted,
      unread: { rows: this.#unread.rows, reasons: this.#unread.list() },
    };
  }

  #isAsked({ version, redacted }: LoggedPrediction, limit: number): boolean {
    if (this.stopped) return false;
    if (version !== this.options.against.version) {
      this.#others.set(version, (this.#others.get(version) ?? 0) + 1);
      return false;
    }
    if (this.#predictions === limit) {
      this.stopped = true;
      return false;
    }
    this.#predictions++;
    if (redacted?.some((name) => this.#needed.has(name)) !== true) return true;
    this.#redacted++;
    return false;
  }
}
