import { modelFileFault } from '../saved-model.js';

/** Numbers of categories, from 0. */
export type CategoryNumbers = readonly number[];

/** A category number above this is an identifier rather than a category. */
export const MOST_CATEGORIES = 65_536;

/** How a cell becomes what the trees of an imported model ask for. */
export type CellRule =
  /** It is. */
  | { kind: 'number' }
  /** Zero is missing, as a missing value is: LightGBM's zero_as_missing. */
  | { kind: 'zero-missing' }
  /** A whole number is the number of a category; one that is none of them becomes `other`. */
  | { kind: 'code'; other: number }
  /** The number of a category stands in this list at the number that it has in the signature. */
  | { kind: 'category'; codes: number[] }
  /** The number of a category is the place of its value in this list. */
  | { kind: 'value'; values: number[] };

/** LightGBM takes numbers this near to zero for zero. */
const ZERO = 1e-35;

function ruleFunction(rule: CellRule, categories: number): ((cell: number) => number) | null {
  switch (rule.kind) {
    case 'number':
      return null;
    case 'zero-missing':
      return (cell) => (Math.abs(cell) <= ZERO ? Number.NaN : cell);
    case 'code':
      return (cell) => {
        const code = Math.trunc(cell);
        if (Number.isNaN(code)) return code;
        return code >= 0 && code < categories ? code : rule.other;
      };
    case 'category':
      return (cell) => (Number.isNaN(cell) ? cell : (rule.codes[cell] ?? -1));
    case 'value': {
      const places = new Map(rule.values.map((value, place) => [value, place]));
      return (cell) => (Number.isNaN(cell) ? cell : (places.get(cell) ?? -1));
    }
  }
}

/**
 * The cells that an imported model's trees ask for, out of those that riskops gives: rowCount x features. `single` rounds numbers
 * to the nearest float32, as XGBoost reads them.
 */
export function compileRules(
  rules: readonly CellRule[],
  categories: Int32Array,
  single: boolean,
): (x: Float64Array, rowCount: number) => Float64Array {
  const functions = rules.map((rule, i) => ruleFunction(rule, categories[i]));
  const width = rules.length;
  if (!single && functions.every((change) => change === null)) return (x) => x;
  return (x, rowCount) => {
    const cells = new Float64Array(rowCount * width);
    for (let at = 0; at < cells.length; at += width) {
      for (let i = 0; i < width; i++) {
        const change = functions[i];
        const cell = change === null ? x[at + i] : change(x[at + i]);
        cells[at + i] = single ? Math.fround(cell) : cell;
      }
    }
    return cells;
  };
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= MOST_CATEGORIES && value.every(Number.isFinite);

function readRule(value: unknown, categories: number, where: string): CellRule {
  const json = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { kind, other, codes, values } = json;
  const isNumber = kind === 'number' || kind === 'zero-missing';
  if (isNumber && categories === 0) return { kind };
  if (categories > 0) {
    const isCode = (code: unknown) =>
      Number.isInteger(code) && (code as number) >= -1 && (code as number) < categories;
    if (kind === 'code' && isCode(other)) return { kind, other: other as number };
    if (kind === 'category' && isNumbers(codes) && codes.every(isCode)) return { kind, codes };
    if (kind === 'value' && isNumbers(values) && values.length <= categories) return { kind, values };
  }
  throw modelFileFault(`"${where}" is no rule for a cell`);
}

/** The rules out of a model file. MODEL_FILE_INVALID names the first that is none. */
export function readRules(value: unknown, categories: Int32Array): CellRule[] {
  if (!Array.isArray(value) || value.length !== categories.length)
    throw modelFileFault(`"cells" is not a list of ${categories.length} rules`);
  return value.map((rule, i) => readRule(rule, categories[i], `cells[${i}]`));
}
