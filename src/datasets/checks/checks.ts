import { RiskopsError } from '../../errors.js';
import { nearestWord, printable, suggestWord } from '../../util/text.js';
import type { Signature } from '../signature.js';
import { compileRule, fieldsNamed, type Lookup } from './compile-rule.js';
import { type Node, parseRule } from './parse-rule.js';
import { ruleError } from './rule-error.js';
import { fieldsOf } from './rule-fields.js';

/** A rule of the config that every row must keep. */
export interface Check {
  rule: string;
  /** What is told to who sent a row that breaks it. */
  message: string | null;
  tree: Node;
  /** The fields it names, and where each stands first in its text. */
  fields: ReadonlyMap<string, number>;
}

/** A rule that a row breaks. */
export interface BrokenCheck {
  /** From 0. */
  row: number;
  rule: string;
  message: string | null;
  /** The fields that the rule names, with their values; null for those that are missing. */
  fields: Record<string, number | string | boolean | null>;
}

const MOST_CHECKS = 100;
const MOST_MESSAGE = 500;
const MOST_SHOWN = 200;
const KEYS = ['rule', 'message'];

function refused(why: string): RiskopsError {
  return new RiskopsError('CHECKS_INVALID', { what: 'The checks are none.', why });
}

function parseCheck(value: unknown, place: number): Check {
  const given: unknown = typeof value === 'string' ? { rule: value } : value;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refused(`Check ${place} is neither an object with a "rule" nor the text of a rule.`);
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw refused(`Check ${place} has the key "${printable(unknown, 40)}": ${suggestWord(unknown, KEYS)}`);
  const { rule, message = null } = given as { rule?: unknown; message?: unknown };
  if (typeof rule !== 'string' || rule.trim() === '') throw refused(`Check ${place} has no "rule".`);
  if (message !== null && (typeof message !== 'string' || message.length > MOST_MESSAGE))
    throw refused(`The "message" of check ${place} is no text of at most ${MOST_MESSAGE} characters.`);
  const tree = parseRule(rule);
  // What is wrong whatever the fields hold, as 'a' < 1, is told before there is a model.
  compileRule(rule, tree, fieldsOf(null));
  return { rule, message, tree, fields: fieldsNamed(tree) };
}

/**
 * The checks of a config, out of parsed JSON; none for null.
 * @throws RiskopsError CHECKS_INVALID naming the first that is no rule, and the place in it
 */
export function parseChecks(value: unknown): Check[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw refused('They are not a list.');
  if (value.length > MOST_CHECKS) throw refused(`There are ${value.length}, more than ${MOST_CHECKS}.`);
  return value.map((check, i) => parseCheck(check, i + 1));
}

/**
 * Refuses a rule about a field that no row will have.
 * @param beside names that rows may have besides the features, such as the key of a lookup
 * @throws RiskopsError CHECKS_INVALID with the nearest name
 */
export function checkFieldsKnown(
  checks: readonly Check[],
  { features }: Signature,
  beside: readonly string[] = [],
): void {
  const known = [...features.map(({ name }) => name), ...beside];
  for (const { rule, fields } of checks) {
    for (const [name, at] of fields) {
      if (known.includes(name)) continue;
      const near = nearestWord(name, known);
      const hint = near === undefined ? '' : ` (did you mean "${printable(near, 60)}"?)`;
      throw ruleError(rule, at, `the model has no field "${printable(name, 60)}"${hint}`);
    }
  }
}

/** A value as an answer repeats it: short, and nothing that holds others. */
function shown(value: unknown): number | string | boolean | null {
  if (typeof value === 'string')
    return value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}...` : value;
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** Tells the rules that rows break. */
export type RowCheck = (row: Lookup, number: number) => BrokenCheck[];

/**
 * The checks, made ready for rows of this signature.
 * @throws RiskopsError CHECKS_INVALID when one compares what cannot be compared, such as a number with a text
 */
export function compileChecks(checks: readonly Check[], signature: Signature): RowCheck {
  const fieldOf = fieldsOf(signature);
  const compiled = checks.map((check) => ({ check, breaks: compileRule(check.rule, check.tree, fieldOf) }));
  return (row, number) =>
    compiled.flatMap(({ check: { rule, message, fields }, breaks }) => {
      if (!breaks(row)) return [];
      const values = [...fields.keys()].map((name) => [name, shown(row(name))] as const);
      return [{ row: number, rule, message, fields: Object.fromEntries(values) }];
    });
}

const MOST_LISTED = 100;

/** What a check says of the row that breaks it, in one line. */
function brokenLine({ rule, message, fields }: BrokenCheck): string {
  const values = Object.entries(fields).map(
    ([name, value]) =>
      `${printable(name, 60)} is ${value === null ? 'missing' : printable(JSON.stringify(value), 60)}`,
  );
  return `${message === null ? '' : `${printable(message)} `}The rule is ${printable(rule)}; ${values.join(', ')}.`;
}

/**
 * The error of rows that break checks.
 * @param first the number of the first row as who reads it counts: 0 in a request, 1 in a file
 */
export function brokenError(
  code: 'VALIDATION_ERROR' | 'INPUT_INVALID',
  broken: readonly BrokenCheck[],
  { rows, first }: { rows: number; first: 0 | 1 },
): RiskopsError {
  const numbers = [...new Set(broken.map(({ row }) => row + first))];
  const count = numbers.length;
  const which = numbers.slice(0, 10).join(', ') + (count > 10 ? ` and ${count - 10} more` : '');
  return new RiskopsError(code, {
    what:
      rows === 1
        ? 'The row breaks a check.'
        : `${count === 1 ? 'Row' : 'Rows'} ${which} ${count === 1 ? 'breaks' : 'break'} a check.`,
    why: brokenLine(broken[0]),
    fix: 'send values that keep the rule',
    details: {
      problems: broken.slice(0, MOST_LISTED).map((one) => ({ ...one, row: one.row + first })),
      problem_count: broken.length,
    },
  });
}
