import type { ClassValue } from '../../datasets/target.js';
import { calledClass, classProbabilities } from '../../models/class-answer.js';
import { answerOfRow } from '../predict.js';
import type { PredictionAnswer } from '../predicted.js';
import type { ServedModel } from '../served-model.js';

/** One row's prediction under way: what stands in the answer, and in the log. */
export interface OneRow {
  id: string;
  /** UTC, ISO 8601. */
  at: string;
  requestId: string;
  /** The row as JSON, on one line. */
  inputs: string;
}

/** The way of a row that is as it should be, for one version: all that does not change from row to row is made once. */
export interface OneRowPath {
  /** The prediction of a row; null when anything about the row or its prediction is wrong or odd. */
  score(row: unknown): Float64Array | null;
  /** The row's answer as the predict routes have it. */
  answer(predictions: Float64Array, id: string): PredictionAnswer;
  /** The answer of the predict routes, and the log's line, as JSON. */
  write(predictions: Float64Array, row: OneRow): { answer: string; line: string };
}

/** A finite number as JSON; JSON.stringify would write -0 as 0. */
const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** Of two classes, or none: `"prediction":0.3,"class":"yes"`. */
function plainWriter({ header }: ServedModel): (predictions: Float64Array) => [string, string] {
  const texts = new Map<ClassValue | null, [string, string]>();
  for (const name of [null, ...(header.classes ?? [])]) {
    const text = `,"class":${JSON.stringify(name)}`;
    texts.set(name, [name === null ? '' : text, text]);
  }
  return (predictions) => {
    const prediction = `"prediction":${numberText(predictions[0])}`;
    const [answered, logged] = texts.get(calledClass(header, predictions, 0))!;
    return [prediction + answered, prediction + logged];
  };
}

/** Of many classes the class itself is the prediction, and each has its probability. */
function manyClassWriter({ header }: ServedModel): (predictions: Float64Array) => [string, string] {
  const names = new Map(header.classes!.map((name) => [name as ClassValue | null, JSON.stringify(name)]));
  return (predictions) => {
    const called = names.get(calledClass(header, predictions, 0));
    const probabilities = Object.entries(classProbabilities(header, predictions, 0)!).map(
      ([name, probability]) => `${JSON.stringify(name)}:${numberText(probability)}`,
    );
    const text = `"prediction":${called},"class":${called},"probabilities":{${probabilities.join(',')}}`;
    return [text, text];
  };
}

/** Prepares the path of a version; null where a row's answer builds on other rows. */
export function compileOneRow(model: ServedModel): OneRowPath | null {
  const { name, entry, header, predictor, encoder, canary } = model;
  if (predictor.sequential) return null;
  const { version, run_id } = entry;
  const threshold = header.threshold === null ? '' : `"threshold":${numberText(header.threshold)},`;
  const answerHead = `"model":${JSON.stringify(name)},"version":${version},"run_id":${JSON.stringify(run_id)},${threshold}`;
  const trial = canary === true ? '"canary":true,' : '';
  const lineHead = `"model":${JSON.stringify(name)},"version":${version},${trial}"inputs":`;
  const write = header.task === 'multiclass' ? manyClassWriter(model) : plainWriter(model);
  const cells = new Float64Array(header.signature.features.length);
  return {
    score(row) {
      if (!encoder.encodePlain(row, cells)) return null;
      const predictions = predictor.predictCells(cells, 1);
      for (const prediction of predictions) if (!Number.isFinite(prediction)) return null;
      return predictions;
    },
    answer: (predictions, id) => answerOfRow(model, predictions, 0, id),
    write(predictions, { id, at, requestId, inputs }) {
      const [answered, logged] = write(predictions);
      const idText = `"prediction_id":"${id}"`;
      return {
        answer: `{${idText},${answerHead}${answered},"predictions":[{${idText},${answered}}]}`,
        line: `{"id":"${id}","at":"${at}","request_id":"${requestId}",${lineHead}${inputs},${logged}}`,
      };
    },
  };
}
