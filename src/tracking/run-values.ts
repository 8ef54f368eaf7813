import { RiskopsError } from '../errors.js';
import { toJson } from '../util/json.js';
import { printable, unseenCharacter } from '../util/text.js';
import type { Pair } from './run-writes.js';

/** What a parameter may be given as; it is kept as text. */
export type ParamValue = string | number | bigint | boolean | null | undefined | readonly unknown[] | object;

/** The longest text of a parameter, tag or note, in bytes of UTF-8. A longer parameter becomes an artifact. */
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

/** Of a new run. @throws RUN_VALUE_INVALID when the model's name has what cannot be seen: two models would look like one */
export function checkModel(name: string): void {
  const unseen = unseenCharacter(name);
  if (unseen === undefined) return;
  throw invalid(
    `"${printable(name)}" cannot be the name of a model`,
    `it has ${unseen}, a character that cannot be seen`,
  );
}

/** @throws RUN_VALUE_INVALID, VALUE_TOO_LONG naming the `what` and its `name` */
export function checkText(what: string, name: string, text: string): void {
  const shown = name === '' ? `the ${what}` : `${what} "${printable(name, 100)}"`;
  const bytes = Buffer.byteLength(text);
  if (bytes > TEXT_LIMIT) throw tooLong(`${shown} has ${bytes} bytes`, `${TEXT_LIMIT} bytes`);
  checkUnicode(shown, text);
}

function checkUnicode(shown: string, text: string): void {
  const why = faultOfText(text);
  if (why !== undefined) throw invalid(`${shown} cannot be kept`, why);
}

/** UTF-8 has no half of a surrogate pair: it would come back as another character. */
function faultOfText(text: string): string | undefined {
  return /[\ud800-\udfff]/u.test(text) ? 'it is not well-formed Unicode' : undefined;
}

/**
 * Parameters as checked pairs of name and text, `long` those over the limit; those that are undefined were not given, and
 * are left out.
 */
export function paramTexts(params: Record<string, ParamValue>): { short: Pair[]; long: Pair[] } {
  const pairs = Object.entries(params)
    .filter(([, value]) => value !== undefined)
    .map(([key, given]) => {
      checkName('parameter', key);
      const value = paramText(given);
      checkUnicode(`parameter "${printable(key, 100)}"`, value);
      return { key, value };
    });
  const isLong = ({ value }: Pair) => Buffer.byteLength(value) > TEXT_LIMIT;
  return { short: pairs.filter((pair) => !isLong(pair)), long: pairs.filter(isLong) };
}

/** Tags as checked pairs. */
export function tagTexts(tags: Record<string, string>): Pair[] {
  return Object.entries(tags).map(([key, given]) => {
    checkName('tag', key);
    const value = String(given);
    checkText('tag', key, value);
    return { key, value };
  });
}

function paramText(value: ParamValue): string {
  if (typeof value === 'object' && value !== null) return toJson(value);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A point of a metric whose name is checked. @throws RUN_VALUE_INVALID when its value is not a number or a step not a whole number */
export function checkPoint(key: string, value: number, step: number): void {
  if (typeof value !== 'number')
    throw invalid(`metric "${printable(key)}" cannot be kept`, 'its value is not a number');
  if (!Number.isSafeInteger(step)) {
    throw invalid(
      `metric "${printable(key)}" cannot be kept`,
      `its step is ${String(step)}, not a whole number`,
    );
  }
}

/** So much of a stack is kept, in bytes. */
const STACK_LIMIT = 8_192;

/** The text of an error for the record, within the limit. */
export function errorText(error: unknown): string {
  const text = error instanceof RiskopsError ? `${error.code}: ${error.message}` : anyText(error);
  return Buffer.from(text).subarray(0, TEXT_LIMIT).toString('utf8');
}

/** An error that ended the process: its text, and then its stack, as Node says it on stderr. */
export function lastWords(error: unknown): string {
  return errorText(error) + stackBelow(error);
}

function stackBelow(error: unknown): string {
  try {
    const stack = error instanceof Error ? String(error.stack ?? '') : '';
    return stack === '' ? '' : `\n${Buffer.from(stack).subarray(0, STACK_LIMIT).toString('utf8')}`;
  } catch {
    return '';
  }
}

/** Anything can be thrown, also what refuses to be text. */
function anyText(thrown: unknown): string {
  try {
    return thrown instanceof Error || typeof thrown !== 'object' ? String(thrown) : toJson(thrown);
  } catch {
    return 'an error without a text';
  }
}

function invalid(what: string, why: string): RiskopsError {
  return new RiskopsError('RUN_VALUE_INVALID', { what, why });
}

function tooLong(what: string, limit: string): RiskopsError {
  return new RiskopsError('VALUE_TOO_LONG', { what: `${what}: too long`, why: `the limit is ${limit}` });
}
