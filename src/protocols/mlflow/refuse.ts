import { RiskopsError } from '../../errors.js';
import { reasonOf } from '../../serving/answer-error.js';
import { statusOf } from '../../serving/error-status.js';
import type { ErrorAnswer } from '../route-errors.js';

/** What is wrong with a request, in one sentence. */
export function refuse(what: string): RiskopsError {
  return new RiskopsError('BODY_INVALID', { what });
}

/** The code that MLflow has for a status. */
const CODES: Record<number, string> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  413: 'BAD_REQUEST',
  415: 'BAD_REQUEST',
  429: 'REQUEST_LIMIT_EXCEEDED',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Errors as MLflow's scoring server shapes them; values that do not fit are 400 there. */
export function mlflowError(error: RiskopsError): ErrorAnswer {
  const own = statusOf(error.code);
  const status = own === 422 ? 400 : own;
  return { status, body: { error_code: CODES[status] ?? 'INTERNAL_ERROR', message: reasonOf(error) } };
}
