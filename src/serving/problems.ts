import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';

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

/** So many names are told one by one. */
const MOST_NAMED = 12;

/** Names in quotes, the first twelve of them, and how many more there are: at least so many of a list that `isCut`. */
export function nameFew(names: readonly string[], isCut = false): string {
  const named = names.slice(0, MOST_NAMED).map((name) => `"${printable(name, 80)}"`);
  const more = names.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${isCut ? 'at least ' : ''}${more} more` : ''}`;
}
