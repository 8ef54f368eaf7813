import type { EncodedRows, InputWarning, Problem } from '../datasets/encode-rows.js';
import { RiskopsError } from '../errors.js';
import { missingHistory } from './missing-history.js';
import { invalidFields } from './problems.js';
import { checkTime, type ScoringLane, type TimeLimit } from './scoring-lane.js';
import type { ServedModel } from './served-model.js';

export interface Scores {
  /** One a row, or one a class of each row, all finite: the probability of the positive class, of each class, or the value. */
  predictions: Float64Array;
  /** The first 100 of `warningCount`. */
  warnings: InputWarning[];
  warningCount: number;
}

/** What is quicker than this runs at once; more runs in the lane, so that nobody else waits for it. */
const AT_ONCE_MS = 2;
const AT_ONCE_ROWS = 64;
const MOST_LISTED = 100;

/** Scores of rows that come in parts; a part with problems keeps the rest from being scored, not from being checked. */
class Scoring implements Scores {
  readonly predictions: Float64Array;
  readonly warnings: InputWarning[] = [];
  warningCount = 0;
  readonly #problems: Problem[] = [];
  #problemCount = 0;

  constructor(
    private readonly model: ServedModel,
    private readonly rows: readonly unknown[],
  ) {
    this.predictions = new Float64Array(rows.length * model.predictor.outputs);
  }

  score(from: number, to: number): void {
    const encoded = this.model.encoder.encode(
      from === 0 && to === this.rows.length ? this.rows : this.rows.slice(from, to),
    );
    this.#note(encoded, from);
    if (this.#problemCount > 0) return;
    if (this.model.predictor.sequential) this.#noteHistory(missingHistory(this.model, encoded.cells));
    const predictions = this.model.predictor.predictCells(encoded.cells, encoded.rowCount);
    const { outputs } = this.model.predictor;
    const bad = Math.floor(predictions.findIndex((prediction) => !Number.isFinite(prediction)) / outputs);
    if (bad >= 0) throw notFinite(this.model, from + bad, this.#oddFeatures(encoded.cells, bad));
    this.predictions.set(predictions, from * outputs);
  }

  end(): Scores {
    if (this.#problemCount === 0) return this;
    const [first] = this.#problems;
    const where = this.rows.length === 1 ? '' : `row ${first.row}, `;
    throw new RiskopsError('VALIDATION_ERROR', {
      what:
        this.#problemCount === 1
          ? 'A value does not fit the model.'
          : `${this.#problemCount} values do not fit the model.`,
      why: `${where}${first.feature ?? 'the row'}: ${first.got} where ${first.expected} is expected.`,
      fix: first.hint ?? 'GET /model shows what the model takes',
      details: { problems: this.#problems, problem_count: this.#problemCount },
    });
  }

  /** The features of a row that are missing, or of a category that training never saw. */
  #oddFeatures(cells: Float64Array, row: number): string[] {
    const { features } = this.model.header.signature;
    const isOdd = (cell: number, type: string) => Number.isNaN(cell) || (type === 'category' && cell < 0);
    return features.flatMap(({ name, type }, i) =>
      isOdd(cells[row * features.length + i], type) ? [name] : [],
    );
  }

  /** They go before what is odd about single values, which may be many. */
  #noteHistory(missing: readonly InputWarning[]): void {
    this.warningCount += missing.length;
    this.warnings.unshift(...missing.slice(0, MOST_LISTED));
    this.warnings.splice(MOST_LISTED);
  }

  #note({ problems, problemCount, warnings, warningCount }: EncodedRows, from: number): void {
    this.#problemCount += problemCount;
    this.warningCount += warningCount;
    for (const problem of problems) {
      if (this.#problems.length < MOST_LISTED) this.#problems.push({ ...problem, row: from + problem.row });
    }
    for (const warning of warnings) {
      if (this.warnings.length < MOST_LISTED) this.warnings.push({ ...warning, row: from + warning.row });
    }
  }
}

/** Some learners have no answer for a missing value when their recipe does not fill it. */
function notFinite({ name, entry }: ServedModel, row: number, odd: readonly string[]): RiskopsError {
  if (odd.length > 0) {
    return invalidFields(
      `The model has no answer for row ${row}.`,
      odd.map((field) => ({ row, field, problem: 'is missing or unknown, and this model needs it' })),
    );
  }
  return new RiskopsError('INTERNAL_ERROR', {
    what: `Version ${entry.version} of model "${name}" gave no finite number for row ${row}.`,
    fix: 'riskops rollback',
    details: { row },
  });
}

/** A row of another length than the signature's is the commonest slip of an array's sender, and has its own answer. */
function checkWidth(rows: readonly unknown[], expected: number): void {
  const row = rows.findIndex((values) => Array.isArray(values) && values.length !== expected);
  if (row < 0) return;
  const got = (rows[row] as unknown[]).length;
  throw new RiskopsError('FEATURE_SIZE_MISMATCH', {
    what: `${rows.length === 1 ? 'The row' : `Row ${row}`} has ${got} values, and the model takes ${expected}.`,
    fix: 'GET /model names the features in their order',
    details: { expected_n_features: expected, got_n_features: got, ...(rows.length === 1 ? {} : { row }) },
  });
}

/**
 * Scores rows by the one path that training used too: rows -> cells -> recipe -> model.
 * @throws RiskopsError FEATURE_SIZE_MISMATCH, VALIDATION_ERROR (with every problem), SERVER_BUSY, REQUEST_TIMEOUT
 */
export async function scoreRows(
  model: ServedModel,
  rows: readonly unknown[],
  lane: ScoringLane,
  limit: TimeLimit,
): Promise<Scores> {
  checkWidth(rows, model.header.signature.features.length);
  const scoring = new Scoring(model, rows);
  const score = (from: number, to: number) => {
    const begun = performance.now();
    scoring.score(from, to);
    model.pace.note(to - from, performance.now() - begun);
  };
  const { msPerRow } = model.pace;
  if (rows.length <= AT_ONCE_ROWS && rows.length * msPerRow <= AT_ONCE_MS) {
    score(0, rows.length);
    checkTime(limit);
  }
  // Rows that build on each other are scored as a whole: the one slice is all of them.
  else if (model.predictor.sequential)
    await lane.run(1, rows.length * msPerRow, () => score(0, rows.length), limit);
  else await lane.run(rows.length, msPerRow, score, limit);
  return scoring.end();
}
