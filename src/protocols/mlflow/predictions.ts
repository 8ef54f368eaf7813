import type { Predicted } from '../../serving/predicted.js';
import type { ServedModel } from '../../serving/served-model.js';
import { printable, suggestWord } from '../../util/text.js';
import { refuse } from './refuse.js';

const METHODS = ['predict', 'predict_proba'] as const;
const KNOWN = ['predict_method', 'prediction_ids'] as const;

/** How the predictions of a request are to be answered. */
export interface ScoringParams {
  /** What scikit-learn calls so: the class, or the probabilities of the classes; null for the prediction as /predict has it. */
  method: (typeof METHODS)[number] | null;
  /** Whether the ids come too, that outcomes are told by. */
  ids: boolean;
}

/** @throws RiskopsError BODY_INVALID for a parameter that is not known, or that the model cannot follow */
export function readParams(params: unknown, { header }: ServedModel): ScoringParams {
  if (params === undefined || params === null) return { method: null, ids: false };
  if (typeof params !== 'object' || Array.isArray(params)) throw refuse('params is no object.');
  const unknown = Object.keys(params).find((name) => !(KNOWN as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw refuse(`params has the unknown name "${printable(unknown, 40)}"; ${suggestWord(unknown, KNOWN)}`);
  const { predict_method: method = null, prediction_ids: ids = false } = params as Record<string, unknown>;
  if (typeof ids !== 'boolean') throw refuse('params: prediction_ids is neither true nor false.');
  if (method !== null && !METHODS.some((known) => known === method))
    throw refuse(`params: predict_method is none of ${METHODS.join(', ')}.`);
  if (method === 'predict_proba' && header.classes === null)
    throw refuse('params: a model of values has no predict_proba.');
  if (method === 'predict' && header.task === 'binary' && header.threshold === null)
    throw refuse('params: the model has no threshold, and so calls no class; use predict_proba.');
  return { method: method as ScoringParams['method'], ids };
}

/** The answer's document. */
export function scoringAnswer(
  { answers, model: { header }, scores }: Predicted,
  { method, ids }: ScoringParams,
): { predictions: unknown[]; prediction_ids?: string[] } {
  const predictions = answers.map((answer, row) => {
    if (method === null || header.classes === null) return answer.prediction;
    if (method === 'predict') return answer.class;
    if (answer.probabilities !== undefined) return Object.values(answer.probabilities);
    return [1 - scores.predictions[row], scores.predictions[row]];
  });
  return {
    predictions,
    ...(ids ? { prediction_ids: answers.map(({ prediction_id }) => prediction_id) } : {}),
  };
}
