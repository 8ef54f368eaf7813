import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  aucEstimate,
  type Estimate,
  macroF1Estimate,
  meanEstimate,
  r2Estimate,
  rmseEstimate,
  shareEstimate,
} from '../../src/evaluation/estimates.js';
import { prepareAuc } from '../../src/evaluation/rank-metrics.js';
import { makeSample } from '../../src/evaluation/sample.js';
import { seededRandom } from '../../src/util/random.js';

const vectors = JSON.parse(readFileSync(new URL('vectors/estimates.json', import.meta.url), 'utf8'));

/** @param digits derivatives by finite differences have fewer */
function expectNear({ value, lower, upper }: Estimate, wanted: number[], digits = 9): void {
  for (const [i, found] of [value, lower, upper].entries()) expect(found).toBeCloseTo(wanted[i], digits);
}

test('the area under the ROC curve has the interval of DeLong on the logit scale', () => {
  for (const { labels, scores, value, bounds } of vectors.aucs)
    expectNear(aucEstimate(Float64Array.from(labels), Float64Array.from(scores)), [value, ...bounds]);
});

test('of a regression all metrics have the intervals of scipy and of the delta method', () => {
  for (const { target, predictions, mae, bias, rmse, r2 } of vectors.regressions) {
    const [y, p] = [Float64Array.from(target), Float64Array.from(predictions)];
    const errors = p.map((prediction, row) => prediction - y[row]);
    expectNear(meanEstimate(errors.map(Math.abs)), mae);
    expectNear(meanEstimate(errors), bias);
    expectNear(rmseEstimate(errors), rmse);
    expectNear(r2Estimate(y, p), r2, 6);
  }
});

test('macro F1 and shares have those of scikit-learn, scipy and the delta method', () => {
  for (const { actual, called, classes, f1 } of vectors.macros)
    expectNear(macroF1Estimate(Int32Array.from(actual), Int32Array.from(called), classes), f1, 6);
  for (const { hits, rows, bounds } of vectors.shares)
    expectNear(shareEstimate(hits, rows), [hits / rows, ...bounds]);
});

test('what has no spread, one class or one row is not given a false precision', () => {
  const [labels, scores] = [
    Float64Array.of(0, 0, 0, 0, 0, 1, 1, 1, 1, 1),
    Float64Array.from({ length: 10 }, (_, i) => i),
  ];
  const perfect = aucEstimate(labels, scores);
  expect([perfect.value, perfect.upper]).toEqual([1, 1]);
  expect(perfect.lower).toBeCloseTo(shareEstimate(5, 5).lower, 12);
  const backwards = aucEstimate(
    labels,
    scores.map((score) => -score),
  );
  expect([backwards.value, backwards.lower]).toEqual([0, 0]);
  expect(backwards.upper).toBeGreaterThan(0.3);
  expect(
    aucEstimate(
      labels.map(() => 1),
      scores,
    ).value,
  ).toBeNaN();
  expect(r2Estimate(Float64Array.of(3, 3, 3), Float64Array.of(1, 2, 3)).value).toBeNaN();
  expect(meanEstimate(Float64Array.of(2)).upper).toBe(Number.POSITIVE_INFINITY);
});

test('about 95 of 100 intervals hold the truth', () => {
  const random = seededRandom(5);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  // Two normals one standard deviation apart: the area is Phi(1 / sqrt 2).
  const truth = 0.7602499389065233;
  let held = 0;
  for (let repeat = 0; repeat < 400; repeat++) {
    const labels = Float64Array.from({ length: 150 }, () => (random() < 0.3 ? 1 : 0));
    const scores = labels.map((label) => label + normal());
    const { value, lower, upper } = aucEstimate(labels, scores);
    if (repeat === 0)
      expect(value).toBeCloseTo(prepareAuc(makeSample(labels, scores))(labels.map(() => 1)), 12);
    if (lower <= truth && truth <= upper) held++;
  }
  expect(held).toBeGreaterThan(370);
  expect(held).toBeLessThan(393);
});
