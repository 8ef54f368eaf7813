import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import { type FieldProblem, invalidFields } from './problems.js';

const FORMS = ['features', 'inputs'] as const;

const MOST_LISTED = 100;

type Form = (typeof FORMS)[number];

/** `features: [1, 2]` and `inputs: {"a": 1}` are one row, a list of either is many. */
function rowsOf(form: Form, value: unknown): readonly unknown[] | FieldProblem {
  if (Array.isArray(value)) {
    if (value.length === 0) return { field: form, problem: 'is empty' };
    return form === 'features' && !Array.isArray(value[0]) ? [value] : value;
  }
  if (form === 'inputs' && typeof value === 'object' && value !== null) return [value];
  const expected =
    form === 'features' ? 'an array of values, or of rows' : 'an object by feature name, or an array of them';
  return { field: form, problem: `must be ${expected}` };
}

/** What is wrong with the body's own keys. */
function keyProblems(keys: readonly string[]): FieldProblem[] {
  const given = FORMS.filter((form) => keys.includes(form));
  const unknown = keys
    .filter((key) => !FORMS.some((form) => form === key))
    .slice(0, MOST_LISTED)
    .map((key) => ({
      field: printable(key, 40),
      problem: `is no field of the request; ${suggestWord(key, FORMS)}`,
    }));
  if (given.length === 1) return unknown;
  const problem = given.length === 0 ? 'one of them must be given' : 'only one of them may be given';
  return [...unknown, { field: FORMS.join(' or '), problem }];
}

/**
 * The rows of a request's body: arrays in signature order, or objects by feature name.
 * @throws RiskopsError BODY_INVALID (no JSON object), VALIDATION_ERROR (not exactly one of `features` and `inputs`,
 * an unknown field, nothing in it), TOO_MANY_ROWS
 */
export function readRows(body: unknown, maxRows: number): readonly unknown[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RiskopsError('BODY_INVALID', {
      what: 'The request body must be a JSON object.',
      why: 'Like {"features": [1, 2]} or {"inputs": {"age": 40}}.',
    });
  }
  const problems = keyProblems(Object.keys(body));
  if (problems.length > 0) throw invalidFields('The request does not fit.', problems);
  const form = 'features' in body ? 'features' : 'inputs';
  const rows = rowsOf(form, (body as Record<string, unknown>)[form]);
  if ('problem' in rows) throw invalidFields('The request does not fit.', [rows]);
  if (rows.length <= maxRows) return rows;
  throw new RiskopsError('TOO_MANY_ROWS', {
    what: `The request has ${rows.length} rows.`,
    why: `The limit is ${maxRows}.`,
    fix: `send at most ${maxRows} rows at a time`,
    details: { rows: rows.length, limit: maxRows },
  });
}
