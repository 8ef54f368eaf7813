import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Signature } from '../../src/datasets/signature.js';
import { fitRecipe, recipeFromJson } from '../../src/features/recipe.js';
import type { StepConfig } from '../../src/features/step.js';
import { toJson } from '../../src/util/json.js';
import { errorOf } from '../datasets/support/tables.js';

interface Vectors {
  train: number;
  features: { name: string; categories: string[] | null }[];
  cells: (number | null)[][];
  cases: { impute: string | null; one_hot: boolean; scale: boolean; x: (number | null)[][] }[];
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, 'vectors', 'recipe.json'), 'utf8'),
) as Vectors;
const flat = (rows: (number | null)[][]) => Float64Array.from(rows.flat(), (value) => value ?? Number.NaN);

const signature: Signature = {
  features: vectors.features.map(({ name, categories }) =>
    categories === null
      ? { name, type: 'number', nullable: true }
      : { name, type: 'category', nullable: true, categories },
  ),
  target: { name: 'y', type: 'integer', classes: [0, 1] },
};
const cells = flat(vectors.cells);
const rowCount = vectors.cells.length;
const trainCells = cells.slice(0, vectors.train * signature.features.length);
const ALL: StepConfig[] = [{ kind: 'impute' }, { kind: 'one-hot' }, { kind: 'scale' }];

describe('equal to scikit-learn to 1e-12', () => {
  test.each(vectors.cases)(
    'impute $impute, one-hot $one_hot, scale $scale',
    ({ impute, one_hot, scale, x }) => {
      const steps: StepConfig[] = [
        ...(impute === null ? [] : [{ kind: 'impute', strategy: impute }]),
        ...(one_hot ? [{ kind: 'one-hot' }] : []),
        ...(scale ? [{ kind: 'scale' }] : []),
      ];
      const recipe = fitRecipe(steps, trainCells, vectors.train, signature);
      const found = recipe.transform(cells, rowCount);
      const wanted = flat(x);
      expect(found).toHaveLength(wanted.length);
      expect(recipe.outputs).toHaveLength(wanted.length / rowCount);
      for (let i = 0; i < wanted.length; i++) {
        if (Number.isNaN(wanted[i])) expect(found[i]).toBeNaN();
        else
          expect(Math.abs(found[i] - wanted[i])).toBeLessThanOrEqual(
            1e-12 * Math.max(1, Math.abs(wanted[i])),
          );
      }
    },
  );
});

test('outputs are named after their features, indicators NAME=value', () => {
  const { inputs, outputs } = fitRecipe(ALL, trainCells, vectors.train, signature);
  expect(inputs).toEqual(vectors.features.map(({ name }) => name));
  expect(outputs.slice(0, 5)).toEqual(['skewed', 'region=busan', 'region=seoul', 'region=ulsan', 'large']);
});

const stepsOf = fc.subarray(ALL).map((steps) => [...steps].reverse());

test('a row gives the same bits alone, in a batch and out of a file, and the cells stay as they are', () => {
  const width = signature.features.length;
  fc.assert(
    fc.property(stepsOf, fc.array(fc.nat(rowCount - 1), { minLength: 1, maxLength: 9 }), (steps, rows) => {
      const recipe = fitRecipe(steps, trainCells, vectors.train, signature);
      const again = recipeFromJson(JSON.parse(toJson(recipe)), signature);
      const batch = Float64Array.from(
        rows.flatMap((row) => [...cells.slice(row * width, (row + 1) * width)]),
      );
      const before = batch.slice();
      const x = recipe.transform(batch, rows.length);
      const alone = rows.flatMap((row) => [
        ...recipe.transform(cells.slice(row * width, (row + 1) * width), 1),
      ]);
      // A copy of ten million rows that no step changes would be waste.
      expect(x === batch).toBe(steps.length === 0);
      expect(Buffer.from(x.buffer)).toEqual(Buffer.from(Float64Array.from(alone).buffer));
      expect(Buffer.from(again.transform(batch, rows.length).buffer)).toEqual(Buffer.from(x.buffer));
      expect(again.outputs).toEqual(recipe.outputs);
      expect(batch).toEqual(before);
    }),
    { numRuns: 60, seed: 4 },
  );
});

test('the median of an even number of values is the mean of the two in the middle, of an odd number the middle one', () => {
  const one: Signature = {
    features: [{ name: 'x', type: 'number', nullable: true }],
    target: signature.target,
  };
  const fill = (...values: number[]) =>
    fitRecipe([{ kind: 'impute' }], Float64Array.from(values), values.length, one).transform(
      Float64Array.of(Number.NaN),
      1,
    )[0];
  expect(fill(10, 1, Number.NaN, 3, 2)).toBe(2.5);
  expect(fill(10, 1, 100)).toBe(10);
});

test('what was fitted depends on the given rows alone', () => {
  const more = Float64Array.from([...trainCells, ...cells.map((value) => value * 1e6)]);
  const fitted = fitRecipe(ALL, more, vectors.train, signature);
  expect(toJson(fitted)).toBe(toJson(fitRecipe(ALL, trainCells, vectors.train, signature)));
});

test('columns without values, with one value, and with values at the end of the range stay finite', () => {
  const names = ['empty', 'zero', 'huge', 'least'];
  const odd: Signature = {
    features: names.map((name) => ({ name, type: 'number', nullable: true })),
    target: signature.target,
  };
  const { NaN: missing } = Number;
  const rows = Float64Array.of(
    missing,
    -0,
    1.7e308,
    5e-324,
    missing,
    -0,
    1.6e308,
    0,
    missing,
    -0,
    missing,
    missing,
  );
  for (const strategy of ['median', 'mean']) {
    const recipe = fitRecipe([{ kind: 'impute', strategy }, { kind: 'scale' }], rows, 3, odd);
    expect([...recipe.transform(rows, 3)].every(Number.isFinite)).toBe(true);
    const again = recipeFromJson(JSON.parse(toJson(recipe)), odd);
    expect(again.transform(rows, 3)).toEqual(recipe.transform(rows, 3));
  }
});

describe('recipes that cannot be', () => {
  test.each<[StepConfig[], RegExp]>([
    [[{ kind: 'onehot' }], /no recipe step "onehot"/],
    [[{ kind: 'impute', strategi: 'mean' }], /no setting "strategi"/],
    [[{ kind: 'impute', strategy: 'mode' }], /no strategy "mode"/],
    [[{ kind: 'scale', mean: 0 }], /no setting "mean"/],
  ])('%j', async (steps, what) => {
    const error = await errorOf(() => fitRecipe(steps, trainCells, vectors.train, signature));
    expect(error.code).toBe('FEATURES_INVALID');
    expect(error.message).toMatch(what);
  });

  test.each([0, 10_001])('%d columns after one-hot', async (count) => {
    const categories = Array.from({ length: count }, (_, i) => `c${i}`);
    const wide: Signature = {
      features: [{ name: 'c', type: 'category', nullable: true, categories }],
      target: signature.target,
    };
    const error = await errorOf(() => fitRecipe([{ kind: 'one-hot' }], Float64Array.of(Number.NaN), 1, wide));
    expect(error.code).toBe('FEATURES_INVALID');
    expect(error.message).toContain(`makes ${count} columns`);
  });
});

describe('a hostile recipe in a model file is refused by the place of its fault', () => {
  const good = JSON.parse(toJson(fitRecipe(ALL, trainCells, vectors.train, signature))) as {
    steps: Record<string, unknown>[];
  };
  const [impute, oneHot, scale] = good.steps;
  const { fill } = impute as { fill: (number | null)[] };
  const sd = scale['sd'] as (number | null)[];
  const changed = (values: (number | null)[], at: number, value: unknown) =>
    values.map((old, i) => (i === at ? value : old));
  test.each<[unknown, RegExp]>([
    [null, /recipe is not an object/],
    [{}, /lacks the key "steps"/],
    [{ steps: {} }, /steps is not a list/],
    [{ steps: [], code: 'x' }, /unknown key "code"/],
    [{ steps: new Array(21).fill(oneHot) }, /21 entries, more than 20/],
    [{ steps: [null] }, /steps\[0\].kind is none of/],
    [{ steps: [{ kind: 'eval' }] }, /steps\[0\].kind is none of/],
    [{ steps: [{ kind: 'constructor' }] }, /steps\[0\].kind is none of/],
    [{ steps: [{ ...oneHot, categories: [] }] }, /steps\[0\] has the unknown key "categories"/],
    [{ steps: [{ ...impute, strategy: 'mode' }] }, /strategy is none of/],
    [{ steps: [{ ...impute, fill: fill.slice(1) }] }, /fill has 8 entries for 9 columns/],
    [{ steps: [{ ...impute, fill: [...fill, 1] }] }, /fill has 10 entries, more than 9/],
    [{ steps: [{ ...impute, fill: changed(fill, 0, null) }] }, /fill\[0\] is not a finite number/],
    [{ steps: [{ ...impute, fill: changed(fill, 0, '1') }] }, /fill\[0\] is not a finite number/],
    [{ steps: [{ ...impute, fill: changed(fill, 1, 1) }] }, /fill\[1\] is for a column that is no number/],
    [{ steps: [impute, oneHot, { ...scale, sd: changed(sd, 0, 0) }] }, /steps\[2\].sd\[0\] is not above 0/],
    [{ steps: [impute, oneHot, { ...scale, sd: changed(sd, 0, -1) }] }, /sd\[0\] is not above 0/],
    [
      { steps: [impute, oneHot, { ...scale, mean: changed(sd, 0, Number.NaN) }] },
      /mean\[0\] is not a finite/,
    ],
    [{ steps: [impute, scale] }, /entries/],
    [
      JSON.parse(`{"steps": [{"kind": "one-hot", "__proto__": {"kind": "scale"}}]}`),
      /unknown key "__proto__"/,
    ],
  ])('%#', async (json, why) => {
    const error = await errorOf(() => recipeFromJson(json, signature));
    expect(error.code).toBe('MODEL_FILE_INVALID');
    expect(error.why).toMatch(why);
  });
});
