import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RiskopsError } from '../../src/errors.js';
import type { ImportedModel } from '../../src/models/imported/imported-model.js';
import { parseLightgbm } from '../../src/models/imported/lightgbm.js';
import { parseXgboost } from '../../src/models/imported/xgboost.js';
import { fittedFromImport, importedLightgbm, importedXgboost } from '../../src/models/imported-trees.js';
import type { FittedModel } from '../../src/models/learner.js';
import { sameBytes } from './credit-data.js';

type Cell = number | string | null;

/** A model's JSON, of which only the damaged parts matter. */
// biome-ignore lint/suspicious/noExplicitAny: it is damaged in any place
type LooseModel = any;

interface Vectors {
  rows: Cell[][];
  /** Rows x answers; contributions with the base as the last of a row, or of each class. */
  cases: Record<string, { model: string; predictions: unknown[]; contributions: unknown[] }>;
}

const vectorsOf = (program: string): Vectors =>
  JSON.parse(readFileSync(new URL(`./vectors/imported-${program}.json`, import.meta.url), 'utf8'));
const xgboost = vectorsOf('xgboost');
const lightgbm = vectorsOf('lightgbm');

const numberOf = (cell: unknown) =>
  cell === null ? Number.NaN : cell === 'inf' ? Infinity : cell === '-inf' ? -Infinity : (cell as number);
const numbersOf = (values: unknown[]) => (values.flat(3) as Cell[]).map(numberOf);

/** The greatest difference, relative to the greater of 1 and the value. */
function farthest(found: ArrayLike<number>, wanted: readonly number[]): number {
  expect(found.length).toBe(wanted.length);
  return wanted.reduce(
    (most, value, i) => Math.max(most, Math.abs(found[i] - value) / Math.max(1, Math.abs(value))),
    0,
  );
}

/** Contributions as the other programs lay them out: after each row's, or each class's, features the base. */
function withBase(fitted: FittedModel, x: Float64Array, rowCount: number): number[] {
  const { base, contributions } = fitted.explain!(x, rowCount);
  const width = x.length / rowCount;
  return Array.from({ length: rowCount * base.length }, (_, i) => [
    ...contributions.subarray(i * width, (i + 1) * width),
    base[i % base.length],
  ]).flat();
}

async function check(
  parsed: ImportedModel,
  { predictions, contributions }: Vectors['cases'][string],
  rows: Cell[][],
  tolerance: number,
  factor = 1,
) {
  const x = Float64Array.from(numbersOf(rows));
  const fitted = fittedFromImport(parsed);
  const answers = fitted.predict(x, rows.length);
  expect(farthest(answers, numbersOf(predictions))).toBeLessThan(tolerance);
  expect(
    farthest(
      withBase(fitted, x, rows.length),
      numbersOf(contributions).map((value) => value * factor),
    ),
  ).toBeLessThan(1e-5);
  const learner = parsed.program === 'xgboost' ? importedXgboost : importedLightgbm;
  const shape = { featureCount: 4, categories: new Int32Array(4), classCount: parsed.classCount };
  const loaded = await learner.load(structuredClone(fitted.save()), parsed.task, shape);
  expect(sameBytes(loaded.predict(x, rows.length), answers)).toBe(true);
}

for (const [name, one] of Object.entries(xgboost.cases)) {
  test(`XGBoost, ${name}: predictions as its own to the last bits of a float32, contributions to 1e-5`, async () => {
    // Sums are the same to the last bit; XGBoost's exponentials are of float32.
    await check(parseXgboost(one.model), one, xgboost.rows, name === 'regression' ? 1e-15 : 3e-7);
  });
}

for (const [name, one] of Object.entries(lightgbm.cases)) {
  if (name === 'pandas' || name === 'linear') continue;
  test(`LightGBM, ${name}: predictions as its own to 1e-12, contributions to 1e-5`, async () => {
    // Its contributions leave out the sigmoid's slope, and are those of the sum where the answer is the mean.
    const factor = { binary: 1.5, forest: 1 / 6 }[name] ?? 1;
    await check(parseLightgbm(one.model), one, lightgbm.rows, 1e-12, factor);
  });
}

test('LightGBM of a pandas frame: texts and numbers as categories', async () => {
  const parsed = parseLightgbm(lightgbm.cases['pandas'].model);
  expect(parsed.features[3].categories).toEqual(['blue', 'green', 'red', 'yellow']);
  expect(parsed.features[2].rule).toEqual({ kind: 'value', values: [0, 1, 2, 5, 9, 34, 40] });
  await check(parsed, lightgbm.cases['pandas'], lightgbm.rows.slice(0, 40), 1e-12);
});

function refusal(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(RiskopsError);
    expect((error as RiskopsError).code).toBe('IMPORT_INVALID');
    return (error as RiskopsError).why!;
  }
  throw new Error('it was taken in');
}

test('refused by name: what riskops does not run', () => {
  const text = lightgbm.cases['regression'].model;
  const lgb = (from: string | RegExp, to: string) => refusal(() => parseLightgbm(text.replace(from, to)));
  expect(refusal(() => parseLightgbm(lightgbm.cases['linear'].model))).toMatch(/linear_tree/);
  expect(lgb('objective=regression', 'objective=regression sqrt')).toMatch(/"regression sqrt"/);
  expect(lgb('objective=regression', 'objective=lambdarank')).toMatch(/"lambdarank"/);
  expect(lgb(/objective=.*\n/, '')).toMatch(/no objective/);
  expect(lgb('version=v4', 'version=v2')).toMatch(/format is "v2"/);
  const json = xgboost.cases['regression'].model;
  const xgb = (from: string, to: string) => refusal(() => parseXgboost(json.replace(from, to)));
  expect(xgb('"name":"gbtree"', '"name":"dart"')).toMatch(/booster is "dart"/);
  expect(xgb('reg:squarederror', 'rank:pairwise')).toMatch(/"rank:pairwise"/);
  expect(refusal(() => parseXgboost('binf\u0000'))).toMatch(/not JSON/);
});

test('refused in one line: files that are cut off, changed or made to do harm', () => {
  const text = lightgbm.cases['regression'].model;
  const lgb = (from: string | RegExp, to: string) => refusal(() => parseLightgbm(text.replace(from, to)));
  for (let cut = 0; cut < text.indexOf('end of trees'); cut += 97)
    expect(refusal(() => parseLightgbm(text.slice(0, cut)))).not.toMatch(/\n/);
  expect(lgb(/\nTree=3\n[\s\S]*?\n\n/, '\n')).toMatch(/fewer trees|cut off/);
  expect(lgb(/left_child=\d+/, 'left_child=0')).toMatch(/leads nowhere or back/);
  expect(lgb(/left_child=\d+/, 'left_child=99')).toMatch(/leads nowhere or back/);
  expect(lgb(/left_child=\d+/, 'left_child=-99')).toMatch(/leads nowhere or back/);
  expect(lgb(/split_feature=\d+/, 'split_feature=4')).toMatch(/asks for feature 4 of 4/);
  expect(lgb(/leaf_value=\S+/, 'leaf_value=nan')).toMatch(/nobody can compute/);
  expect(lgb(/num_leaves=\d+/, 'num_leaves=1000000000')).toMatch(/as \w+, where 999999999 belong/);
  const json = xgboost.cases['regression'].model;
  const model = () => JSON.parse(json.replaceAll('NaN', 'null'));
  const xgb = (damage: (tree: Record<string, unknown[]>, model: LooseModel) => void) => {
    const damaged = model();
    damage(damaged.learner.gradient_booster.model.trees[0], damaged);
    return refusal(() => parseXgboost(JSON.stringify(damaged)));
  };
  expect(xgb((tree) => tree['left_children'].fill(0, 0, 1))).toMatch(/leads nowhere or back/);
  expect(xgb((tree) => tree['right_children'].fill(1e9, 0, 1))).toMatch(/leads nowhere or back/);
  expect(xgb((tree) => tree['split_indices'].fill(77, 0, 1))).toMatch(/asks for feature 77 of 4/);
  expect(xgb((tree) => tree['split_conditions'].pop())).toMatch(/no list "split_conditions" of/);
  expect(xgb((tree) => tree['categories'].fill(1e9))).toMatch(/category that is not a whole number below/);
  expect(xgb((_, whole) => delete whole.learner.objective)).toMatch(/no objective/);
  expect(
    xgb((_, whole) => {
      whole.learner.learner_model_param.base_score = 'x';
    }),
  ).toMatch(/base_score is "x"/);
  for (const odd of ['null', '[]', '{"learner":[]}', '{"__proto__":{"learner":{}}}'])
    expect(refusal(() => parseXgboost(odd))).toMatch(/It has no/);
});

test('refused: a model file whose facts are not those of an import', () => {
  const parsed = parseXgboost(xgboost.cases['regression'].model);
  const saved = fittedFromImport(parsed).save();
  const shape = { featureCount: 4, categories: new Int32Array(4), classCount: 0 };
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ link: 'sigmoid' }, /"link"/],
    [{ slope: 0 }, /"slope"/],
    [{ base: [Number.NaN] }, /"base"/],
    [{ base: [1, 2] }, /"base"/],
    [{ single: 1 }, /"single"/],
    [{ categories: [0, 0, 1e9, 5] }, /"categories"/],
    [{ cells: [] }, /"cells"/],
    [{ cells: parsed.features.map(() => ({ kind: 'number' })) }, /cells\[2\]/],
    [{ cells: parsed.features.map(() => ({ kind: 'code', other: 1e9 })) }, /cells\[0\]/],
  ];
  for (const [facts, says] of wrong) {
    const damaged = { ...saved, facts: { ...saved.facts, ...facts } };
    expect(() => importedXgboost.load(damaged, 'regression', shape)).toThrow(says);
  }
});
