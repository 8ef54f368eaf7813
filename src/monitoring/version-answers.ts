import { compileEncoder, type Problem, type RowEncoder } from '../datasets/encode-rows.js';
import { calledClass, classProbabilities } from '../models/class-answer.js';
import type { ModelHeader } from '../models/model-header.js';
import type { Predictor } from '../models/predictor.js';
import type { LoggedPrediction } from './logged-prediction.js';

/** What a log's entry says of an answer. */
export type LoggedAnswer = Pick<LoggedPrediction, 'prediction' | 'class' | 'probabilities'>;

/** A row that was answered before. */
export interface AskedRow {
  inputs: unknown;
  /** What names the values of a row that is an array: the features of the version that answered it; null where they are not known. */
  features: readonly string[] | null;
}

/** A version's answer, or why it has none. */
export type VersionAnswer = LoggedAnswer | { problem: string };

/** The answer of a row, as it stands in the log. */
export function loggedAnswer(header: ModelHeader, predictions: Float64Array, row: number): LoggedAnswer {
  const called = calledClass(header, predictions, row);
  const probabilities = classProbabilities(header, predictions, row);
  if (probabilities !== null && called !== null) return { prediction: called, class: called, probabilities };
  return { prediction: predictions[row], class: called };
}

const problemText = ({ feature, got, expected }: Problem) =>
  `${feature ?? 'the row'} is ${got}, not ${expected}`;

/** A row by its names: one that is an array has those of the version that answered it; null where they are not known. */
export function namedRow(inputs: unknown, features: AskedRow['features']): unknown {
  if (!Array.isArray(inputs)) return inputs;
  if (features === null) return null;
  if (features.length !== inputs.length) return inputs;
  return Object.fromEntries(features.map((name, i) => [name, inputs[i]]));
}

/** Lets one version answer rows that another one has answered. */
export class VersionAnswers {
  readonly #encoder: RowEncoder;
  readonly #names: readonly string[];

  /** @param predictor whose answers do not build on the rows before */
  constructor(readonly predictor: Predictor) {
    const { signature } = predictor.header;
    this.#encoder = compileEncoder(signature);
    this.#names = signature.features.map(({ name }) => name);
  }

  /** An answer for each row, in their order. */
  answer(rows: readonly AskedRow[]): VersionAnswer[] {
    const width = this.#names.length;
    const cells = new Float64Array(rows.length * width);
    const answers = new Array<VersionAnswer>(rows.length);
    const sound: number[] = [];
    for (const [i, asked] of rows.entries()) {
      const at = sound.length * width;
      const problem = this.#read(asked, cells.subarray(at, at + width));
      if (problem === null) sound.push(i);
      else answers[i] = { problem };
    }
    const { header, outputs } = this.predictor;
    const predictions = this.predictor.predictCells(cells.subarray(0, sound.length * width), sound.length);
    for (const [row, i] of sound.entries()) {
      const own = predictions.subarray(row * outputs, (row + 1) * outputs);
      answers[i] = own.every(Number.isFinite)
        ? loggedAnswer(header, predictions, row)
        : { problem: 'the version gives no finite number' };
    }
    return answers;
  }

  /** Fills the cells of a row; or what is wrong with it. */
  #read({ inputs, features }: AskedRow, cells: Float64Array): string | null {
    const row = this.#hasOwnNames(inputs, features) ? inputs : namedRow(inputs, features);
    if (row === null) return 'the names of its values are not known';
    if (this.#encoder.encodePlain(row, cells)) return null;
    const { cells: found, problems } = this.#encoder.encode([row]);
    if (problems.length > 0) return problemText(problems[0]);
    cells.set(found);
    return null;
  }

  /** An array whose places are named alike is read as it is. */
  #hasOwnNames(inputs: unknown, features: AskedRow['features']): boolean {
    if (!Array.isArray(inputs) || features?.length !== this.#names.length) return false;
    return features.every((name, i) => name === this.#names[i]);
  }
}
