import { RiskopsError } from '../errors.js';
import { numberFromJson } from '../util/json.js';
import { printable } from '../util/text.js';

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const SPECIAL = /^([+-]?)(nan|inf|infinity)$/i;

/** One point that a line or a flag gives; without a step it goes on from the last. */
export interface GivenPoint {
  key: string;
  value: number;
  step?: number;
}

/**
 * A number as people and programs write it: decimal, with or without an exponent, or NaN, Infinity, -Infinity, inf.
 * `1e309` is more than a double holds, and reads Infinity. Anything else is refused, never guessed at: `1,5` is 1.5 in one
 * country and 15 in another.
 * @throws RUN_VALUE_INVALID with the text that was given
 */
export function parseMetric(key: string, text: string): number {
  const given = text.trim();
  if (DECIMAL.test(given)) return Number(given);
  const [, sign, word] = SPECIAL.exec(given) ?? [];
  if (word === undefined) throw notANumber(key, text);
  if (word.toLowerCase() === 'nan') return Number.NaN;
  return sign === '-' ? -Infinity : Infinity;
}

function notANumber(key: string, text: string): RiskopsError {
  const comma = /^[+-]?\d*,\d+$/.test(text.trim()) ? ', with a point and not a comma' : '';
  return new RiskopsError('RUN_VALUE_INVALID', {
    what: `metric "${printable(key, 100)}" cannot be kept: "${printable(text, 60)}" is no number`,
    why: `a number is written like 0.93, 1e-5, NaN, Infinity or -Infinity${comma}`,
    fix: 'riskops runs log --help',
  });
}

/**
 * The points of one line of JSON: `{"key":"loss","value":0.5,"step":1}`, or `{"metrics":{"loss":0.5},"step":1}`. NaN and the
 * infinities may stand as strings, or bare as Python writes them.
 * @throws RUN_VALUE_INVALID
 */
export function parseMetricLine(text: string): GivenPoint[] {
  const line = parseJson(text);
  const { key, value, metrics, step } = line;
  const unknown = Object.keys(line).find((name) => !['key', 'value', 'metrics', 'step'].includes(name));
  if (unknown !== undefined) throw badLine(`it has the unknown key "${printable(unknown, 60)}"`);
  if (step !== undefined && !Number.isSafeInteger(step)) throw badLine('its step is not a whole number');
  const at = step === undefined ? {} : { step: step as number };
  if (isObject(metrics) && key === undefined && value === undefined)
    return Object.entries(metrics).map(([name, item]) => ({ key: name, value: numberOf(name, item), ...at }));
  if (typeof key !== 'string' || metrics !== undefined) throw badLine('it names no metric');
  return [{ key, value: numberOf(key, value), ...at }];
}

function numberOf(key: string, given: unknown): number {
  const value = numberFromJson(given);
  if (value !== undefined) return value;
  throw notANumber(key, typeof given === 'string' ? given : (JSON.stringify(given) ?? 'nothing'));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(text: string): Record<string, unknown> {
  // Outside of strings, the bare words of Python's json.dumps.
  const quoted = text.replace(/"(?:\\.|[^"\\])*"|-?Infinity|NaN/g, (part) =>
    part.startsWith('"') ? part : `"${part}"`,
  );
  try {
    const line: unknown = JSON.parse(quoted);
    if (isObject(line)) return line;
  } catch {
    // Told below.
  }
  throw badLine('it is no JSON object');
}

function badLine(why: string): RiskopsError {
  return new RiskopsError('RUN_VALUE_INVALID', {
    what: 'a line of metrics cannot be read',
    why,
    fix: 'lines such as {"metrics":{"loss":0.5},"step":1}',
  });
}
