import { recipeShape } from './recipe-shape.js';

/** What the training rows of one category had for a target, at each time: sums and counts up to and with that time. */
export interface Moments {
  /** Ascending, each once. */
  times: Float64Array;
  sums: Float64Array;
  counts: Float64Array;
}

/** The target of the training rows by category and time. */
export interface TargetHistory {
  /** By the category's cell. */
  byKey: Map<number, Moments>;
  all: Moments;
}

/** A longer history would not fit into a model file. */
export const MOST_MOMENTS = 500_000;

interface Entries {
  times: ArrayLike<number>;
  sums: ArrayLike<number>;
  counts: ArrayLike<number>;
}

/** Sums of single entries as sums up to each time; entries of the same time are one moment. */
function cumulate({ times, sums, counts }: Entries): Moments {
  const order = Int32Array.from({ length: times.length }, (_, i) => i).sort(
    (a, b) => times[a] - times[b] || a - b,
  );
  const made = { times: [] as number[], sums: [] as number[], counts: [] as number[] };
  let [sum, count] = [0, 0];
  for (const i of order) {
    sum += sums[i];
    count += counts[i];
    const last = made.times.length - 1;
    const at = last >= 0 && made.times[last] === times[i] ? last : last + 1;
    [made.times[at], made.sums[at], made.counts[at]] = [times[i], sum, count];
  }
  return {
    times: Float64Array.from(made.times),
    sums: Float64Array.from(made.sums),
    counts: Float64Array.from(made.counts),
  };
}

/** The moments of all categories as one; the same bits for the same categories in the same order, out of a file too. */
function mergeMoments(moments: Iterable<Moments>): Moments {
  const each = { times: [] as number[], sums: [] as number[], counts: [] as number[] };
  for (const { times, sums, counts } of moments) {
    for (let i = 0; i < times.length; i++) {
      each.times.push(times[i]);
      each.sums.push(i === 0 ? sums[0] : sums[i] - sums[i - 1]);
      each.counts.push(i === 0 ? counts[0] : counts[i] - counts[i - 1]);
    }
  }
  return cumulate(each);
}

/** The history of the given rows; rows without a category, a time or a target are left out. */
export function recordHistory(keys: Float64Array, times: Float64Array, y: Float64Array): TargetHistory {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < keys.length; row++) {
    if (Number.isNaN(keys[row]) || keys[row] === -1 || Number.isNaN(times[row]) || Number.isNaN(y[row]))
      continue;
    const rows = rowsOf.get(keys[row]);
    if (rows === undefined) rowsOf.set(keys[row], [row]);
    else rows.push(row);
  }
  const byKey = new Map(
    [...rowsOf]
      .sort(([a], [b]) => a - b)
      .map(([key, rows]): [number, Moments] => [
        key,
        cumulate({
          times: rows.map((row) => times[row]),
          sums: rows.map((row) => y[row]),
          counts: rows.map(() => 1),
        }),
      ]),
  );
  return { byKey, all: mergeMoments(byKey.values()) };
}

/** The place of the last moment strictly before a time; -1 when there is none. */
function placeBefore(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * The mean target of the training rows of a category strictly before a time, drawn towards the mean of all earlier rows as if that stood for
 * `prior` rows more. Where the category has no earlier rows it is the mean of all earlier rows; missing when there are none.
 */
export function meanBefore({ byKey, all }: TargetHistory, key: number, time: number, prior: number): number {
  const whole = placeBefore(all.times, time);
  if (whole < 0) return Number.NaN;
  const overall = all.sums[whole] / all.counts[whole];
  const own = byKey.get(key);
  const at = own === undefined ? -1 : placeBefore(own.times, time);
  if (own === undefined || at < 0) return overall;
  return (own.sums[at] + prior * overall) / (own.counts[at] + prior);
}

export function historyToJson({ byKey }: TargetHistory): Record<string, unknown>[] {
  return [...byKey].map(([key, { times, sums, counts }]) => ({
    key,
    times: [...times],
    sums: [...sums],
    counts: [...counts],
  }));
}

function parseMoments(value: unknown, where: string): [number, Moments] {
  const json = recipeShape.object(value, where, ['key', 'times', 'sums', 'counts']);
  const numbers = (name: string) => {
    const list = recipeShape.list(json[name], `${where}.${name}`, MOST_MOMENTS);
    return Float64Array.from(list, (item, i) => recipeShape.number(item, `${where}.${name}[${i}]`));
  };
  const [times, sums, counts] = [numbers('times'), numbers('sums'), numbers('counts')];
  if (times.length === 0 || sums.length !== times.length || counts.length !== times.length)
    recipeShape.fail(`${where} has ${times.length} times, ${sums.length} sums and ${counts.length} counts.`);
  for (let i = 0; i < times.length; i++) {
    if (i > 0 && times[i] <= times[i - 1])
      recipeShape.fail(`${where}.times[${i}] is not after the one before.`);
    if (!Number.isSafeInteger(counts[i]) || counts[i] <= (i === 0 ? 0 : counts[i - 1]))
      recipeShape.fail(`${where}.counts[${i}] is not more than the one before.`);
  }
  return [recipeShape.number(json['key'], `${where}.key`), { times, sums, counts }];
}

/** The history out of a model file. @throws MODEL_FILE_INVALID */
export function historyFromJson(value: unknown, where: string): TargetHistory {
  const list = recipeShape.list(value, where, MOST_MOMENTS);
  const byKey = new Map(list.map((item, i) => parseMoments(item, `${where}[${i}]`)));
  if (byKey.size < list.length) recipeShape.fail(`${where} has a key twice.`);
  return { byKey, all: mergeMoments(byKey.values()) };
}
