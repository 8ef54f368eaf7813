const DAY = 86_400_000;

/** How one time follows another: by a number, or by calendar months where dates do. */
export type TimeStep = { months: number } | { add: number };

/** `months` calendar months later, on the same day of the month, or on its last day where a month is shorter. */
function addMonths(time: number, months: number, monthEnd: boolean): number {
  const date = new Date(time);
  const first = new Date(time);
  first.setUTCDate(1);
  first.setUTCMonth(first.getUTCMonth() + months);
  const days = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(monthEnd ? days : Math.min(date.getUTCDate(), days));
  return first.getTime();
}

const isMonthEnd = (time: number) => new Date(time + DAY).getUTCDate() === 1;

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/**
 * The usual step between the times of a series, ascending: calendar months where dates are about 28 to 31 days apart, or three or twelve
 * times that; otherwise the median difference. null for fewer than two times.
 */
export function stepOf(times: readonly number[], areDates: boolean): TimeStep | null {
  if (times.length < 2) return null;
  const usual = median(times.slice(1).map((time, i) => time - times[i]));
  const months = [1, 3, 6, 12].find((count) => {
    const days = usual / DAY;
    return days >= 28 * count && days <= 31 * count;
  });
  if (!areDates || months === undefined) return { add: usual };
  return { months };
}

/** Where the times of a series do not follow each other by their usual step. */
export interface TimeGap {
  /** The first two neighbours that do not. */
  after: number;
  next: number;
  /** How many there are. */
  count: number;
}

/**
 * The first place where a series skips a step, or has a time between two steps: where a time is off by half a step or more from the one
 * that follows the time before it.
 * @param times ascending
 * @returns null where every time follows the one before
 */
export function gapIn(times: readonly number[], step: TimeStep): TimeGap | null {
  const monthEnd = times.every(isMonthEnd);
  const off = times.flatMap((time, i) => {
    if (i === 0) return [];
    const before = times[i - 1];
    const usual = ('add' in step ? before + step.add : addMonths(before, step.months, monthEnd)) - before;
    return usual > 0 && Math.abs(time - before - usual) >= usual / 2 ? [{ after: before, next: time }] : [];
  });
  return off.length === 0 ? null : { ...off[0], count: off.length };
}

/** `1 month`, `7 days`, `0.5`: a step as people say it. */
export function stepText(step: TimeStep, areDates: boolean): string {
  const counted = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`;
  if ('months' in step) return step.months === 12 ? counted(1, 'year') : counted(step.months, 'month');
  if (!areDates) return String(step.add);
  const units: [number, string][] = [
    [DAY, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1000, 'second'],
  ];
  const [size, unit] = units.find(([length]) => step.add % length === 0) ?? [1, 'millisecond'];
  return counted(step.add / size, unit);
}

/** The next `count` times after the last of a series. */
export function futureTimes(times: readonly number[], step: TimeStep, count: number): number[] {
  const last = times[times.length - 1];
  if ('add' in step) return Array.from({ length: count }, (_, i) => last + (i + 1) * step.add);
  const monthEnd = times.length > 1 && times.every(isMonthEnd);
  return Array.from({ length: count }, (_, i) => addMonths(last, (i + 1) * step.months, monthEnd));
}
