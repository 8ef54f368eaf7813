import { RiskopsError } from '../errors.js';
import { toJson } from '../util/json.js';
import { printable } from '../util/text.js';

/** What a parameter may be given as; it is kept as text. */
export type ParamValue = string | number | bigint | boolean | null | undefined | readonly unknown[] | object;

/** The longest text of a parameter, tag or note, in bytes of UTF-8. */
const TEXT_LIMIT = 65_536;
const NAME_LIMIT = 250;

/** @throws RUN_VALUE_INVALID, VALUE_TOO_LONG when `name` cannot be that of a `what` (parameter, metric, tag, kind). */
export function checkName(what: string, name: string): void {
  if (name.length > NAME_LIMIT)
    throw tooLong(`the name of a ${what}, "${printable(name, 40)}"`, `${NAME_LIMIT} characters`);
  const why = faultOfText(name) ?? (name.trim() === '' ? 'it is empty' : undefined);
  if (why !== undefined || /[\u0000-\u001f\u007f-\u009f]/.test(name)) {
    throw invalid(
      `"${printable(name)}" cannot be the name of a ${what}`,
      why ?? 'it has a control character',
    );
  }
}

/** @throws RUN_VALUE_INVALID, VALUE_TOO_LONG naming the `what` and its `name` */
export function checkText(what: string, name: string, text: string): void {
  const shown = name === '' ? `the ${what}` : `${what} "${printable(name, 100)}"`;
  const bytes = Buffer.byteLength(text);
  if (bytes > TEXT_LIMIT) throw tooLong(`${shown} has ${bytes} bytes`, `${TEXT_LIMIT} bytes`);
  const why = faultOfText(text);
  if (why !== undefined) throw invalid(`${shown} cannot be kept`, why);
}

/** UTF-8 has no half of a surrogate pair: it would come back as another character. */
function faultOfText(text: string): string | undefined {
  return /[\ud800-\udfff]/u.test(text) ? 'it is not well-formed Unicode' : undefined;
}

/** Parameters as checked pairs of name and text; those that are undefined were not given, and are left out. */
export function paramTexts(params: Record<string, ParamValue>): { key: string; value: string }[] {
  return textPairs(
    'parameter',
    Object.entries(params).filter(([, value]) => value !== undefined),
    paramText,
  );
}

/** Tags as checked pairs. */
export function tagTexts(tags: Record<string, string>): { key: string; value: string }[] {
  return textPairs('tag', Object.entries(tags), (value) => value);
}

function textPairs<T>(what: string, entries: [string, T][], text: (value: T) => string) {
  return entries.map(([key, given]) => {
    const value = text(given);
    checkName(what, key);
    checkText(what, key, value);
    return { key, value };
  });
}

function paramText(value: ParamValue): string {
  if (typeof value === 'object' && value !== null) return toJson(value);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** @throws RUN_VALUE_INVALID when a metric is not a number or a step not a whole number */
export function checkMetric(key: string, value: number, step: number): void {
  checkName('metric', key);
  if (typeof value !== 'number')
    throw invalid(`metric "${printable(key)}" cannot be kept`, 'its value is not a number');
  if (!Number.isSafeInteger(step)) {
    throw invalid(`metric "${printable(key)}" cannot be kept`, `its step is ${step}, not a whole number`);
  }
}

/** The text of an error for the record, within the limit. */
export function errorText(error: unknown): string {
  const text = error instanceof RiskopsError ? `${error.code}: ${error.message}` : String(error);
  return Buffer.from(text).subarray(0, TEXT_LIMIT).toString('utf8');
}

function invalid(what: string, why: string): RiskopsError {
  return new RiskopsError('RUN_VALUE_INVALID', { what, why });
}

function tooLong(what: string, limit: string): RiskopsError {
  return new RiskopsError('VALUE_TOO_LONG', { what: `${what}: too long`, why: `the limit is ${limit}` });
}
