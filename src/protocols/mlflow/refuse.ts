import type { Problem } from '../../datasets/encode-rows.js';
import { RiskopsError } from '../../errors.js';
import { reasonOf } from '../../serving/answer-error.js';
import { statusOf } from '../../serving/error-status.js';
import { nameFew } from '../../serving/problems.js';
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

/**
 * Of a row that lacks features all that it lacks, for this protocol has one line for an error; undefined for any other fault. Problems
 * are listed up to a hundred, and a row's absent features are listed together, behind its other problems.
 */
function lackOf({ details }: RiskopsError): string | undefined {
  const { problems = [], problem_count: count = 0 } = (details ?? {}) as {
    problems?: Partial<Problem>[];
    problem_count?: number;
  };
  const [first] = problems;
  const absent = problems.filter(({ row, code }) => row === first.row && code === 'ABSENT');
  if (absent.length === 0) return undefined;
  const isCut = count > problems.length && problems[problems.length - 1].row === first.row;
  const names = nameFew(
    absent.map(({ feature }) => String(feature)),
    isCut,
  );
  const lack = `Row ${first.row} lacks ${names}; the model takes all of its features`;
  const hint = absent.find((problem) => problem.hint !== undefined)?.hint;
  return hint === undefined ? `${lack}.` : `${lack}: ${hint}`;
}

/** Errors as MLflow's scoring server shapes them; values that do not fit are 400 there. */
export function mlflowError(error: RiskopsError): ErrorAnswer {
  const own = statusOf(error.code);
  const status = own === 422 ? 400 : own;
  return {
    status,
    body: { error_code: CODES[status] ?? 'INTERNAL_ERROR', message: lackOf(error) ?? reasonOf(error) },
  };
}
