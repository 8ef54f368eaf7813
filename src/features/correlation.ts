import { meanOf, presentValues } from './step.js';

/** Correlations of columns, each of those rows where both have a value, as pandas' `corr` has them. */
export interface Correlations {
  /** Of each column with the target: the greatest of its classes', in absolute value; 0 for one that does not vary. */
  withTarget: Float64Array;
  /** The absolute correlation of two columns. */
  between(a: number, b: number): number;
}

/** Sums over the rows where both columns have a value. */
const SUMS = 6;

/** Where a column's present values lie: sums of values that are shifted and scaled so lose no digits and do not overflow. */
interface Place {
  mean: number;
  /** 1 over the greatest distance from the mean; 0 for a column that does not vary. */
  scale: number;
}

function placeOf(x: Float64Array, rowCount: number, width: number, column: number): Place {
  const values = presentValues(x, rowCount, width, column);
  const mean = values.length === 0 ? 0 : meanOf(values);
  const far = values.reduce((most, value) => Math.max(most, Math.abs(value - mean)), 0);
  return { mean, scale: far > 0 && Number.isFinite(1 / far) ? 1 / far : 0 };
}

function correlationOf(sums: Float64Array, at: number): number {
  const [n, a, b, aa, bb, ab] = sums.subarray(at, at + SUMS);
  const varianceA = aa - (a * a) / n;
  const varianceB = bb - (b * b) / n;
  // What is left of a constant column is rounding.
  if (!(varianceA > 1e-14 * aa && varianceB > 1e-14 * bb)) return 0;
  const found = Math.abs((ab - (a * b) / n) / Math.sqrt(varianceA) / Math.sqrt(varianceB));
  return Number.isFinite(found) ? Math.min(1, found) : 0;
}

/** The columns of one row, shifted and scaled, and then the target: one 0/1 a class where there are more than two. */
function rowReader(
  x: Float64Array,
  width: number,
  columns: Int32Array,
  { y, places, classes }: { y: Float64Array; places: readonly Place[]; classes: number },
): (row: number, values: Float64Array) => void {
  const count = columns.length;
  const place = (value: number, { mean, scale }: Place) => (value - mean) * scale;
  return (row, values) => {
    for (let c = 0; c < count; c++) values[c] = place(x[row * width + columns[c]], places[c]);
    if (classes === 1) values[count] = place(y[row], places[count]);
    else for (let k = 0; k < classes; k++) values[count + k] = y[row] === k ? 1 : 0;
  };
}

/** Adds a row to the sums of each pair of values that are both there. */
function addRow(values: Float64Array, sums: Float64Array, present: Int32Array): void {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) present[count++] = i;
  for (let p = 0; p < count; p++) {
    const a = values[present[p]];
    const from = present[p] * values.length;
    for (let q = p + 1; q < count; q++) {
      const b = values[present[q]];
      const at = (from + present[q]) * SUMS;
      sums[at]++;
      sums[at + 1] += a;
      sums[at + 2] += b;
      sums[at + 3] += a * a;
      sums[at + 4] += b * b;
      sums[at + 5] += a * b;
    }
  }
}

/** The correlations of some columns of row-major rows with each other and with the target. */
export function correlate(
  x: Float64Array,
  rowCount: number,
  width: number,
  columns: Int32Array,
  target: { y: Float64Array; classCount: number },
): Correlations {
  const classes = target.classCount > 2 ? target.classCount : 1;
  const size = columns.length + classes;
  const places = Array.from(columns, (column) => placeOf(x, rowCount, width, column));
  places.push(placeOf(target.y, rowCount, 1, 0));
  const read = rowReader(x, width, columns, { y: target.y, places, classes });
  const sums = new Float64Array(size * size * SUMS);
  const values = new Float64Array(size);
  const present = new Int32Array(size);
  for (let row = 0; row < rowCount; row++) {
    read(row, values);
    addRow(values, sums, present);
  }
  const pair = (a: number, b: number) => correlationOf(sums, (Math.min(a, b) * size + Math.max(a, b)) * SUMS);
  return {
    withTarget: Float64Array.from(columns, (_, c) => {
      let best = 0;
      for (let k = 0; k < classes; k++) best = Math.max(best, pair(c, columns.length + k));
      return best;
    }),
    between: pair,
  };
}
