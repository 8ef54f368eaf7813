import { RiskopsError } from '../errors.js';

export interface FieldProblem {
  field: string;
  problem: string;
}

/** VALIDATION_ERROR that names every field. */
export function invalidFields(what: string, problems: readonly FieldProblem[]): RiskopsError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new RiskopsError('VALIDATION_ERROR', {
    what,
    why: first === undefined ? undefined : `${first.field}: ${first.problem}${more}`,
    details: { problems },
  });
}
