import { readFileSync } from 'node:fs';
import { RiskopsError } from '../errors.js';
import { parseStrictJson } from '../models/strict-json.js';
import { isInlineJson } from '../settings.js';
import { printable } from '../util/text.js';

/** More than any recipe, label or reshape needs. */
const LIMITS = { depth: 32, values: 100_000, refusedKey: '__proto__' };

/**
 * The JSON that an option gives, or the file that it names; null when it is not given. OPTION_INVALID when it is none.
 * @param shown where it was given
 */
export function jsonOf(name: string, given: string | null, shown = `--${name}`): unknown {
  if (given === null) return null;
  const inline = isInlineJson(given);
  try {
    return parseStrictJson(inline ? given : readFileSync(given, 'utf8').replace(/^\uFEFF/, ''), LIMITS);
  } catch (error) {
    throw new RiskopsError('OPTION_INVALID', {
      what: inline ? `${shown} is not JSON.` : `${shown} ${printable(given)} cannot be used.`,
      why: printable((error as Error).message, 300),
      fix: `mend it, or leave out ${shown}`,
      cause: error,
    });
  }
}

/** The same, when it is one JSON object. */
export function objectOf(name: string, given: string | null): Record<string, unknown> | null {
  const value = jsonOf(name, given);
  if (value === null) return null;
  if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
  throw new RiskopsError('OPTION_INVALID', {
    what: `--${name} is not one JSON object.`,
    why: `It is ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}.`,
    fix: `mend it, or leave out --${name}`,
  });
}
