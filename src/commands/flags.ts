import { RiskopsError } from '../errors.js';

export interface WholeNumberRange {
  min: number;
  max?: number;
  /** What holds when the flag is not given. */
  otherwise: number;
}

/** A flag that is no setting and takes a whole number: `wholeNumber(flags, 'timeoutMs', ...)` is `--timeout-ms`. */
export function wholeNumber(
  flags: Record<string, unknown>,
  key: string,
  { min, max = Number.MAX_SAFE_INTEGER, otherwise }: WholeNumberRange,
): number {
  const given = flags[key];
  if (given === undefined) return otherwise;
  const value = /^\d+$/.test(String(given)) ? Number(given) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  throw new RiskopsError('OPTION_INVALID', {
    what: `${flagName(key)} must be a whole number ${range}, and is ${JSON.stringify(given)}.`,
  });
}

/** `timeoutMs` -> `--timeout-ms` */
const flagName = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
