import { quantile } from '../evaluation/quantile.js';
import { printable } from '../util/text.js';
import type { FieldValue } from './accuracy-rows.js';

/** Up to so many different numbers are a segment each; more are cut into quarters. */
const FEW_NUMBERS = 10;
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
const MISSING = '(missing)';

const short = (value: number) => String(Number(value.toPrecision(6)));

/** The edges of the quarters of the numbers, each once. */
function quarterEdges(numbers: Float64Array): number[] {
  const sorted = numbers.slice().sort();
  return [...new Set(QUARTERS.map((share) => quantile(sorted, share)))];
}

/** The name of the quarter that a number is in. A quarter has its lower edge, and the last one its upper edge too: `21 to <28`, `41 to 75`. */
function quarterNamer(edges: readonly number[]): (value: number) => string {
  const last = edges.length - 2;
  const names = edges.slice(1).map((edge, i) => `${short(edges[i])} to ${i < last ? '<' : ''}${short(edge)}`);
  return (value) => {
    const above = edges.findIndex((edge) => value < edge);
    return names[above < 0 ? names.length - 1 : above - 1];
  };
}

/** Of each prediction the name of its segment by one field. */
function namesOf(values: readonly FieldValue[]): string[] {
  const present = values.filter((value) => value !== null);
  const areNumbers = present.every((value) => typeof value === 'number');
  if (!areNumbers || new Set(present).size <= FEW_NUMBERS)
    return values.map((value) => (value === null ? MISSING : printable(String(value), 60)));
  const name = quarterNamer(quarterEdges(Float64Array.from(present as number[])));
  return values.map((value) => (value === null ? MISSING : name(value as number)));
}

/** The predictions of one segment. */
export interface SegmentRows {
  segment: Record<string, string>;
  rows: number[];
}

/** Cuts predictions up by the values of fields, the largest segment first. */
export function segmentRows(by: readonly string[], fields: readonly FieldValue[][]): SegmentRows[] {
  if (by.length === 0) return [];
  const names = fields.map(namesOf);
  const found = new Map<string, SegmentRows>();
  for (let row = 0; row < names[0].length; row++) {
    const own = names.map((all) => all[row]);
    const key = own.length === 1 ? own[0] : JSON.stringify(own);
    const known = found.get(key);
    if (known !== undefined) known.rows.push(row);
    else found.set(key, { segment: Object.fromEntries(by.map((field, i) => [field, own[i]])), rows: [row] });
  }
  const ordered = [...found].sort(([a, m], [b, n]) => n.rows.length - m.rows.length || (a < b ? -1 : 1));
  return ordered.map(([, segment]) => segment);
}
