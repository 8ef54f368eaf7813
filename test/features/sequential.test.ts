import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRows } from '../../src/datasets/encode-rows.js';
import { encodeTable } from '../../src/datasets/encode-table.js';
import { type Table, takeRows } from '../../src/datasets/table.js';
import { recipeFromJson, type StepConfig } from '../../src/features/recipe.js';
import { toJson } from '../../src/util/json.js';
import { errorOf } from '../datasets/support/tables.js';
import { fitOn, tableOfRows } from './support/tables.js';

/** Every step that makes columns, and steps on what they made. */
const STEPS: StepConfig[] = [
  { kind: 'lag', columns: ['a', 'own', 'place'], by: [1, 3] },
  { kind: 'diff', columns: ['b', 'own', 'day'], by: [1, 2] },
  { kind: 'change', columns: ['b'], by: 2 },
  { kind: 'rolling', columns: ['a', 'own', 'b_diff1'], windows: [2, 4], of: ['mean', 'sd', 'min', 'max'] },
  { kind: 'ratio', of: 'a', by: 'own' },
  { kind: 'calendar', column: 'day', parts: ['weekday', 'month', 'hour_sin'], zone: 'Asia/Seoul' },
  { kind: 'elapsed', since: '2024-01-01' },
  { kind: 'expanding-mean', by: 'place', prior: 2 },
  { kind: 'expanding-mean', by: 'machine' },
  { kind: 'drop', columns: ['b'] },
  { kind: 'select', dropCorrelated: 0.99, keep: 0.9 },
  { kind: 'impute' },
  { kind: 'scale' },
];
const ROLES = { time: 'day', group: 'machine', past: ['own'] };
const DAY = 86_400_000;
const PLACES = ['busan', 'seoul', 'ulsan'];
const MACHINES = ['M-1', '기계 2', 'M-3'];

type Row = [
  machine: number,
  day: number,
  a: number | null,
  b: number | null,
  own: number | null,
  place: number | null,
];

const value = fc.option(
  fc.integer({ min: -50, max: 50 }).map((n) => n / 8),
  { freq: 6 },
);
/** Rows of some machines in any order, no two of a machine on the same day. */
const rowsOf = fc.uniqueArray(
  fc.tuple(fc.nat(2), fc.nat(60), value, value, value, fc.option(fc.nat(2), { freq: 8 })),
  { minLength: 12, maxLength: 50, selector: ([machine, day]) => machine * 100 + day },
);

function tableOf(rows: readonly Row[]): Table {
  const numbers = tableOfRows(['machine', 'day', 'a', 'b', 'own', 'place'], rows);
  const columns = numbers.columns.map((column) => {
    if (column.type === 'category') return column;
    const { name, values } = column;
    const asCodes = (categories: string[]) => ({
      name,
      type: 'category' as const,
      codes: Int32Array.from(values, (value) => (Number.isNaN(value) ? -1 : value)),
      categories,
    });
    if (name === 'machine') return asCodes(MACHINES);
    if (name === 'place') return asCodes(PLACES);
    if (name !== 'day') return column;
    return { name, type: 'date' as const, values: values.map((day) => Date.UTC(2024, 0, 1) + day * DAY) };
  });
  return { rowCount: rows.length, columns };
}

/** A row as a client would send it. */
const jsonOf = ([machine, day, a, b, own, place]: Row) => ({
  machine: MACHINES[machine],
  day: new Date(Date.UTC(2024, 0, 1) + day * DAY).toISOString(),
  a,
  b,
  own,
  place: place === null ? null : PLACES[place],
});

const targetOf = (rows: readonly Row[]) =>
  Float64Array.from(rows, ([machine, day, a]) => machine + Math.sin(day) + (a ?? 0));

const FEATURES = ['a', 'b', 'place'];
const fitAll = (rows: readonly Row[], steps = STEPS, train?: Int32Array) =>
  fitOn(tableOf(rows), FEATURES, steps, { roles: ROLES, y: targetOf(rows), rows: train });

const bits = (x: Float64Array) => Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString('hex');
const rowBits = (x: Float64Array, width: number, row: number) =>
  bits(x.slice(row * width, (row + 1) * width));

describe('a recipe of all steps', () => {
  test('gives rows as JSON at serve time the same bits as the table in training, out of a file too', () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        const { recipe, signature, cells } = fitAll(rows);
        const offline = recipe.transform(cells, rows.length);
        const loaded = recipeFromJson(JSON.parse(toJson(recipe)), signature);
        const encoded = encodeRows(rows.map(jsonOf), signature);
        expect(encoded.problems).toEqual([]);
        expect(bits(loaded.transform(encoded.cells, rows.length))).toBe(bits(offline));
        expect(loaded).toMatchObject({
          outputs: recipe.outputs,
          sequential: true,
          lookBack: recipe.lookBack,
        });
        expect(loaded.categories).toEqual(recipe.categories);
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  test('does not know the future: other later rows of any series change nothing before them', () => {
    fc.assert(
      fc.property(rowsOf, rowsOf, fc.integer({ min: 0, max: 60 }), (rows, others, now) => {
        const until = Int32Array.from(rows.keys()).filter((row) => rows[row][1] <= now);
        const early = rows.filter(([, day]) => day <= now);
        fc.pre(early.length >= 3);
        const late = others.filter(([, day]) => day > now);
        const { recipe, signature } = fitAll(rows, STEPS, until);
        const width = recipe.outputs.length;
        const x = recipe.transform(encodeTable(tableOf(rows), signature), rows.length);
        const changed = [...late, ...early];
        const y = recipe.transform(encodeTable(tableOf(changed), signature), changed.length);
        for (const [i, row] of until.entries())
          expect(rowBits(y, width, late.length + i)).toBe(rowBits(x, width, row));
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  test('of a past column not even the row itself is known', () => {
    fc.assert(
      fc.property(rowsOf, fc.nat(), (rows, pick) => {
        const row = pick % rows.length;
        const { recipe, signature, cells } = fitAll(rows);
        const width = signature.features.length;
        const own = signature.features.findIndex(({ name }) => name === 'own');
        const changed = cells.slice();
        changed[row * width + own] = 1e6;
        const [x, y] = [recipe.transform(cells, rows.length), recipe.transform(changed, rows.length)];
        expect(rowBits(y, recipe.outputs.length, row)).toBe(rowBits(x, recipe.outputs.length, row));
      }),
      { numRuns: 40, seed: 6 },
    );
  });

  test('what was fitted depends on the training rows alone', () => {
    fc.assert(
      fc.property(rowsOf, rowsOf, (rows, others) => {
        const train = Int32Array.from(rows.keys()).filter((row) => row % 3 !== 0);
        const mixed = rows.map(
          (row, i): Row =>
            i % 3 !== 0 ? row : ([row[0], row[1], ...others[i % others.length].slice(2)] as Row),
        );
        expect(toJson(fitAll(mixed, STEPS, train).recipe)).toBe(toJson(fitAll(rows, STEPS, train).recipe));
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  test('needs no more than its look-back of earlier rows', () => {
    fc.assert(
      fc.property(rowsOf, fc.nat(), (rows, pick) => {
        const { recipe, signature, cells } = fitAll(rows);
        const row = pick % rows.length;
        const [machine, day] = rows[row];
        const history = rows
          .map((other, at) => ({ other, at }))
          .filter(({ other }) => other[0] === machine && other[1] < day)
          .sort((a, b) => b.other[1] - a.other[1])
          .slice(0, recipe.lookBack)
          .map(({ at }) => at);
        const asked = Int32Array.from([row, ...history]);
        const few = encodeTable(tableOf(rows), signature, asked);
        const width = recipe.outputs.length;
        const x = recipe.transform(cells, rows.length);
        expect(rowBits(recipe.transform(few, asked.length), width, 0)).toBe(rowBits(x, width, row));
      }),
      { numRuns: 60, seed: 8 },
    );
  });

  test('shows the learner no time, no group and nothing of a past column as it is', () => {
    const rows = fc.sample(rowsOf, { numRuns: 1, seed: 9 })[0];
    const { recipe } = fitAll(rows, STEPS.slice(0, 9));
    for (const name of ['day', 'machine', 'own']) expect(recipe.outputs).not.toContain(name);
    expect(recipe.outputs).toContain('machine_target_mean');
    const at = (name: string) => recipe.categories[recipe.outputs.indexOf(name)];
    expect([at('a'), at('place'), at('place_lag1'), at('own_lag1')]).toEqual([0, 3, 3, 0]);
    expect(recipe.lookBack).toBe(4);
  });
});

test('the look-back is as far as a row looks, through steps that stand on each other', () => {
  const rows: Row[] = Array.from({ length: 12 }, (_, day) => [0, day, day, day, day, 0]);
  const of = (...steps: StepConfig[]) => fitAll(rows, steps).recipe;
  expect(of()).toMatchObject({ sequential: false, lookBack: 0 });
  expect(of({ kind: 'calendar', column: 'day', parts: ['month'] })).toMatchObject({
    sequential: false,
    lookBack: 0,
  });
  expect(of({ kind: 'lag', columns: ['own'], by: 2 }).lookBack).toBe(2);
  expect(of({ kind: 'rolling', columns: ['own'], windows: 5 }).lookBack).toBe(5);
  expect(of({ kind: 'rolling', columns: ['a'], windows: 5 }).lookBack).toBe(4);
  expect(of({ kind: 'ratio', of: 'a', by: 'own' })).toMatchObject({ sequential: true, lookBack: 1 });
  const stacked: StepConfig[] = [
    { kind: 'diff', columns: ['own'] },
    { kind: 'rolling', columns: ['own_diff1'], windows: 3 },
    { kind: 'lag', columns: ['own_diff1_mean3'], by: 6 },
  ];
  expect(of(...stacked).lookBack).toBe(10);
  expect(of(...stacked, { kind: 'drop', columns: ['own_diff1_mean3_lag6'] }).lookBack).toBe(4);
});

test('the row before of each row, and none where no column orders the rows', () => {
  const rows: Row[] = [
    [1, 5, 0, 0, 0, 0],
    [0, 9, 0, 0, 0, 0],
    [1, 2, 0, 0, 0, 0],
    [0, 3, 0, 0, 0, 0],
    [1, 3, 0, 0, 0, 0],
  ];
  const { recipe, cells } = fitAll(rows, []);
  expect(recipe.previousOf(cells, 5)).toEqual(Int32Array.of(4, 3, -1, -1, 2));
  const plain = fitOn(tableOf(rows), ['a'], []);
  expect(plain.recipe.previousOf(plain.cells, 5)).toBeNull();
});

describe('two rows of one series with the same time', () => {
  const rows: Row[] = [
    [0, 1, 1, 1, 1, 0],
    [0, 2, 1, 1, 1, 0],
    [1, 2, 1, 1, 1, 0],
  ];
  const lag: StepConfig[] = [{ kind: 'lag', columns: ['a'], by: 1 }];
  const double = takeRows(tableOf(rows), [0, 1, 2, 1]);

  test('are refused in training, by their time', async () => {
    const error = await errorOf(() => fitOn(double, FEATURES, lag, { roles: ROLES }));
    expect(error).toMatchObject({ code: 'FEATURES_INVALID' });
    expect(error.message).toBe('Two rows of one series have the same day: 2024-01-03.');
  });

  test('and when they are scored', async () => {
    const { recipe, signature } = fitAll(rows, lag);
    const error = await errorOf(() => recipe.transform(encodeTable(double, signature), 4));
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('are nothing to a recipe that looks at no other row', () => {
    const { recipe, cells } = fitOn(double, FEATURES, [{ kind: 'elapsed' }], { roles: ROLES });
    expect(recipe.transform(cells, 4)).toHaveLength(4 * recipe.outputs.length);
  });
});

test('the mean target is that of before for a training row, the last one for a new row, and that of all for a new category', () => {
  const rows: Row[] = [
    [0, 1, 4, 0, 0, 0],
    [0, 2, 8, 0, 0, 1],
    [0, 3, 6, 0, 0, 0],
    [0, 4, 1, 0, 0, 0],
  ];
  const table = tableOf(rows);
  const y = Float64Array.of(4, 8, 6, 1);
  const { recipe, signature } = fitOn(
    table,
    ['place'],
    [
      { kind: 'expanding-mean', by: 'place' },
      { kind: 'drop', columns: ['place'] },
    ],
    {
      roles: { time: 'day' },
      y,
    },
  );
  const score = (...sent: unknown[]) => [...recipe.transform(encodeRows(sent, signature).cells, sent.length)];
  const row = (day: string, place: string | null) => ({ day, place });
  expect(score(row('2024-01-02', 'busan'), row('2024-01-03', 'seoul'), row('2024-01-04', 'busan'))).toEqual([
    Number.NaN,
    4,
    4,
  ]);
  expect(score(row('2024-01-05', 'busan'), row('2025-01-01', 'busan'), row('2025-01-01', 'seoul'))).toEqual([
    5,
    11 / 3,
    8,
  ]);
  expect(score(row('2025-01-01', 'jeju'), row('2025-01-01', null), row('2024-01-04', 'jeju'))).toEqual([
    19 / 4,
    19 / 4,
    6,
  ]);
});
