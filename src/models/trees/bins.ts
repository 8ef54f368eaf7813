/** A column has at most this many bins of values; one more holds its missing values, so that a bin fits a byte. */
const MAX_VALUE_BINS = 255;

/** Edges are chosen from at most this many rows, spread evenly over the data: enough for 255 quantiles. */
const EDGE_ROWS = 200_000;

/** Features cut into bins, in shared memory so that several threads can grow trees on them. */
export interface BinnedColumns {
  rowCount: number;
  featureCount: number;
  /** Column after column, one byte a row. The bin after a column's last value bin holds its missing values. */
  bins: Uint8Array;
  /** Of each column, ascending and finite: bin b holds the values with edges[b-1] < value <= edges[b]. */
  edges: Float64Array[];
  /** 1 where a column has a missing value. */
  hasMissing: Uint8Array;
}

/** A finite number between two different values: `low <= cut < high`. */
function cutBetween(low: number, high: number): number {
  const sum = low + high;
  const middle = Number.isFinite(sum) ? sum / 2 : low / 2 + high / 2;
  return middle >= low && middle < high ? middle : low;
}

/**
 * Cuts sorted values into bins. Up to 255 distinct values get a bin each, cut in the middle between neighbours. More are cut into bins of about equal count, where a value that alone fills a bin keeps one
 * to itself.
 */
function chooseEdges(sorted: Float64Array): Float64Array {
  const starts: number[] = [];
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) starts.push(i);
  const distinct = starts.length;
  starts.push(sorted.length);

  const edges: number[] = [];
  let binStart = 0;
  for (let k = 1; k < distinct && edges.length < MAX_VALUE_BINS - 1; k++) {
    const binsLeft = MAX_VALUE_BINS - edges.length;
    const wanted = (sorted.length - binStart) / binsLeft;
    const full = starts[k] - binStart >= wanted;
    const nextIsHeavy = starts[k + 1] - starts[k] >= wanted;
    if (distinct <= MAX_VALUE_BINS || full || nextIsHeavy) {
      edges.push(cutBetween(sorted[starts[k] - 1], sorted[starts[k]]));
      binStart = starts[k];
    }
  }
  return Float64Array.from(edges);
}

/** The values that edges are chosen from: present ones only, sorted. */
function sampleSorted(column: Float64Array): Float64Array {
  const take = Math.min(column.length, EDGE_ROWS);
  const sample = new Float64Array(take);
  let count = 0;
  for (let i = 0; i < take; i++) {
    const value = column[Math.floor((i * column.length) / take)];
    if (!Number.isNaN(value)) sample[count++] = value;
  }
  return sample.subarray(0, count).sort();
}

/** Writes the bin of each value of a column; returns whether any was missing. */
function assignBins(column: Float64Array, edges: Float64Array, bins: Uint8Array): boolean {
  const missingBin = edges.length + 1;
  let anyMissing = false;
  for (let row = 0; row < column.length; row++) {
    const value = column[row];
    if (Number.isNaN(value)) {
      bins[row] = missingBin;
      anyMissing = true;
      continue;
    }
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= edges[middle]) high = middle;
      else low = middle + 1;
    }
    bins[row] = low;
  }
  return anyMissing;
}

/** Lets timers, signals and messages in. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Cuts a row-major matrix (NaN = missing, otherwise finite) into bins, column by column; between two columns the
 * event loop gets its turn, and an aborted `signal` ends the work with its reason. The same matrix gives the same bins.
 */
export async function binColumns(
  x: Float64Array,
  rowCount: number,
  featureCount: number,
  signal?: AbortSignal,
): Promise<BinnedColumns> {
  const bins = new Uint8Array(new SharedArrayBuffer(rowCount * featureCount));
  const edges: Float64Array[] = [];
  const hasMissing = new Uint8Array(featureCount);
  const column = new Float64Array(rowCount);
  for (let feature = 0; feature < featureCount; feature++) {
    for (let row = 0; row < rowCount; row++) column[row] = x[row * featureCount + feature];
    edges.push(chooseEdges(sampleSorted(column)));
    const target = bins.subarray(feature * rowCount, (feature + 1) * rowCount);
    hasMissing[feature] = assignBins(column, edges[feature], target) ? 1 : 0;
    await breathe();
    signal?.throwIfAborted();
  }
  return { rowCount, featureCount, bins, edges, hasMissing };
}
