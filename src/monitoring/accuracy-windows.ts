import { RiskopsError } from '../errors.js';
import { measureRows } from './accuracy-measure.js';
import type { AccuracyRows } from './accuracy-rows.js';
import type { AccuracyFilter, AccuracyWindow } from './accuracy-types.js';

const MOST_WINDOWS = 400;

/** Windows of equal length from `from` on; the last one may end early. */
function windowBounds({ from, to, windowMs = 0 }: AccuracyFilter, first: number, now: number) {
  const [begin, end] = [
    from === undefined ? first : Date.parse(from),
    to === undefined ? now : Date.parse(to),
  ];
  const count = Math.ceil((end - begin) / windowMs);
  if (count > MOST_WINDOWS) {
    throw new RiskopsError('OPTION_INVALID', {
      what: `The series would have ${count} windows; ${MOST_WINDOWS} are allowed.`,
      fix: 'longer windows, or a shorter time',
    });
  }
  return Array.from({ length: Math.max(0, count) }, (_, i) => ({
    begin: begin + i * windowMs,
    end: Math.min(end, begin + (i + 1) * windowMs),
  }));
}

/**
 * The series of windows, each measured by itself: from the first one with a prediction to the last one, those without any between them too,
 * so that they are equally far apart.
 * @throws RiskopsError OPTION_INVALID for more windows than are allowed between the bounds of the filter
 */
export function measureWindows(
  rows: AccuracyRows,
  filter: AccuracyFilter,
  names: readonly string[],
): AccuracyWindow[] {
  if (filter.windowMs === undefined || rows.count === 0) return [];
  const first = rows.at.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const bounds = windowBounds(filter, first, Date.now());
  const inWindow = bounds.map((): number[] => []);
  const begin = bounds[0]?.begin ?? 0;
  for (const [row, at] of rows.at.entries()) inWindow[Math.floor((at - begin) / filter.windowMs)]?.push(row);
  const hasRows = (own: readonly number[]) => own.length > 0;
  const [earliest, latest] = [inWindow.findIndex(hasRows), inWindow.findLastIndex(hasRows)];
  if (earliest < 0) return [];
  return bounds.slice(earliest, latest + 1).map(({ begin: from, end }, i) => ({
    from: new Date(from).toISOString(),
    to: new Date(end).toISOString(),
    ...measureRows(rows, inWindow[earliest + i], names),
  }));
}
