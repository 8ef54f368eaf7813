import { RiskopsError } from '../../errors.js';
import { reasonOf } from '../../serving/answer-error.js';
import { statusOf } from '../../serving/error-status.js';
import type { ErrorAnswer } from '../route-errors.js';

/** What is wrong with a request of the protocol, in one sentence. */
export function refuse(what: string): RiskopsError {
  return new RiskopsError('BODY_INVALID', { what });
}

/** Errors as the protocol shapes them; what is wrong with the values is 400, as the protocol has it. */
export function oipError(error: RiskopsError): ErrorAnswer {
  const status = statusOf(error.code);
  return { status: status === 422 ? 400 : status, body: { error: reasonOf(error) } };
}
