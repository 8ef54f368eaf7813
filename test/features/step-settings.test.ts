import { describe, expect, test } from 'vitest';
import type { Table } from '../../src/datasets/table.js';
import { recipeFromJson, type StepConfig } from '../../src/features/recipe.js';
import { toJson } from '../../src/util/json.js';
import { errorOf } from '../datasets/support/tables.js';
import { fitOn, tableOfRows } from './support/tables.js';

const numbers = tableOfRows(
  ['sensor_1', 'sensor_2', 'cycle', 'unit', 'sales'],
  Array.from({ length: 9 }, (_, i) => [Math.sin(i), i % 4, i, 7, i / 3]),
);
const table: Table = {
  ...numbers,
  columns: [
    ...numbers.columns,
    { name: 'day', type: 'date', values: Float64Array.from({ length: 9 }, (_, i) => i * 86_400_000) },
    {
      name: 'site',
      type: 'category',
      codes: Int32Array.from({ length: 9 }, (_, i) => i % 2),
      categories: ['p', 'q'],
    },
  ],
};
const FEATURES = ['sensor_1', 'sensor_2', 'day', 'site'];
const ROLES = { time: 'cycle', group: 'unit', past: ['sales'] };
const y = Float64Array.from({ length: 9 }, (_, i) => i ** 2);
const fitted = (steps: StepConfig[], roles: object = ROLES, classCount = 0) =>
  fitOn(table, FEATURES, steps, { roles, y, classCount });

describe('settings that cannot be are one clear error', () => {
  test.each<[StepConfig, RegExp]>([
    [
      { kind: 'lag', columns: ['sensr_1'], by: 1 },
      /lag.columns\[0\] is "sensr_1", which is no column here: did you mean "sensor_1"\?/,
    ],
    [{ kind: 'lag', columns: [], by: 1 }, /columns is empty/],
    [{ kind: 'lag', columns: 'sensor_1', by: 1 }, /columns is not a list/],
    [{ kind: 'lag', columns: ['sensor_1', 'sensor_1'], by: 1 }, /an entry twice/],
    [{ kind: 'lag', columns: ['sensor_1'] }, /by is not given/],
    [{ kind: 'lag', columns: ['sensor_1'], by: 0 }, /by\[0\] is 0, not a whole number from 1/],
    [{ kind: 'lag', columns: ['sensor_1'], by: [1, 1.5] }, /by\[1\] is 1.5/],
    [{ kind: 'lag', columns: ['sensor_1'], by: [2, 2] }, /by has an entry twice/],
    [{ kind: 'lag', columns: ['sensor_1'], by: '1' }, /by is not a list/],
    [{ kind: 'lag', columns: ['cycle'], by: 1 }, /"cycle", which this step cannot use: it orders the rows/],
    [
      { kind: 'lag', columns: ['unit'], by: 1 },
      /"unit", which this step cannot use: it tells the series apart/,
    ],
    [{ kind: 'diff', columns: ['site'] }, /"site", which this step cannot use: it is a category/],
    [{ kind: 'rolling', windows: 3, of: ['median'] }, /of\[0\] is "median": did you mean "mean"/],
    [{ kind: 'rolling', windows: [3, 5], min: 4 }, /min is 4, not a whole number from 1 to 3/],
    [{ kind: 'ratio', of: 'sensor_1' }, /ratio.by is not text/],
    [{ kind: 'ratio', of: 'sensor_1', by: 'sensor_2', name: 'day' }, /would make the column "day"/],
    [{ kind: 'calendar', column: 'day', parts: ['hours'] }, /"hours": did you mean "hour"\?/],
    [{ kind: 'calendar', column: 'cycle', parts: ['hour'] }, /"cycle", which is no date/],
    [
      { kind: 'calendar', column: 'day', parts: ['hour'], zone: 'Asia/Soul' },
      /"Asia\/Soul", which is no time zone/,
    ],
    [{ kind: 'elapsed', since: '2024' }, /since is not a finite number/],
    [{ kind: 'elapsed', column: 'day', since: '2024-13-01' }, /"2024-13-01", which is no date/],
    [{ kind: 'elapsed', unit: 'day' }, /unit is for dates, and "cycle" is a number/],
    [{ kind: 'expanding-mean', by: 'site', prior: -1 }, /prior is -1, not a number from 0/],
    [
      { kind: 'expanding-mean', by: 'sales' },
      /"sales", which this step cannot use: it is known only up to the row before/,
    ],
    [{ kind: 'select' }, /Neither dropCorrelated nor keep/],
    [{ kind: 'select', keep: 0 }, /keep is 0, not a whole number from 1/],
    [{ kind: 'select', dropCorrelated: 0.9, least: 3 }, /least is for keep/],
    [{ kind: 'drop', columns: ['unit'] }, /"unit", which this step cannot use/],
    [{ kind: 'drop' }, /drop.columns is not a list/],
  ])('%j', async (step, why) => {
    const error = await errorOf(() => fitted([step]));
    expect(error).toMatchObject({
      code: 'FEATURES_INVALID',
      message: `The recipe step "${step.kind}" cannot be used.`,
    });
    expect(error.why).toMatch(why);
  });

  test('a setting that the step does not have', async () => {
    const error = await errorOf(() => fitted([{ kind: 'rolling', window: 3 }]));
    expect(error.message).toBe('The recipe step "rolling" has no setting "window".');
    expect(error.why).toBe('did you mean "windows"?');
  });

  test.each(['lag', 'expanding-mean'])('%s without a column that orders the rows', async (kind) => {
    const settings = kind === 'lag' ? { by: 1 } : { by: 'site' };
    const error = await errorOf(() => fitted([{ kind, ...settings }], {}));
    expect(error.why).toMatch(/no column orders the rows \(--time COLUMN\)/);
  });

  test('a mean of classes, and a recipe that leaves nothing', async () => {
    const mean = await errorOf(() => fitted([{ kind: 'expanding-mean', by: 'site' }], ROLES, 3));
    expect(mean.why).toMatch(/3 classes, and no mean/);
    const none = await errorOf(() =>
      fitted([{ kind: 'drop', columns: ['sensor_1', 'sensor_2', 'day', 'site'] }]),
    );
    expect(none.message).toMatch(/makes 0 columns/);
  });
});

describe('a hostile step in a model file is refused by the place of its fault', () => {
  const { recipe, signature } = fitted([
    { kind: 'lag', columns: ['sensor_1'], by: [1, 2] },
    { kind: 'rolling', columns: ['sales'], windows: 3, of: ['sd'] },
    { kind: 'calendar', column: 'day', parts: ['month'] },
    { kind: 'expanding-mean', by: 'site' },
    { kind: 'select', keep: 3 },
  ]);
  const good = JSON.parse(toJson(recipe)) as { steps: Record<string, unknown>[] };
  const [lag, rolling, calendar, mean, select] = good.steps;
  const history = mean['history'] as { key: number; times: number[]; sums: number[]; counts: number[] }[];
  const withHistory = (change: object) => [{ ...mean, history: [{ ...history[0], ...change }, history[1]] }];

  test('the good one is not', () => {
    expect(recipeFromJson(good, signature).outputs).toEqual(recipe.outputs);
  });

  test.each<[unknown[], RegExp]>([
    [[{ ...lag, columns: ['gone'] }], /steps\[0\].columns\[0\] is "gone", which is no column/],
    [[{ ...lag, by: [1e9] }], /by\[0\] is 1000000000/],
    [[{ ...lag, by: new Array(2000).fill(1) }], /2000 entries/],
    [
      [
        {
          ...rolling,
          columns: ['sensor_1', 'sensor_2', 'sales'],
          windows: Array.from({ length: 1000 }, (_, i) => i + 1),
          of: ['mean', 'sd', 'min', 'max'],
          min: 1,
        },
      ],
      /It would make 12000 columns/,
    ],
    [[{ ...lag, by: ['1'] }], /by\[0\] is not a finite number/],
    [[{ ...lag, code: 'x' }], /unknown key "code"/],
    [[lag, lag], /would make the column "sensor_1_lag1"/],
    [[{ ...rolling, min: 9 }], /min is 9/],
    [[{ ...calendar, zone: '../etc' }], /no time zone/],
    [[{ ...mean, history: undefined }], /history is not a list/],
    [[{ ...mean, history: [history[0], history[0]] }], /a key twice/],
    [withHistory({ times: [2, 1], sums: [1, 2], counts: [1, 2] }), /times\[1\] is not after/],
    [withHistory({ times: [1, 2], sums: [1, 2], counts: [1, 1] }), /counts\[1\] is not more/],
    [withHistory({ times: [1], sums: [1], counts: [0] }), /counts\[0\] is not more/],
    [withHistory({ times: [1], sums: [null], counts: [1] }), /sums\[0\] is not a finite number/],
    [withHistory({ times: [1], sums: [], counts: [1] }), /1 times, 0 sums/],
    [withHistory({ key: 'p' }), /key is not a finite number/],
    [[{ ...select, columns: ['site'] }], /"site", which this step cannot use/],
    [[{ kind: 'drop', columns: ['sensor_1', 'sensor_2', 'day', 'site'] }], /leave no column/],
  ])('%#', async (steps, why) => {
    const error = await errorOf(() => recipeFromJson(JSON.parse(JSON.stringify({ steps })), signature));
    expect(error.code).toBe('MODEL_FILE_INVALID');
    expect(error.why).toMatch(why);
  });
});
