import type { Predicted } from '../../serving/predicted.js';
import type { ServedModel } from '../../serving/served-model.js';
import type { Datatype } from './datatypes.js';

interface Output {
  name: string;
  datatype: Datatype;
  /** Elements a row; undefined for one, which takes no dimension. */
  width?: number;
  /** All rows, row-major. */
  data(predicted: Predicted): unknown[];
}

/** The probability of each class of each row. */
function probabilitiesOf({ model: { header }, scores: { predictions } }: Predicted): number[] {
  return header.task === 'multiclass'
    ? Array.from(predictions)
    : Array.from(predictions).flatMap((positive) => [1 - positive, positive]);
}

/** Of three or more classes the probability of the class that is called. */
function predictionOf({ answers, scores: { predictions } }: Predicted): number[] {
  return answers.map(({ probabilities }, row) =>
    probabilities === undefined ? predictions[row] : Math.max(...Object.values(probabilities)),
  );
}

/** What a model answers with, in order. */
export function outputsOf({ header: { task, classes, threshold } }: ServedModel): Output[] {
  const isCalled = classes !== null && (task === 'multiclass' || threshold !== null);
  const called: Output = {
    name: 'class',
    datatype: 'BYTES',
    data: ({ answers }) => answers.map((answer) => String(answer.class)),
  };
  return [
    { name: 'prediction', datatype: 'FP64', data: predictionOf },
    ...(isCalled ? [called] : []),
    ...(classes === null
      ? []
      : [{ name: 'probabilities', datatype: 'FP64', width: classes.length, data: probabilitiesOf } as const]),
    {
      name: 'prediction_id',
      datatype: 'BYTES',
      data: ({ answers }) => answers.map(({ prediction_id }) => prediction_id),
    },
  ];
}

/** The shape of an output of `rowCount` rows. */
export const shapeOf = ({ width }: Output, rowCount: number): number[] =>
  width === undefined ? [rowCount] : [rowCount, width];
