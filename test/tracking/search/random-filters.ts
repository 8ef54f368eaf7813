import type { Random } from '../../../src/util/random.js';
import type { FieldName, Tree, Value } from './evaluator.js';
import { KEYS, NUMBERS, pick, STATUSES, TEXTS, TIMES } from './random-runs.js';

const PLAIN = [
  'id',
  'name',
  'kind',
  'model',
  'note',
  'error',
  'group',
  'parent',
  'git.commit',
  'git.branch',
  'host',
];
const PATTERNS = [
  '%',
  '',
  'a%',
  '%B%',
  '_',
  '4%',
  '%\\%%',
  'a\\_b',
  '%\\\\%',
  '한%',
  'É',
  'ab12%',
  '%train%',
  "o'_rien",
];
const SUMMARIES = ['last', 'min', 'max', 'mean', 'best', 'count'] as const;

export function randomField(random: Random): FieldName {
  const kind = pick(random, [
    'text',
    'status',
    'time',
    'duration',
    'flag',
    'params',
    'tags',
    'metrics',
    'metrics',
  ] as const);
  switch (kind) {
    case 'text':
      return { kind, name: pick(random, PLAIN) };
    case 'time':
      return { kind, name: pick(random, ['start', 'created', 'end', 'ended']) };
    case 'flag':
      return { kind, name: pick(random, ['git.dirty', 'protected']) };
    case 'metrics':
      return { kind, name: pick(random, KEYS), summary: pick(random, SUMMARIES) };
    case 'params':
    case 'tags':
      return { kind, name: pick(random, KEYS) };
    default:
      return { kind, name: kind };
  }
}

function randomValue(random: Random, { kind, name }: FieldName, ordered: boolean): Value {
  const number = () => pick(random, ordered ? NUMBERS.filter((value) => !Number.isNaN(value)) : NUMBERS);
  switch (kind) {
    case 'status':
      return pick(random, STATUSES);
    case 'time':
      return pick(random, TIMES);
    case 'duration':
      return pick(random, [0, 0.999, 1, 60, 300, 3600, Infinity]);
    case 'flag':
      return random() < 0.5;
    case 'metrics':
      return number();
    case 'text':
      return name === 'kind' ? pick(random, ['train', 'tune', 'TRAIN']) : pick(random, TEXTS);
    default:
      return random() < 0.5 ? number() : pick(random, TEXTS);
  }
}

export function randomTree(random: Random, depth = 4): Tree {
  if (depth > 0 && random() < 0.5) {
    if (random() < 0.3) return { op: 'not', part: randomTree(random, depth - 1) };
    const parts = Array.from({ length: 2 + Math.floor(random() * 3) }, () => randomTree(random, depth - 1));
    return { op: pick(random, ['and', 'or'] as const), parts };
  }
  const field = randomField(random);
  const same = field.kind === 'status' || field.kind === 'flag';
  const texts = field.kind === 'text' || field.kind === 'params' || field.kind === 'tags';
  const op = pick(random, [
    '=',
    '!=',
    'in',
    'null',
    ...(same ? [] : ['<', '<=', '>', '>=', 'between']),
    ...(texts ? ['like'] : []),
  ] as const) as Tree['op'];
  const value = (ordered: boolean) => randomValue(random, field, ordered);
  switch (op) {
    case 'null':
      return { op, field };
    case 'like':
      return { op, field, pattern: pick(random, PATTERNS) };
    case 'in':
      return { op, field, values: Array.from({ length: 1 + Math.floor(random() * 4) }, () => value(false)) };
    case 'between':
      return { op, field, from: value(true), to: value(true) };
    default:
      return { op: op as '=', field, value: value(op !== '=' && op !== '!=') };
  }
}

/** Any of the ways in which a tree may be written. */
export function writeTree(random: Random, tree: Tree): string {
  const word = (text: string) => (random() < 0.5 ? text : text.toUpperCase());
  const gap = () => pick(random, [' ', '  ', '\n', '\t ']);
  const write = (part: Tree): string => {
    switch (part.op) {
      case 'and':
      case 'or':
        return `(${part.parts.map(write).join(`${gap()}${word(part.op)}${gap()}`)})`;
      case 'not': {
        const inner = part.part;
        if (inner.op === 'in' && random() < 0.5)
          return `${writeField(random, inner.field)} ${word('not')} ${word('in')} ${writeList(inner.values)}`;
        if (inner.op === 'null' && random() < 0.5)
          return `${writeField(random, inner.field)} ${word('is')}${gap()}${word('not')} ${word('null')}`;
        return `${word('not')}${gap()}${write(inner)}`;
      }
      case 'null':
        return `${writeField(random, part.field)} ${word('is')} ${word('null')}`;
      case 'like':
        return `${writeField(random, part.field)} ${word('like')} ${quote(part.pattern)}`;
      case 'in':
        return `${writeField(random, part.field)}${gap()}${word('in')}${writeList(part.values)}`;
      case 'between':
        return `${writeField(random, part.field)} ${word('between')} ${writeValue(part.from)} ${word('and')} ${writeValue(part.to)}`;
      default: {
        const sign = part.op === '!=' && random() < 0.5 ? '<>' : part.op;
        const space = random() < 0.5 ? ' ' : '';
        return `${writeField(random, part.field)}${space}${sign}${space}${writeValue(part.value)}`;
      }
    }
  };
  const quote = (text: string) =>
    random() < 0.5 ? `'${text.replaceAll("'", "''")}'` : `"${text.replaceAll('"', '""')}"`;
  const writeValue = (value: Value) => {
    if (typeof value === 'string') return quote(value);
    return typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : word(String(value));
  };
  const writeList = (values: Value[]) => `(${values.map(writeValue).join(pick(random, [',', ', ']))})`;
  return write(tree);
}

export function writeField(random: Random, { kind, name, summary }: FieldName): string {
  if (kind !== 'params' && kind !== 'tags' && kind !== 'metrics') return name;
  const bare = /^[\p{L}\p{M}\p{N}_./:-]+$/u.test(name) && random() < 0.5;
  const quote = random() < 0.5 ? '"' : '`';
  const field = `${kind}.${bare ? name : quote + name.replaceAll(quote, quote + quote) + quote}`;
  return summary === undefined || (summary === 'last' && random() < 0.5) ? field : `${summary}(${field})`;
}
