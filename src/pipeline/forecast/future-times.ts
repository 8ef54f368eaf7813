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

/** The next `count` times after the last of a series. */
export function futureTimes(times: readonly number[], step: TimeStep, count: number): number[] {
  const last = times[times.length - 1];
  if ('add' in step) return Array.from({ length: count }, (_, i) => last + (i + 1) * step.add);
  const monthEnd = times.length > 1 && times.every(isMonthEnd);
  return Array.from({ length: count }, (_, i) => addMonths(last, (i + 1) * step.months, monthEnd));
}
