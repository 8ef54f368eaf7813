import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import type { DriftFilter } from './drift-report.js';
import { MOST_LOOKED } from './drift-window.js';
import { readRange } from './time-range.js';

/** What a window is asked for by, as people write it; each may be left out. */
export interface DriftWords {
  version?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  rows?: string | undefined;
  reference?: string | undefined;
  leastEffect?: string | undefined;
}

/** A window of a week, unless it is told by its rows. */
const SINCE = '7d';

function optionInvalid(name: string, given: string, wanted: string): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: `${name} must be ${wanted}, and is ${JSON.stringify(printable(given, 60))}.`,
  });
}

function readRows(text: string, name: string): number {
  const rows = /^\d+$/.test(text) ? Number(text) : 0;
  if (rows >= 1 && rows <= MOST_LOOKED) return rows;
  throw optionInvalid(name, text, `a whole number from 1 to ${MOST_LOOKED}`);
}

function readEffect(text: string, name: string): number {
  const effect = /^(0|1|0?\.\d+)$/.test(text) ? Number(text) : 0;
  if (effect > 0) return effect;
  throw optionInvalid(name, text, 'a share of the rows above 0 and to 1, such as 0.1');
}

/**
 * The filter that is meant: the last seven days, or the newest rows where a number is given.
 * @param nameOf an option as the caller knows it, for errors: `--since`
 * @throws OPTION_INVALID
 */
export function readDriftFilter(
  model: string,
  { version, since, until, rows, reference, leastEffect }: DriftWords,
  nameOf: (key: keyof DriftWords) => string,
): DriftFilter {
  return {
    model,
    ...(version === undefined ? {} : { version }),
    ...readRange({ since, until }, nameOf, rows === undefined ? SINCE : undefined),
    ...(rows === undefined ? {} : { rows: readRows(rows, nameOf('rows')) }),
    ...(reference === undefined ? {} : { reference }),
    ...(leastEffect === undefined ? {} : { leastEffect: readEffect(leastEffect, nameOf('leastEffect')) }),
  };
}
