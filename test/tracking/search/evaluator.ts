import type { Known } from './random-runs.js';

/**
 * The grammar's meaning once more, in memory and on a tree of its own, for the tests to compare with. Null is unknown,
 * as in SQL.
 */
export type Truth = boolean | null;

export interface FieldName {
  kind: 'text' | 'status' | 'time' | 'duration' | 'flag' | 'params' | 'tags' | 'metrics';
  /** A plain field's name, or the key. */
  name: string;
  summary?: 'last' | 'min' | 'max' | 'mean' | 'best' | 'count';
}

export type Value = string | number | boolean;

export type Tree =
  | { op: 'and' | 'or'; parts: Tree[] }
  | { op: 'not'; part: Tree }
  | { op: '=' | '!=' | '<' | '<=' | '>' | '>='; field: FieldName; value: Value }
  | { op: 'in'; field: FieldName; values: Value[] }
  | { op: 'between'; field: FieldName; from: Value; to: Value }
  | { op: 'like'; field: FieldName; pattern: string }
  | { op: 'null'; field: FieldName };

const not = (truth: Truth): Truth => (truth === null ? null : !truth);
const all = (truths: Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes(null) ? null : true;
const any = (truths: Truth[]): Truth => not(all(truths.map(not)));

export function evaluate(tree: Tree, run: Known): Truth {
  switch (tree.op) {
    case 'and':
      return all(tree.parts.map((part) => evaluate(part, run)));
    case 'or':
      return any(tree.parts.map((part) => evaluate(part, run)));
    case 'not':
      return not(evaluate(tree.part, run));
    case 'null':
      return fieldOf(tree.field, run) === null;
    case 'like': {
      const value = fieldOf(tree.field, run);
      return value === null ? null : isLike(String(value), tree.pattern);
    }
    case 'in':
      return any(tree.values.map((value) => compare('=', fieldOf(tree.field, run), value)));
    case 'between': {
      const value = fieldOf(tree.field, run);
      return all([compare('>=', value, tree.from), compare('<=', value, tree.to)]);
    }
    default:
      return compare(tree.op, fieldOf(tree.field, run), tree.value);
  }
}

export function fieldOf({ kind, name, summary }: FieldName, run: Known): Value | null {
  switch (kind) {
    case 'text':
      return run.texts[name];
    case 'status':
      return run.status;
    case 'time':
      return name === 'start' || name === 'created' ? run.start : run.end;
    case 'duration':
      return run.duration === null ? null : run.duration / 1000;
    case 'flag':
      return name === 'git.dirty' ? run.dirty : run.protected;
    case 'params':
    case 'tags':
      return run[kind].get(name) ?? null;
    case 'metrics':
      return summaryOf(run.metrics.get(name), summary ?? 'last');
  }
}

function summaryOf(points: number[] | undefined, summary: NonNullable<FieldName['summary']>): number | null {
  if (points === undefined) return null;
  const finite = points.filter(Number.isFinite);
  if (summary === 'last') return points.at(-1) as number;
  if (summary === 'count') return points.length;
  if (finite.length === 0) return null;
  if (summary === 'min') return Math.min(...finite);
  // None of the names in these tests is that of a loss.
  if (summary === 'max' || summary === 'best') return Math.max(...finite);
  return finite.reduce((sum, value) => sum + value, 0) / finite.length;
}

/** The number that a text is, by the rules of the guide. */
export function numberIn(text: string): number | null {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text);
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : null;
}

function compare(op: '=' | '!=' | '<' | '<=' | '>' | '>=', left: Value | null, right: Value): Truth {
  if (op === '!=') return not(compare('=', left, right));
  if (left === null) return null;
  const [a, b] = [typeof left === 'string' && typeof right === 'number' ? numberIn(left) : left, right];
  if (a === null) return null;
  if (Number.isNaN(b)) return Number.isNaN(a);
  if (Number.isNaN(a)) return null;
  const order =
    typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(b as string)) : Number(a) - Number(b);
  const same = a === b;
  if (op === '=') return same;
  if (same) return op === '<=' || op === '>=';
  return order < 0 === op.startsWith('<');
}

/** `%` any text, `_` one character, a backslash before either is itself; A to Z as a to z. */
function isLike(text: string, pattern: string): boolean {
  const lower = (part: string) => part.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  let expression = '';
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === '\\') expression += `\\u{${pattern.codePointAt(++i)?.toString(16)}}`;
    else if (pattern[i] === '%') expression += '.*';
    else if (pattern[i] === '_') expression += '.';
    else expression += `\\u{${lower(pattern[i]).codePointAt(0)?.toString(16)}}`;
  }
  return new RegExp(`^${expression}$`, 'su').test(lower(text));
}
