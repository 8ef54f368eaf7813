import { RiskopsError } from '../../errors.js';
import { printable, suggestWord } from '../../util/text.js';
import { JsonShape } from '../json-shape.js';

const LABEL_UNITS = ['rows', 'hours', 'days', 'cycles'] as const;
export type LabelUnit = (typeof LABEL_UNITS)[number];

/** What one column must be for it to count: a missing value never does. */
export type Condition =
  | { column: string; kind: 'outside'; low: number; high: number }
  | { column: string; kind: 'above' | 'below'; bound: number }
  | { column: string; kind: 'equals'; value: string | number | boolean };

interface CommonLabel {
  /** The column that orders the rows of a series. */
  time: string;
  /** The column that tells series apart; null when the table is one series. */
  group: string | null;
  /** `rows` counts rows, `cycles` is the difference of a time that is a number. */
  unit: LabelUnit;
  /** The greatest value that the label takes. */
  cap: number | null;
  /** The name of the new column. */
  name: string;
}

export interface TimeToEvent extends CommonLabel {
  kind: 'time-to-event';
  /** A row is an event when at least `atLeast` of the conditions hold. */
  event: { any: Condition[]; atLeast: number };
  /** Rows behind the last event of their series: left out, or given the cap. */
  censored: 'drop' | 'cap';
}

export interface RunToFailure extends CommonLabel {
  kind: 'run-to-failure';
}

export type Label = TimeToEvent | RunToFailure;

const shape: JsonShape = new JsonShape(
  (why) =>
    new RiskopsError('LABEL_INVALID', {
      what: 'The label rule cannot be used.',
      why,
      fix: 'such as {"kind": "run-to-failure", "time": "cycle", "group": "engine", "unit": "cycles", "cap": 125, "name": "rul"}',
    }),
);

const KINDS = ['time-to-event', 'run-to-failure'] as const;

const TESTS = ['outside', 'above', 'below', 'equals'] as const;

function parseCondition(value: unknown, where: string): Condition {
  const json = shape.object(value, where, ['column'], TESTS);
  const column = shape.text(json['column'], `${where}.column`);
  const tests = TESTS.filter((test) => json[test] !== undefined);
  if (tests.length !== 1) shape.fail(`${where} needs exactly one of ${TESTS.join(', ')}.`);
  const [kind] = tests;
  const asked = json[kind];
  if (kind === 'above' || kind === 'below')
    return { column, kind, bound: shape.number(asked, `${where}.${kind}`) };
  if (kind === 'outside') {
    const bounds = shape.list(asked, `${where}.outside`, 2);
    const [low, high] = [0, 1].map((i) => shape.number(bounds[i], `${where}.outside[${i}]`));
    if (low > high) shape.fail(`${where}.outside has its greater bound first.`);
    return { column, kind, low, high };
  }
  if (typeof asked !== 'string' && typeof asked !== 'boolean') shape.number(asked, `${where}.equals`);
  return { column, kind, value: asked as string | number | boolean };
}

function parseEvent(value: unknown): TimeToEvent['event'] {
  const json = shape.object(value, 'event', ['any'], ['atLeast']);
  const any = shape
    .list(json['any'], 'event.any', 1_000)
    .map((one, i) => parseCondition(one, `event.any[${i}]`));
  if (any.length === 0) shape.fail('event.any has no condition.');
  const atLeast = shape.number(json['atLeast'] ?? 1, 'event.atLeast');
  if (!Number.isInteger(atLeast) || atLeast < 1 || atLeast > any.length)
    shape.fail(`event.atLeast is ${atLeast}; it is a whole number from 1 to ${any.length}.`);
  return { any, atLeast };
}

function parseCap(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  const cap = shape.number(value, 'cap');
  return cap > 0 ? cap : shape.fail('cap is not above 0.');
}

/**
 * A label rule from JSON. `time-to-event` counts to the next row that is an event, `run-to-failure` to the last row of the
 * series. LABEL_INVALID names the first fault, a misspelt key with the nearest known one.
 */
export function parseLabel(value: unknown): Label {
  const common = ['group', 'unit', 'cap', 'name'];
  const { kind } = shape.object(value, 'The rule', ['kind'], ['time', ...common, 'event', 'censored']);
  if (!KINDS.some((one) => one === kind))
    shape.fail(
      `There is no kind ${printable(JSON.stringify(kind) ?? String(kind), 60)}: ${suggestWord(String(kind), KINDS)}`,
    );
  const known = kind as Label['kind'];
  const toEvent = known === 'time-to-event';
  const required = toEvent ? ['kind', 'time', 'event'] : ['kind', 'time'];
  const json = shape.object(value, 'The rule', required, toEvent ? [...common, 'censored'] : common);
  const rule: CommonLabel = {
    time: shape.text(json['time'], 'time'),
    group: json['group'] === undefined || json['group'] === null ? null : shape.text(json['group'], 'group'),
    unit: shape.choice(json['unit'] ?? 'rows', 'unit', LABEL_UNITS),
    cap: parseCap(json['cap']),
    name: shape.text(json['name'] ?? 'time_to_event', 'name'),
  };
  if (rule.time === rule.group) shape.fail('time and group are the same column.');
  if (rule.name.trim() === '') shape.fail('name is empty.');
  if (!toEvent) return { kind: 'run-to-failure', ...rule };
  const event = parseEvent(json['event']);
  const censored = shape.choice(json['censored'] ?? 'drop', 'censored', ['drop', 'cap'] as const);
  if (censored === 'cap' && rule.cap === null) shape.fail('censored is "cap", but there is no cap.');
  return { kind: 'time-to-event', ...rule, event, censored };
}
