import { type BinKernel, EDGE_TABLE, plainBins, wasmBins } from './bin-kernel.js';
import { chooseEdges } from './edges.js';
import { Space } from './space.js';

/** Edges are chosen from at most this many rows, spread evenly over the data: enough for 255 quantiles. */
const EDGE_ROWS = 200_000;

/** More categories than these do not fit a byte beside the missing values: the rarest are taken for missing. */
const MOST_CATEGORIES = 254;

/** Numbers of a block of rows that is cut into bins at a time. */
const BLOCK_NUMBERS = 131_072;

/** Features cut into bins, in shared memory so that several threads can grow trees on them. */
export interface BinnedColumns {
  rowCount: number;
  featureCount: number;
  /** Of each feature the number of its categories; 0 for a number. */
  categories: Int32Array;
  /** Column after column, one byte a row. */
  bins: Uint8Array;
  /** Of each feature, how many bins hold values; the bin of that number holds what is missing. */
  valueBins: Int32Array;
  /** Of each number, ascending and finite: bin b holds the values with edges[b-1] < value <= edges[b]. Empty for a category. */
  edges: Float64Array[];
  /** Of each category feature the category that each bin holds, ascending; null for a number. */
  binCategories: (Int32Array | null)[];
  /** 1 where a column has a missing value. */
  hasMissing: Uint8Array;
}

/** What is cut into bins: a row-major matrix, NaN = missing, otherwise finite; see TrainingData for `categories`. */
export interface RawColumns {
  x: Float64Array;
  rowCount: number;
  featureCount: number;
  categories: Int32Array;
}

/** The present values of a feature, sorted, of rows spread over the data. */
function sortedSample(
  { x, rowCount, featureCount }: RawColumns,
  feature: number,
  sample: Float64Array,
  kernel: BinKernel,
): Float64Array {
  let count = 0;
  for (let i = 0; i < sample.length; i++) {
    const row = sample.length === rowCount ? i : Math.floor((i * rowCount) / sample.length);
    const value = x[row * featureCount + feature];
    if (!Number.isNaN(value)) sample[count++] = value;
  }
  const present = sample.subarray(0, count);
  kernel.sort(present);
  return present;
}

/** The categories that get a bin: all, or the most frequent ones, ascending. */
function chooseCategories(
  { x, rowCount, featureCount, categories }: RawColumns,
  feature: number,
): Int32Array {
  const all = Int32Array.from({ length: categories[feature] }, (_, category) => category);
  if (all.length <= MOST_CATEGORIES) return all;
  const counts = new Float64Array(all.length);
  for (let row = 0, at = feature; row < rowCount; row++, at += featureCount) if (x[at] >= 0) counts[x[at]]++;
  all.sort((a, b) => counts[b] - counts[a] || a - b);
  return all.subarray(0, MOST_CATEGORIES).sort();
}

/** The bin of each category of a feature. */
function binOfCategory(categories: number, binCategories: Int32Array): Uint8Array {
  const table = new Uint8Array(categories).fill(binCategories.length);
  for (const [bin, category] of binCategories.entries()) table[category] = bin;
  return table;
}

/** Lets timers, signals and messages in. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Writes the bins of all rows, a block of them at a time, so that the matrix is read once. */
async function assignAll(
  { x, rowCount, featureCount, categories }: RawColumns,
  columns: BinnedColumns,
  space: Space,
  kernel: BinKernel,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { bins, edges, valueBins, binCategories, hasMissing } = columns;
  const tables = edges.map((list, feature) => {
    if (categories[feature] > 0) return binOfCategory(categories[feature], binCategories[feature]!);
    const table = space.numbers(EDGE_TABLE).fill(Number.POSITIVE_INFINITY);
    table.set(list);
    return table;
  });
  const blockRows = Math.min(rowCount, Math.max(1, Math.floor(BLOCK_NUMBERS / Math.max(1, featureCount))));
  const block = space.numbers(blockRows * featureCount);
  for (let from = 0, blocks = 1; from < rowCount; from += blockRows, blocks++) {
    const count = Math.min(blockRows, rowCount - from);
    block.set(x.subarray(from * featureCount, (from + count) * featureCount));
    for (let feature = 0; feature < featureCount; feature++) {
      const at = feature * rowCount + from;
      const target = bins.subarray(at, at + count);
      const table = tables[feature];
      const anyMissing =
        table instanceof Float64Array
          ? kernel.assign(block, feature, featureCount, count, table, valueBins[feature], target)
          : assignCategories(block, feature, featureCount, count, table, valueBins[feature], target);
      if (anyMissing) hasMissing[feature] = 1;
    }
    if (blocks % 64 === 0) {
      await breathe();
      signal?.throwIfAborted();
    }
  }
}

function assignCategories(
  x: Float64Array,
  first: number,
  stride: number,
  count: number,
  table: Uint8Array,
  missingBin: number,
  bins: Uint8Array,
): boolean {
  let missing = false;
  for (let i = 0, at = first; i < count; i++, at += stride) {
    const bin = x[at] >= 0 ? table[x[at]] : missingBin;
    if (bin === missingBin) missing = true;
    bins[i] = bin;
  }
  return missing;
}

/**
 * Cuts a matrix into bins. Between two features, and two blocks of rows, the event loop gets its turn, and an aborted
 * `signal` ends the work with its reason. The same matrix gives the same bins, with a kernel's memory in `space` and without.
 */
export async function binColumns(
  raw: RawColumns,
  space = new Space(null),
  signal?: AbortSignal,
): Promise<BinnedColumns> {
  const { rowCount, featureCount, categories } = raw;
  const sample = space.numbers(Math.min(rowCount, EDGE_ROWS));
  const kernel = space.memory === null ? plainBins : wasmBins(space, sample.length);
  const columns: BinnedColumns = {
    ...{ rowCount, featureCount, categories },
    bins: space.bytes(rowCount * featureCount),
    valueBins: new Int32Array(featureCount),
    edges: [],
    binCategories: [],
    hasMissing: space.bytes(featureCount),
  };
  for (let feature = 0; feature < featureCount; feature++) {
    const isCategory = categories[feature] > 0;
    columns.binCategories.push(isCategory ? chooseCategories(raw, feature) : null);
    columns.edges.push(
      isCategory ? new Float64Array(0) : chooseEdges(sortedSample(raw, feature, sample, kernel)),
    );
    columns.valueBins[feature] = columns.binCategories[feature]?.length ?? columns.edges[feature].length + 1;
    await breathe();
    signal?.throwIfAborted();
  }
  await assignAll(raw, columns, space, kernel, signal);
  return columns;
}
