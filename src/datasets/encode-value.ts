import { DEFAULT_MISSING_MARKS, type Marks, marksOf, parseBoolean, parseNumber } from './cells.js';
import { formatDate, parseDate } from './dates.js';
import { groupKey } from './group-key.js';
import type { Feature } from './signature.js';

export type Verdict = 'OK' | 'WRONG_TYPE' | 'UNSEEN_CATEGORY' | 'OUT_OF_RANGE' | 'IMPUTED';

/** Turns a JSON value of one feature into its cell, and says what it thinks of it. */
export interface ValueReader {
  name: string;
  /** What a value should be, in words. */
  expected: string;
  read(value: unknown, cells: Float64Array, at: number): Verdict;
}

/** Whether the value is missing: null, or what stood for a missing value in the training file. */
function isMissing(value: unknown, marks: Marks): boolean {
  if (value === null) return true;
  if (typeof value === 'string') return marks.words.has(value.trim());
  return typeof value === 'number' && marks.numbers.has(value);
}

/** Writes a missing value; odd only where training had none. */
function writeMissing(feature: Feature, cells: Float64Array, at: number): Verdict {
  cells[at] = Number.NaN;
  return feature.nullable ? 'OK' : 'IMPUTED';
}

/** Numbers are never given as text, so a text that marks a missing value is refused like any other. */
function numberReader(feature: Feature, marks: Marks): ValueReader {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = feature;
  const whole = feature.type === 'integer';
  return {
    name: feature.name,
    expected: whole ? 'a whole number' : 'a number',
    read(value, cells, at) {
      if (value === null || marks.numbers.has(value as number)) return writeMissing(feature, cells, at);
      if (typeof value !== 'number' || (whole ? !Number.isInteger(value) : !Number.isFinite(value)))
        return 'WRONG_TYPE';
      cells[at] = value;
      return value < min || value > max ? 'OUT_OF_RANGE' : 'OK';
    },
  };
}

function dateReader(feature: Feature, marks: Marks): ValueReader {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = feature;
  return {
    name: feature.name,
    expected: `a date such as "${formatDate(feature.max ?? 0)}"`,
    read(value, cells, at) {
      if (isMissing(value, marks)) return writeMissing(feature, cells, at);
      const date = typeof value === 'string' ? parseDate(value.trim()) : undefined;
      if (date === undefined) return 'WRONG_TYPE';
      cells[at] = date;
      return date < min || date > max ? 'OUT_OF_RANGE' : 'OK';
    },
  };
}

/** Booleans may also come as the words that a boolean column of a file may hold. */
function booleanReader(feature: Feature, marks: Marks): ValueReader {
  return {
    name: feature.name,
    expected: 'true or false',
    read(value, cells, at) {
      if (isMissing(value, marks)) return writeMissing(feature, cells, at);
      const bit =
        typeof value === 'boolean'
          ? Number(value)
          : typeof value === 'string'
            ? parseBoolean(value.trim())
            : undefined;
      if (bit === undefined) return 'WRONG_TYPE';
      cells[at] = bit;
      return 'OK';
    },
  };
}

/** The index of each category that is a number by its value, for 1 and "01"; values that two categories share are left out. */
function categoriesByNumber(categories: readonly string[]): Map<number, number> {
  const byNumber = new Map<number, number>();
  const shared = new Set<number>();
  for (const [index, category] of categories.entries()) {
    const value = parseNumber(category);
    if (value === undefined) continue;
    if (byNumber.has(value)) shared.add(value);
    byNumber.set(value, index);
  }
  for (const value of shared) byNumber.delete(value);
  return byNumber;
}

function categoryReader(feature: Feature, marks: Marks): ValueReader {
  const categories = feature.categories ?? [];
  const byText = new Map(categories.map((category, index) => [category, index]));
  const byNumber = categoriesByNumber(categories);
  const someAreNumbers = categories.some((category) => parseNumber(category) !== undefined);

  const indexOf = (value: unknown): number | undefined => {
    if (typeof value === 'string') return byText.get(value) ?? byText.get(value.trim());
    if (typeof value === 'number') return byText.get(String(value)) ?? byNumber.get(value);
    return byText.get(String(value));
  };
  const isAllowed = (value: unknown) =>
    typeof value === 'string' || (typeof value === 'number' && someAreNumbers && Number.isFinite(value));

  return {
    name: feature.name,
    expected: someAreNumbers ? 'text or a number' : 'text',
    read(value, cells, at) {
      const index = value === null || typeof value === 'object' ? undefined : indexOf(value);
      if (index !== undefined) {
        cells[at] = index;
        return 'OK';
      }
      if (isMissing(value, marks)) return writeMissing(feature, cells, at);
      if (!isAllowed(value)) return 'WRONG_TYPE';
      cells[at] = -1;
      return 'UNSEEN_CATEGORY';
    },
  };
}

/** A group's text is told apart by its key; no list says which are known. A number names a group of texts as its digits do. */
function groupReader(feature: Feature, marks: Marks): ValueReader {
  return {
    name: feature.name,
    expected: 'text',
    read(value, cells, at) {
      if (typeof value !== 'string' && !(typeof value === 'number' && Number.isFinite(value)))
        return 'WRONG_TYPE';
      const text = String(value).trim();
      if (marks.words.has(text)) return 'WRONG_TYPE';
      cells[at] = groupKey(text);
      return 'OK';
    },
  };
}

/** The same reader, but for what places a row among others: it is never missing, and beyond the range of training all the time. */
function placing(reader: ValueReader): ValueReader {
  return {
    name: reader.name,
    expected: `${reader.expected}, never missing`,
    read(value, cells, at) {
      const verdict = reader.read(value, cells, at);
      return verdict === 'WRONG_TYPE' || Number.isNaN(cells[at]) ? 'WRONG_TYPE' : 'OK';
    },
  };
}

function plainReader(feature: Feature, marks: Marks): ValueReader {
  if (feature.type === 'category')
    return feature.role === 'group' ? groupReader(feature, marks) : categoryReader(feature, marks);
  if (feature.type === 'boolean') return booleanReader(feature, marks);
  if (feature.type === 'date') return dateReader(feature, marks);
  return numberReader(feature, marks);
}

/** The reader of one feature. `missing` are the marks of the training file; they are missing values here too. */
export function readerOf(feature: Feature, missing: readonly string[] = DEFAULT_MISSING_MARKS): ValueReader {
  const reader = plainReader(feature, marksOf(missing));
  return feature.role === 'time' || feature.role === 'group' ? placing(reader) : reader;
}
