import type { LoggedPrediction } from '../monitoring/prediction-log.js';
import type { Scores } from './score-rows.js';
import type { ServedModel } from './served-model.js';

/** A row's answer; of many classes `prediction` is the class itself. */
export type PredictionAnswer = { prediction_id: string } & Pick<
  LoggedPrediction,
  'prediction' | 'probabilities'
> &
  Partial<Pick<LoggedPrediction, 'class'>>;

/** Rows that were predicted and are in the log. */
export interface Predicted {
  model: ServedModel;
  /** As they were scored: with what was looked up. */
  rows: readonly unknown[];
  scores: Scores;
  /** One a row. */
  answers: PredictionAnswer[];
  requestId: string;
}
