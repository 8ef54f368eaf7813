import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import type { Hyper, HyperOption, HyperValue, Learner } from './learner.js';

const NUMBER_TEXT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const isNumeric = ({ default: value, min, max, integer }: HyperOption) =>
  typeof value === 'number' || min !== undefined || max !== undefined || integer === true;

const takesNone = (option: HyperOption) => option.default === null || option.none === true;

/** The quantile that a model was fitted to predict; undefined for a model of means or classes. */
export function quantileOf(hyper: Hyper): number | undefined {
  return hyper['loss'] === 'quantile' ? (hyper['quantile'] as number) : undefined;
}

/** What the option may be, for help and for errors: `a whole number from 1 to 10000, or none`. */
export function describeRange(option: HyperOption): string {
  const kinds: string[] = [];
  if (option.choices) kinds.push(option.choices.join(', '));
  if (isNumeric(option)) {
    const from = option.min === undefined ? '' : ` from ${option.min}`;
    const to = option.max === undefined ? '' : ` to ${option.max}`;
    kinds.push(`a ${option.integer ? 'whole ' : ''}number${from}${to}`);
  }
  if (typeof option.default === 'boolean') kinds.push('true, false');
  if (option.text) kinds.push('a text');
  if (takesNone(option)) kinds.push('none');
  return kinds.join(', or ');
}

/** The given value as the option's kind, from a number or from a command line's text; undefined when it cannot be. */
function convert(option: HyperOption, given: unknown): HyperValue | undefined {
  if (takesNone(option) && (given === null || given === 'none')) return null;
  if (typeof given === 'string' && option.choices?.includes(given)) return given;
  if (option.text && typeof given === 'string') return given;
  if (isNumeric(option)) {
    const value = typeof given === 'string' && NUMBER_TEXT.test(given.trim()) ? Number(given) : given;
    const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE, integer = false } = option;
    if (typeof value !== 'number' || !(value >= min && value <= max)) return undefined;
    return integer && !Number.isInteger(value) ? undefined : value;
  }
  if (typeof option.default === 'boolean') {
    if (typeof given === 'boolean') return given;
    return given === 'true' ? true : given === 'false' ? false : undefined;
  }
  return undefined;
}

function refuse(learner: Learner, name: string, what: string, why: string): never {
  throw new RiskopsError('LEARNER_OPTION_INVALID', {
    what: `${what} of the learner ${learner.name}.`,
    why,
    fix: `riskops learners ${learner.name}`,
    details: { learner: learner.name, option: name, options: learner.options },
  });
}

/**
 * Every option of the learner with the value given for it, or its default. Text from a command line is converted.
 * @throws LEARNER_OPTION_INVALID for an unknown name (with the nearest known one), or a value out of range
 */
export function resolveHyper(learner: Learner, given: Readonly<Record<string, unknown>>): Hyper {
  const names = learner.options.map((option) => option.name);
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) {
      refuse(learner, name, `"${printable(name, 60)}" is not an option`, suggestWord(name, names));
    }
  }
  const hyper: Hyper = {};
  for (const option of learner.options) {
    const { name } = option;
    const asked = Object.hasOwn(given, name) && given[name] !== undefined ? given[name] : option.default;
    const value = convert(option, asked);
    if (value === undefined) {
      const shown = printable(typeof asked === 'string' ? `"${asked}"` : String(asked), 60);
      refuse(
        learner,
        name,
        `${shown} is not a value for the option ${name}`,
        `It takes ${describeRange(option)}.`,
      );
    }
    hyper[name] = value;
  }
  return hyper;
}
