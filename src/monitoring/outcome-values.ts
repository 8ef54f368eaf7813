import { parseBoolean, parseNumber } from '../datasets/cells.js';
import type { ClassValue } from '../datasets/target.js';
import { printable } from '../util/text.js';
import type { VersionFacts } from './version-facts.js';

/** The longest text that an outcome may be. */
const LONGEST_TEXT = 500;

/** A value that was read, or what is wrong with it. */
export type ReadValue = { value: ClassValue } | { problem: string };

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `text ${JSON.stringify(printable(value, 60))}`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return value === undefined ? 'missing' : String(value);
}

/**
 * The value of an outcome as the model knows it: a class as it stands in the model, or a finite number.
 * @param facts of the model; null where it is not known, and then any value goes that could be one
 * @param isText the value was text in a file, whatever it means
 */
export function readOutcomeValue(given: unknown, facts: VersionFacts | null, isText: boolean): ReadValue {
  if (typeof given === 'string' && given.length > LONGEST_TEXT)
    return { problem: `is text of ${given.length} characters; ${LONGEST_TEXT} are allowed` };
  if (facts === null) return readAnyValue(given, isText);
  if (facts.classes !== null) return readClass(given, facts.classes, isText);
  const value = isText && typeof given === 'string' ? (parseNumber(given.trim()) ?? given) : given;
  if (typeof value === 'number' && Number.isFinite(value)) return { value };
  return { problem: `is ${shown(given)}; "${printable(facts.target, 60)}" is a finite number` };
}

function readAnyValue(given: unknown, isText: boolean): ReadValue {
  if (typeof given === 'string') {
    if (given.trim() === '') return { problem: 'is empty' };
    return { value: isText ? (parseNumber(given.trim()) ?? given.trim()) : given };
  }
  if (typeof given === 'boolean' || (typeof given === 'number' && Number.isFinite(given)))
    return { value: given };
  return { problem: `is ${shown(given)}, not a number, a text or true or false` };
}

function readClass(given: unknown, classes: readonly ClassValue[], isText: boolean): ReadValue {
  const found = classes.find((one) => one === given) ?? (isText ? classOfText(given, classes) : undefined);
  if (found !== undefined) return { value: found };
  const names = classes
    .slice(0, 12)
    .map((one) => printable(JSON.stringify(one), 40))
    .join(', ');
  const more = classes.length > 12 ? ` and ${classes.length - 12} more` : '';
  return { problem: `is ${shown(given)}; the classes are ${names}${more}` };
}

/** A file's text means the class that is written so, or that is the same number or truth. */
function classOfText(given: unknown, classes: readonly ClassValue[]): ClassValue | undefined {
  const text = String(given).trim();
  const bit = parseBoolean(text);
  return (
    classes.find((one) => String(one) === text) ??
    classes.find((one) => typeof one === 'number' && one === parseNumber(text)) ??
    classes.find((one) => typeof one === 'boolean' && bit !== undefined && one === (bit === 1))
  );
}

/** The value of an outcome on record as its version sees it: null when it is none of its classes, or no number. */
export function outcomeFor(value: unknown, facts: VersionFacts): ClassValue | null {
  const read = readOutcomeValue(value, facts, typeof value === 'string');
  return 'value' in read ? read.value : null;
}
