import { testHomogeneity } from './homogeneity.js';
import { distanceFrom, twoSampleTail } from './kolmogorov.js';
import { stabilityIndex } from './psi.js';
import { BINS, type CategoryReference, type NumberReference, valuesIn } from './reference.js';
import { binOf } from './seasons.js';

/** What a window of rows shows of one feature, beside its reference. */
export interface Comparison {
  /** Rows of the window. */
  rows: number;
  /** The values; null where one side has none, or all values are the same. */
  values: {
    /** How often two samples of one distribution differ as much or more. */
    p: number;
    /** The share of the rows, 0 to 1, that lie elsewhere than the reference has them. */
    effect: number;
  } | null;
  /** Of numbers: how much higher their mean lies, in standard deviations of the reference. */
  shift: number | null;
  /** Missing values, in shares of the rows; p is null where neither side has any. */
  missing: { share: number; reference: number; p: number | null };
  /** The population stability index; null for fewer than 200 values on either side. */
  psi: number | null;
  /** The share of the values with a category that the reference lacks; null for numbers. */
  unseen: number | null;
}

/** A number with at most so many different values is tested as categories are: with that many ties a rank test sees little. */
const FEW_VALUES = 10;

/** The counts of a window in the cells of a reference, one cell a mark or category, and at the end what is none of them. */
interface Cells {
  rows: number[];
  reference: number[];
}

function cellsOfCategories({ codes, counts, other, unseen }: CategoryReference, values: Float64Array): Cells {
  const place = new Map(codes.map((code, cell) => [code, cell]));
  const rows = new Array<number>(codes.length + 2).fill(0);
  for (const code of values) rows[code < 0 ? codes.length + 1 : (place.get(code) ?? codes.length)]++;
  return { rows, reference: [...counts, other, unseen] };
}

function cellsOfMarks({ marks, at }: NumberReference, values: Float64Array): Cells {
  const place = new Map(marks.map((mark, cell) => [mark, cell]));
  const rows = new Array<number>(marks.length + 1).fill(0);
  for (const value of values) rows[place.get(value) ?? marks.length]++;
  return { rows, reference: [...at, 0] };
}

/** Both sides in the ten bins of the reference. */
function cellsOfBins(reference: NumberReference, values: Float64Array): Cells {
  const bin = binOf(reference);
  const cells: Cells = { rows: new Array(BINS).fill(0), reference: new Array(BINS).fill(0) };
  for (const value of values) cells.rows[bin(value)]++;
  for (const [mark, value] of reference.marks.entries())
    cells.reference[bin(value)] += reference.at[mark] + reference.between[mark];
  const used = cells.rows.map((rows, i) => rows + cells.reference[i] > 0);
  const inUse = (counts: number[]) => counts.filter((_, i) => used[i]);
  return { rows: inUse(cells.rows), reference: inUse(cells.reference) };
}

const hasFewValues = ({ marks, between }: NumberReference) =>
  marks.length <= FEW_VALUES && between.every((count) => count === 0);

function compareNumbers(
  reference: NumberReference,
  values: Float64Array,
): Pick<Comparison, 'values' | 'shift' | 'psi'> {
  const sorted = values.map((value) => value + 0).sort();
  let sum = 0;
  for (const value of sorted) sum += value / sorted.length;
  const { deviation, mean } = reference;
  const shift = deviation > 0 ? (sum - mean) / deviation : null;
  const psi = stabilityIndex(cellsOfBins(reference, sorted));
  if (hasFewValues(reference))
    return { values: testHomogeneity(cellsOfMarks(reference, sorted)), shift, psi };
  const { distance } = distanceFrom(reference, sorted);
  const p = twoSampleTail(distance, sorted.length, valuesIn(reference));
  return { values: { p, effect: distance }, shift, psi };
}

function compareCategories(
  reference: CategoryReference,
  values: Float64Array,
): Pick<Comparison, 'values' | 'psi' | 'unseen'> {
  const cells = cellsOfCategories(reference, values);
  const unseen = cells.rows[cells.rows.length - 1];
  return { values: testHomogeneity(cells), psi: stabilityIndex(cells), unseen: unseen / values.length };
}

/**
 * A feature of a window beside its reference.
 *
 * Numbers: the two-sample test of Kolmogorov and Smirnov, whose distance is the effect; those with ten different values at most are tested
 * as categories. Categories: Pearson's and Fisher's tests, the effect being the total variation distance. Missing values: the same, of two cells.
 * @param column one value a row: a number, or a category's code, -1 for one that the reference has no code for; NaN where it is missing
 */
export function compareColumn(
  reference: NumberReference | CategoryReference,
  column: Float64Array,
): Comparison {
  const values = column.filter(
    reference.kind === 'numbers' ? Number.isFinite : (code) => !Number.isNaN(code),
  );
  const [rows, missing] = [column.length, column.length - values.length];
  const known = valuesIn(reference);
  const absence = testHomogeneity({ rows: [values.length, missing], reference: [known, reference.missing] });
  const base: Comparison = {
    rows,
    values: null,
    shift: null,
    missing: {
      share: rows === 0 ? 0 : missing / rows,
      reference: known + reference.missing === 0 ? 0 : reference.missing / (known + reference.missing),
      p: absence?.p ?? null,
    },
    psi: null,
    unseen: null,
  };
  if (values.length === 0 || known === 0) return base;
  const found =
    reference.kind === 'numbers' ? compareNumbers(reference, values) : compareCategories(reference, values);
  return { ...base, ...found };
}
