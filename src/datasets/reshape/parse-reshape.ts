import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { JsonShape } from '../json-shape.js';

export const AGGREGATES = ['mean', 'max', 'min', 'last', 'count', 'sum'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export interface Pivot {
  /** The columns that tell the new rows apart, and order them. */
  index: string[];
  /** The column whose texts become columns. */
  names: string;
  /** The column whose numbers fill them. */
  values: string;
  /** What is made of several numbers for one place. */
  aggregate: Aggregate;
  /** The names that there may be, in the order of their columns; those that are found, sorted, when absent. */
  expect?: string[];
}

/** How the rows of a table are made of those that were read. The time is floored first. */
export interface Reshape {
  /** Milliseconds that the time is floored to, in UTC. */
  every?: number;
  /** The column that holds the time. */
  time?: string;
  pivot?: Pivot;
}

const shape: JsonShape = new JsonShape(
  (why) =>
    new RiskopsError('RESHAPE_INVALID', {
      what: 'The reshape rule cannot be used.',
      why,
      fix: 'such as {"every": "1h", "time": "at", "pivot": {"index": ["at"], "names": "sensor", "values": "value", "aggregate": "mean"}}',
    }),
);

const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseStep(value: unknown): number {
  const parts = /^([1-9]\d{0,6})([smhd])$/.exec(shape.text(value, 'every'));
  if (parts === null)
    return shape.fail(
      `every is ${JSON.stringify(printable(String(value), 40))}; it is a number and s, m, h or d, as in 15m or 1h.`,
    );
  return Number(parts[1]) * UNITS[parts[2]];
}

function parsePivot(value: unknown): Pivot {
  const json = shape.object(value, 'pivot', ['index', 'names', 'values', 'aggregate'], ['expect']);
  const pivot: Pivot = {
    index: shape.texts(json['index'], 'pivot.index', 100),
    names: shape.text(json['names'], 'pivot.names'),
    values: shape.text(json['values'], 'pivot.values'),
    aggregate: shape.choice(json['aggregate'], 'pivot.aggregate', AGGREGATES),
  };
  if (pivot.index.length === 0) shape.fail('pivot.index names no column.');
  const named = [...pivot.index, pivot.names, pivot.values];
  if (new Set(named).size < named.length) shape.fail('pivot names a column twice.');
  if (json['expect'] !== undefined) {
    pivot.expect = shape.texts(json['expect'], 'pivot.expect', 10_000);
    if (pivot.expect.length === 0) shape.fail('pivot.expect names no column.');
  }
  return pivot;
}

/**
 * A reshape rule from JSON: `{ every, time }` floors a time, `pivot` makes long rows wide; either or both.
 * RESHAPE_INVALID names the first fault, a misspelt key with the nearest known one.
 */
export function parseReshape(value: unknown): Reshape {
  const json = shape.object(value, 'The rule', [], ['every', 'time', 'pivot']);
  const reshape: Reshape = {};
  if (json['every'] !== undefined) reshape.every = parseStep(json['every']);
  if (json['time'] !== undefined) reshape.time = shape.text(json['time'], 'time');
  if (json['pivot'] !== undefined) reshape.pivot = parsePivot(json['pivot']);
  if (reshape.every === undefined && reshape.pivot === undefined)
    shape.fail('It has neither every nor pivot.');
  if (reshape.every !== undefined && reshape.time === undefined)
    shape.fail('It has every, but does not name the time column.');
  const { time, pivot } = reshape;
  if (time !== undefined && (pivot?.names === time || pivot?.values === time))
    shape.fail('The time column cannot be the names or the values of the pivot.');
  return reshape;
}
