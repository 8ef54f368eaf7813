import { describe, expect, test } from 'vitest';
import type { Table } from '../../src/datasets/table.js';
import { correlate } from '../../src/features/correlation.js';
import {
  distanceOf,
  fitOn,
  numbersOf,
  outputOf,
  type Plain,
  tableOfRows,
  vectorsOf,
} from './support/tables.js';

interface SeriesVectors {
  names: string[];
  rows: Plain[][];
  outputs: Record<string, Plain[]>;
  category: { categories: string[]; codes: number[]; target: number[] };
  dates: number[];
  calendar: Record<string, Record<string, Plain[]>>;
  correlation: { names: string[]; rows: Plain[][]; matrix: Plain[][] };
}

const vectors = vectorsOf<SeriesVectors>('series.json');
const { names } = vectors;
const table = tableOfRows(['machine', 'time', ...names], vectors.rows);
const roles = { time: 'time', group: 'machine' };

/** The names of the vectors that begin with a column and one of these words. */
const wantedOf = (...words: string[]) =>
  Object.keys(vectors.outputs).filter((name) =>
    words.some((word) => names.some((column) => name.startsWith(`${column}_${word}`))),
  );

describe('equal to pandas to 1e-9, whatever the order of the rows', () => {
  const by = [1, 3, 6];
  const fitted = fitOn(
    table,
    names,
    [
      { kind: 'lag', columns: names, by },
      { kind: 'diff', columns: names, by },
      { kind: 'change', columns: names, by },
    ],
    { roles },
  );
  test.each(wantedOf('lag', 'diff', 'change'))('%s', (name) => {
    expect(distanceOf(outputOf(fitted, name), vectors.outputs[name])).toBeLessThanOrEqual(1e-9);
  });

  test.each([1, 2])('rolling windows of at least %d values', (min) => {
    const of = ['mean', 'sd', 'min', 'max'];
    const rolled = fitOn(table, names, [{ kind: 'rolling', windows: [2, 5, 20], of, min }], { roles });
    const wanted = wantedOf(...of).filter((name) => name.endsWith(`/${min}`));
    expect(wanted).toHaveLength(36);
    for (const name of wanted) {
      const found = outputOf(rolled, name.replace(/\/.*/, ''));
      expect(distanceOf(found, vectors.outputs[name]), name).toBeLessThanOrEqual(1e-9);
    }
  });

  test('a past column is seen one row later, and is no output itself', () => {
    const past = fitOn(
      table,
      [],
      [
        { kind: 'lag', by: [1, 3] },
        { kind: 'diff', columns: names },
        { kind: 'rolling', columns: names, windows: 5, of: ['mean', 'sd'] },
      ],
      { roles: { ...roles, past: names } },
    );
    expect(past.recipe.outputs.filter((name) => !/_/.test(name))).toEqual([]);
    for (const name of names) {
      for (const made of ['lag1', 'lag3'])
        expect(outputOf(past, `${name}_${made}`)).toEqual(numbersOf(vectors.outputs[`${name}_${made}`]));
      for (const made of ['diff1', 'mean5', 'sd5']) {
        const found = outputOf(past, `${name}_${made}`);
        expect(distanceOf(found, vectors.outputs[`past ${name}_${made}`]), made).toBeLessThanOrEqual(1e-9);
      }
    }
  });

  test.each([0, 3])('the mean target of earlier rows of a category, with a prior of %d', (prior) => {
    const { categories, codes, target } = vectors.category;
    const withKind: Table = {
      ...table,
      columns: [
        ...table.columns,
        { name: 'kind', type: 'category', codes: Int32Array.from(codes), categories },
      ],
    };
    const y = Float64Array.from(target);
    const fitted = fitOn(withKind, ['kind'], [{ kind: 'expanding-mean', by: 'kind', prior }], {
      roles: { time: 'time' },
      y,
    });
    expect(fitted.recipe.sequential).toBe(false);
    const wanted = vectors.outputs[`kind_target_mean/${prior}`];
    expect(distanceOf(outputOf(fitted, 'kind_target_mean'), wanted)).toBeLessThanOrEqual(1e-9);
  });

  test.each(Object.keys(vectors.calendar))('calendar parts on the clock of %s', (zone) => {
    const parts = Object.keys(vectors.calendar[zone]);
    const dates: Table = {
      rowCount: vectors.dates.length,
      columns: [{ name: 'at', type: 'date', values: Float64Array.from(vectors.dates) }],
    };
    const fitted = fitOn(dates, ['at'], [{ kind: 'calendar', column: 'at', parts, zone }]);
    expect(fitted.recipe.outputs).toEqual(parts.map((part) => `at_${part}`));
    for (const part of parts)
      expect(distanceOf(outputOf(fitted, `at_${part}`), vectors.calendar[zone][part]), part).toBeLessThan(
        1e-12,
      );
  });

  test('correlations of columns with gaps', () => {
    const { rows, matrix } = vectors.correlation;
    const width = matrix.length;
    const y = numbersOf(rows.map((row) => row[width - 1]));
    const columns = Int32Array.from({ length: width - 1 }, (_, i) => i);
    const found = correlate(numbersOf(rows.flat()), rows.length, width, columns, { y, classCount: 0 });
    for (const a of columns) {
      expect(found.withTarget[a]).toBeCloseTo(Math.abs(matrix[a][width - 1]!), 12);
      for (const b of columns)
        if (a !== b) expect(found.between(a, b)).toBeCloseTo(Math.abs(matrix[a][b]!), 12);
    }
  });
});

test("the turbofan features over 5 and 20 cycles are pandas' own", () => {
  const engines = vectorsOf<{ names: string[]; rows: Plain[][]; outputs: Record<string, Plain[]> }>(
    'fd001.json',
  );
  const sensors = engines.names.slice(2);
  const fitted = fitOn(
    tableOfRows(engines.names, engines.rows),
    sensors,
    [{ kind: 'rolling', windows: [5, 20], of: ['mean', 'sd'] }, { kind: 'elapsed' }],
    { roles: { time: 'cycle', group: 'unit' } },
  );
  expect(fitted.recipe).toMatchObject({ sequential: true, lookBack: 19 });
  expect(fitted.recipe.outputs).toHaveLength(sensors.length * 5 + 1);
  for (const [name, wanted] of Object.entries(engines.outputs))
    expect(distanceOf(outputOf(fitted, name), wanted), name).toBeLessThanOrEqual(1e-9);
});

describe('what cannot be computed is missing, never infinite', () => {
  const one = (values: Plain[], other: Plain[] = values) =>
    tableOfRows(
      ['t', 'a', 'b'],
      values.map((value, i) => [i, value, other[i]]),
    );
  const of = (table: Table, steps: Parameters<typeof fitOn>[2], name: string) => [
    ...outputOf(fitOn(table, ['a', 'b'], steps, { roles: { time: 't' } }), name),
  ];
  const { NaN: missing } = Number;

  test('a division by zero or a missing value', () => {
    const found = of(
      one([1, 0, null, 6, 1e308], [0, 0, 1, 3, 1e-308]),
      [{ kind: 'ratio', of: 'a', by: 'b' }],
      'a_per_b',
    );
    expect(found).toEqual([missing, missing, missing, 2, missing]);
  });

  test('a change from zero, and a difference beyond all numbers', () => {
    const values = [0, 2, 3, 0, 0];
    expect(of(one(values), [{ kind: 'change' }], 'a_change1')).toEqual([missing, missing, 0.5, -1, missing]);
    expect(of(one([1.7e308, -1.7e308]), [{ kind: 'diff' }], 'a_diff1')).toEqual([missing, missing]);
  });

  test('the deviation of one value; of equal ones it is exactly 0', () => {
    const steps = [{ kind: 'rolling', windows: 3, of: ['sd', 'mean'] }];
    expect(of(one([0.1, 0.1, 0.1, null]), steps, 'a_sd3')).toEqual([missing, 0, 0, 0]);
    expect(of(one([0.1, 0.1, 0.1, null]), steps, 'a_mean3')).toEqual([0.1, 0.1, 0.1, 0.1]);
  });
});

test('a date may count from a day, and a number of time as it is', () => {
  const DAY = 86_400_000;
  const dates: Table = {
    rowCount: 2,
    columns: [
      { name: 'day', type: 'date', values: Float64Array.of(Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 8, 12)) },
      { name: 'n', type: 'integer', values: Float64Array.of(7, 9) },
    ],
  };
  const of = (settings: object, time: string, name: string) => [
    ...outputOf(fitOn(dates, [], [{ kind: 'elapsed', ...settings }], { roles: { time } }), name),
  ];
  expect(of({ since: '2024-01-01' }, 'day', 'day_elapsed')).toEqual([0, 7.5]);
  expect(of({ since: '2024-01-01', unit: 'week' }, 'day', 'day_elapsed')).toEqual([0, 7.5 / 7]);
  expect(of({}, 'day', 'day_elapsed')).toEqual([Date.UTC(2024, 0, 1) / DAY, Date.UTC(2024, 0, 8, 12) / DAY]);
  expect(of({ since: 5 }, 'n', 'n_elapsed')).toEqual([2, 4]);
});

describe('select', () => {
  // b is a twin of a with a little noise, c is another thing, d is constant.
  const rows = Array.from({ length: 40 }, (_, i): Plain[] => {
    const a = Math.sin(i);
    return [a, -a + 0.01 * Math.cos(7 * i), Math.cos(3 * i), 1];
  });
  const twins = tableOfRows(['a', 'b', 'c', 'd'], rows);
  const y = Float64Array.from(rows, (row) => row[0]! + 0.3 * row[2]!);
  const kept = (settings: object, target = y, classCount = 0) =>
    fitOn(twins, ['a', 'b', 'c', 'd'], [{ kind: 'select', ...settings }], { y: target, classCount }).recipe
      .outputs;

  test('of two that are nearly the same, the one nearer to the target stays', () => {
    expect(kept({ dropCorrelated: 0.95 })).toEqual(['a', 'c', 'd']);
    expect(
      kept(
        { dropCorrelated: 0.95 },
        Float64Array.from(rows, (row) => row[1]!),
      ),
    ).toEqual(['b', 'c', 'd']);
  });

  test('the best by number, by share, and no fewer than the least', () => {
    expect(kept({ dropCorrelated: 0.95, keep: 2 })).toEqual(['a', 'c']);
    expect(kept({ keep: 0.5 })).toEqual(['a', 'b']);
    expect(kept({ keep: 0.1, least: 3 })).toEqual(['a', 'b', 'c']);
  });

  test('of many classes each counts', () => {
    const classes = Float64Array.from(rows, (row) => (row[2]! > 0.8 ? 2 : row[2]! < -0.8 ? 0 : 1));
    expect(kept({ keep: 1 }, classes, 3)).toEqual(['c']);
  });
});
