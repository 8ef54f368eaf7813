import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { labelTable } from '../../../src/datasets/label/label-table.js';
import { parseLabel } from '../../../src/datasets/label/parse-label.js';
import { columnOf, takeRows } from '../../../src/datasets/table.js';
import { errorOf, numbers, tableOf, texts, valuesOf } from '../support/tables.js';

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', 'shape.json'), 'utf8'));
const nan = (values: (number | null)[]) => values.map((value) => value ?? Number.NaN);

function readings() {
  const { at, unit, pressure, temp, vibration } = vectors.wide.mean;
  const sensors = Object.entries({ pressure, temp, vibration }).map(([name, values]) =>
    numbers(name, nan(values)),
  );
  return tableOf(numbers('at', at, 'date'), texts('unit', unit), ...sensors);
}

const rule = {
  kind: 'time-to-event',
  time: 'at',
  group: 'unit',
  event: {
    any: [
      { column: 'temp', outside: [30, 60] },
      { column: 'pressure', above: 55 },
      { column: 'vibration', below: 45 },
    ],
    atLeast: 2,
  },
  unit: 'hours',
  name: 'rul',
};

describe('time to event', () => {
  test('is what pandas.merge_asof finds, and the censored rows are dropped and counted', () => {
    const wanted: (number | null)[] = vectors.label.hours;
    const { table, report } = labelTable(readings(), parseLabel(rule));
    expect(valuesOf(table, 'rul')).toEqual(wanted.filter((value) => value !== null));
    const censored = wanted.filter((value) => value === null).length;
    expect(censored).toBeGreaterThan(0);
    expect(report).toEqual({
      kind: 'time-to-event',
      name: 'rul',
      unit: 'hours',
      rows: wanted.length - censored,
      groups: 3,
      events: vectors.label.events,
      censored,
      censoredWere: 'dropped',
      capped: 0,
      definedBy: ['at', 'unit', 'temp', 'pressure', 'vibration'],
    });
  });

  test('a cap cuts, and censored rows may have it', () => {
    const wanted: (number | null)[] = vectors.label.hours;
    const { table, report } = labelTable(readings(), parseLabel({ ...rule, cap: 2, censored: 'cap' }));
    expect(valuesOf(table, 'rul')).toEqual(wanted.map((value) => Math.min(2, value ?? 2)));
    expect(report).toMatchObject({
      rows: wanted.length,
      censoredWere: 'capped',
      capped: wanted.filter((value) => value !== null && value > 2).length,
    });
  });

  test('rows in any order have the same labels', () => {
    const table = readings();
    const backwards = Int32Array.from({ length: table.rowCount }, (_, i) => table.rowCount - 1 - i);
    const there = labelTable(table, parseLabel({ ...rule, cap: 30, censored: 'cap' })).table;
    const back = labelTable(
      takeRows(table, backwards),
      parseLabel({ ...rule, cap: 30, censored: 'cap' }),
    ).table;
    expect(valuesOf(back, 'rul').reverse()).toEqual(valuesOf(there, 'rul'));
  });

  test('rows, days and cycles; equals for texts, numbers and booleans; a missing value is no event', () => {
    const table = tableOf(
      numbers('cycle', [1, 2, 4, 7], 'integer'),
      numbers('day', [0, 86_400_000, 2 * 86_400_000, 5 * 86_400_000], 'date'),
      texts('state', ['ok', null, 'broken', 'ok']),
      numbers('code', [0, Number.NaN, 9, 0], 'integer'),
      numbers('on', [0, 0, 1, 0], 'boolean'),
    );
    const label = (time: string, unit: string, event: object) =>
      valuesOf(
        labelTable(
          table,
          parseLabel({
            kind: 'time-to-event',
            time,
            unit,
            event: { any: [event] },
            cap: 99,
            censored: 'cap',
          }),
        ).table,
        'time_to_event',
      );
    expect(label('cycle', 'cycles', { column: 'state', equals: 'broken' })).toEqual([3, 2, 0, 99]);
    expect(label('cycle', 'rows', { column: 'code', equals: 9 })).toEqual([2, 1, 0, 99]);
    expect(label('day', 'days', { column: 'on', equals: true })).toEqual([2, 1, 0, 99]);
    expect(label('day', 'hours', { column: 'code', above: 8 })).toEqual([48, 24, 0, 99]);
  });

  test('rows at the time of an event are at the event, wherever they stand', () => {
    const table = tableOf(numbers('t', [1, 1, 1, 2], 'integer'), numbers('v', [0, 9, 0, 0]));
    const json = {
      kind: 'time-to-event',
      time: 't',
      unit: 'cycles',
      event: { any: [{ column: 'v', above: 5 }] },
    };
    expect(valuesOf(labelTable(table, parseLabel(json)).table, 'time_to_event')).toEqual([0, 0, 0]);
  });
});

test('run to failure counts to the end of each series, as for the turbofan engines', () => {
  const table = tableOf(
    numbers('cycle', [3, 1, 2, 1, 2], 'integer'),
    numbers('engine', [1, 1, 1, 2, 2], 'integer'),
  );
  const json = {
    kind: 'run-to-failure',
    time: 'cycle',
    group: 'engine',
    unit: 'cycles',
    cap: 1,
    name: 'rul',
  };
  const made = labelTable(table, parseLabel(json));
  expect(valuesOf(made.table, 'rul')).toEqual([0, 1, 1, 1, 0]);
  expect(columnOf(made.table, 'rul').type).toBe('integer');
  expect(made.report).toMatchObject({
    rows: 5,
    events: 2,
    groups: 2,
    censored: 0,
    capped: 1,
    definedBy: ['cycle', 'engine'],
  });
});

describe('what does not fit is one error', () => {
  test.each<[string, object, string, RegExp]>([
    [
      'a sensor that is not there',
      { event: { any: [{ column: 'temperature', above: 1 }] } },
      'COLUMN_NOT_FOUND',
      /"temperature"/,
    ],
    [
      'a text among numbers',
      { event: { any: [{ column: 'unit', above: 1 }] } },
      'LABEL_INVALID',
      /type category/,
    ],
    [
      'a number for a text',
      { event: { any: [{ column: 'temp', equals: 'hot' }] } },
      'LABEL_INVALID',
      /must be a number/,
    ],
    [
      'no event at all',
      { event: { any: [{ column: 'temp', above: 1e9 }] } },
      'TARGET_INVALID',
      /No row is an event/,
    ],
    ['cycles of a date', { unit: 'cycles' }, 'LABEL_INVALID', /cycles need a number/],
    ['rows of one time', { unit: 'rows', group: null }, 'DATA_ROW_INVALID', /same "at" as row/],
    ['a name that is taken', { name: 'temp' }, 'LABEL_INVALID', /a column "temp" already/],
  ])('%s', async (_, more, code, text) => {
    const error = await errorOf(() => labelTable(readings(), parseLabel({ ...rule, ...more })));
    expect(error.code).toBe(code);
    expect(`${error.message} ${error.why}`).toMatch(text);
  });

  test.each<[object, RegExp]>([
    [{ kind: 'time-to-failure' }, /no kind "time-to-failure": did you mean "run-to-failure"/],
    [{ event: undefined }, /lacks the key "event"|event is not an object/],
    [{ event: { any: [] } }, /no condition/],
    [{ event: { any: [{ column: 'a', above: 1, below: 2 }] } }, /exactly one of/],
    [{ event: { any: [{ column: 'a', outside: [2, 1] }] } }, /greater bound first/],
    [{ event: { any: [{ column: 'a', above: 1 }], atLeast: 2 } }, /from 1 to 1/],
    [{ censored: 'cap' }, /there is no cap/],
    [{ cap: 0 }, /not above 0/],
    [{ caps: 1 }, /unknown key "caps".*did you mean "cap"/],
    [{ unit: 'weeks' }, /unit is none of/],
    [{ group: 'at' }, /same column/],
    [{ kind: 'run-to-failure' }, /unknown key "event"/],
  ])('%j', async (more, why) => {
    const error = await errorOf(() => parseLabel({ ...rule, ...more }));
    expect(error.code).toBe('LABEL_INVALID');
    expect(error.why).toMatch(why);
  });

  test('an unknown kind is named with those that there are, whatever else is missing', async () => {
    const error = await errorOf(() => parseLabel({ kind: 'survival' }));
    expect(error.why).toBe('There is no kind "survival": there is: time-to-event, run-to-failure');
  });
});
