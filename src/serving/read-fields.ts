import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import { type FieldProblem, invalidFields } from './problems.js';

/** What a field must be, as the end of "must be ..."; and whether a value is that. */
export interface FieldRule {
  must: string;
  fits(value: unknown): boolean;
  isNeeded?: boolean;
}

const MOST_LISTED = 20;

/** A field of text, of 1 to `most` characters. */
export const textField = (most: number, isNeeded = false): FieldRule => ({
  must: `text of 1 to ${most} characters, without NUL`,
  fits: (value) =>
    typeof value === 'string' && value.length > 0 && value.length <= most && !value.includes('\0'),
  isNeeded,
});

/**
 * The fields of a body that is a plain JSON object. What is not asked for is refused and never carried along: nobody sets by a body
 * what the server itself knows, such as who asks.
 * @throws RiskopsError BODY_INVALID, VALIDATION_ERROR with every field that does not fit
 */
export function readFields<Rules extends Record<string, FieldRule>>(
  body: unknown,
  rules: Rules,
): { [name in keyof Rules]?: unknown } {
  const given = body ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw new RiskopsError('BODY_INVALID', {
      what: 'The request body must be a JSON object.',
      why: `It may have: ${Object.keys(rules).join(', ')}.`,
    });
  const known = Object.keys(rules);
  const values = given as Record<string, unknown>;
  const problems: FieldProblem[] = Object.keys(values)
    .filter((name) => !known.includes(name))
    .slice(0, MOST_LISTED)
    .map((name) => ({
      field: printable(name, 40),
      problem: `is no field of this request; ${suggestWord(name, known)}`,
    }));
  for (const [name, { must, fits, isNeeded = false }] of Object.entries(rules)) {
    const isGiven = Object.hasOwn(values, name);
    if (isGiven ? !fits(values[name]) : isNeeded)
      problems.push({ field: name, problem: isGiven ? `must be ${must}` : `is missing; it must be ${must}` });
  }
  if (problems.length > 0) throw invalidFields('The request does not fit.', problems);
  return values as { [name in keyof Rules]?: unknown };
}
