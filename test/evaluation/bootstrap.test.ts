import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairedBootstrap, type Scored } from '../../src/evaluation/bootstrap.js';
import { gainOf, measure, metricNamed, metrics, prepareMetric } from '../../src/evaluation/metrics.js';
import { makeSample } from '../../src/evaluation/sample.js';
import { type Random, seededRandom, shuffledIndices } from '../../src/util/random.js';

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Rows whose log-odds are -1.4 + normal, and two models that see these, each with an error of its own. */
function twoModels(rows: number, random: Random, error: (random: Random) => [number, number]) {
  const target = new Float64Array(rows);
  const [first, second] = [new Float64Array(rows), new Float64Array(rows)];
  for (let row = 0; row < rows; row++) {
    const logOdds = -1.4 + normal(random);
    const [a, b] = error(random);
    target[row] = random() < sigmoid(logOdds) ? 1 : 0;
    first[row] = sigmoid(logOdds + a);
    second[row] = sigmoid(logOdds + b);
  }
  return { target, candidate: { predictions: first }, other: { predictions: second } };
}

const noise = (random: Random): [number, number] => [0.7 * normal(random), 0.7 * normal(random)];

describe('a weighted metric', () => {
  it('is the metric of the rows, each repeated as often as its weight says', () => {
    const ofOneNumber = metrics.filter(({ task }) => task !== 'multiclass');
    const row = fc.record({
      label: fc.constantFrom(0, 1),
      score: fc.oneof(fc.constantFrom(0, 0.25, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
      weight: fc.integer({ min: 0, max: 4 }),
    });
    const series = Float64Array.of(1, 3, 2, 5);
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 25 }), (rows) => {
        const repeated = rows.flatMap((one) => new Array(one.weight).fill(one));
        fc.pre(repeated.length > 1);
        const options = { threshold: 0.5, trainingTarget: series, quantile: 0.8 };
        const columns = (from: typeof rows) =>
          [
            Float64Array.from(from, ({ label }) => label),
            Float64Array.from(from, ({ score }) => score),
          ] as const;
        const weights = Float64Array.from(rows, ({ weight }) => weight);
        for (const metric of ofOneNumber) {
          const weighted = prepareMetric(metric, makeSample(...columns(rows), options))(weights);
          const plain = measure(metric, ...columns(repeated), options);
          if (Number.isNaN(plain)) expect(weighted, metric.name).toBeNaN();
          else
            expect(Math.abs(weighted - plain), metric.name).toBeLessThanOrEqual(
              1e-12 * Math.max(1, Math.abs(plain)),
            );
        }
      }),
    );
  });
});

describe('a weighted metric of many classes', () => {
  it('is the metric of the rows, each repeated as often as its weight says', () => {
    const share = fc.constantFrom(0, 1, 2, 5);
    const row = fc.record({
      label: fc.constantFrom(0, 1, 2),
      shares: fc.tuple(share, share, share).filter((shares) => shares.some((part) => part > 0)),
      weight: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 25 }), (rows) => {
        const repeated = rows.flatMap((one) => new Array<(typeof rows)[0]>(one.weight).fill(one));
        fc.pre(repeated.length > 1);
        const columns = (from: typeof rows) =>
          [
            Float64Array.from(from, ({ label }) => label),
            Float64Array.from(
              from.flatMap(({ shares }) => shares.map((p) => p / (shares[0] + shares[1] + shares[2]))),
            ),
          ] as const;
        const weights = Float64Array.from(rows, ({ weight }) => weight);
        for (const metric of metrics.filter(({ task }) => task === 'multiclass')) {
          const weighted = prepareMetric(metric, makeSample(...columns(rows), { outputs: 3 }))(weights);
          const plain = measure(metric, ...columns(repeated));
          if (Number.isNaN(plain)) expect(weighted, metric.name).toBeNaN();
          else expect(weighted, metric.name).toBeCloseTo(plain, 11);
        }
      }),
    );
  });
});

describe('pairedBootstrap', () => {
  const auc = metricNamed('auc');
  const brier = metricNamed('brier');
  const data = twoModels(400, seededRandom(1), noise);
  const both = [auc, brier].map((metric) => ({ metric, ...data }));

  it('measures the gain on the rows as they are, with the interval around it', () => {
    for (const [i, found] of pairedBootstrap(data.target, both).entries()) {
      const { metric } = both[i];
      const candidate = measure(metric, data.target, data.candidate.predictions);
      const other = measure(metric, data.target, data.other.predictions);
      expect(found.candidate).toBeCloseTo(candidate, 12);
      expect(found.gain).toBeCloseTo(gainOf(metric, candidate, other), 12);
      expect(found.lower).toBeLessThan(found.gain);
      expect(found.upper).toBeGreaterThan(found.gain);
      expect((found.upper - found.lower) / found.se).toBeCloseTo(2 * 1.645, 0);
      expect(found).toMatchObject({ confidence: 0.95, resamples: 2000 });
    }
  });

  it('is the same for the same seed, whatever the order of rows and the comparisons beside it', () => {
    const order = shuffledIndices(data.target.length, seededRandom(2));
    const shuffled = (values: Float64Array) => Float64Array.from(order, (row) => values[row]);
    const scored = ({ predictions }: Scored) => ({ predictions: shuffled(predictions) });
    const again = { metric: auc, candidate: scored(data.candidate), other: scored(data.other) };
    const [expected] = pairedBootstrap(data.target, both, { seed: 3 });
    expect(pairedBootstrap(shuffled(data.target), [again], { seed: 3 })).toEqual([expected]);
    expect(pairedBootstrap(data.target, both, { seed: 4 })[0].lower).not.toBe(expected.lower);
  });

  it('compares models of three classes, whatever the order of the rows', () => {
    const random = seededRandom(9);
    const rows = 300;
    const labels = Float64Array.from({ length: rows }, () => Math.floor(3 * random()));
    const model = (strength: number) => {
      const predictions = new Float64Array(3 * rows);
      for (let row = 0; row < rows; row++) {
        // Whole numbers: many rows are alike in one class and not in the others.
        const sizes = [0, 1, 2].map((k) =>
          Math.ceil(Math.exp((k === labels[row] ? strength : 0) + normal(random))),
        );
        const sum = sizes[0] + sizes[1] + sizes[2];
        for (const [k, size] of sizes.entries()) predictions[3 * row + k] = size / sum;
      }
      return { predictions };
    };
    const names = ['log_loss', 'macro_auc', 'balanced_accuracy'];
    const [candidate, other] = [model(1.5), model(0.5)];
    const comparisons = names.map((name) => ({ metric: metricNamed(name, 'multiclass'), candidate, other }));
    const found = pairedBootstrap(labels, comparisons, { resamples: 300 });
    for (const [i, { lower, gain, upper }] of found.entries()) {
      const [mine, theirs] = [candidate, other].map(({ predictions }) =>
        measure(comparisons[i].metric, labels, predictions),
      );
      expect(gain).toBeCloseTo(gainOf(comparisons[i].metric, mine, theirs), 12);
      expect(lower > 0 && lower < gain && gain < upper, names[i]).toBe(true);
    }
    const order = shuffledIndices(rows, seededRandom(2));
    const moved = ({ predictions }: Scored) => ({
      predictions: Float64Array.from(
        predictions,
        (_, at) => predictions[3 * order[Math.floor(at / 3)] + (at % 3)],
      ),
    });
    const [mine, theirs] = [moved(candidate), moved(other)];
    const again = comparisons.map(({ metric }) => ({ metric, candidate: mine, other: theirs }));
    const movedLabels = Float64Array.from(order, (row) => labels[row]);
    expect(pairedBootstrap(movedLabels, again, { resamples: 300 })).toEqual(found);
    const times = Float64Array.from(labels, (_, row) => row);
    const [inTime] = pairedBootstrap(labels, [comparisons[0]], { resamples: 300, times });
    expect(inTime).toMatchObject({
      gain: expect.closeTo(found[0].gain, 12),
      blocks: { times: rows, length: expect.any(Number) },
    });
  });

  it('sees no gain at all between equal predictions', () => {
    const same = { predictions: data.candidate.predictions.slice() };
    const [found] = pairedBootstrap(data.target, [{ metric: auc, candidate: data.candidate, other: same }]);
    expect(found).toMatchObject({ gain: 0, lower: 0, upper: 0, se: 0 });
  });

  it('uses the threshold of each model', () => {
    const metric = metricNamed('recall');
    const [found] = pairedBootstrap(data.target, [
      { metric, candidate: { ...data.candidate, threshold: 0 }, other: { ...data.candidate, threshold: 1 } },
    ]);
    expect(found).toMatchObject({ candidate: 1, other: 0, lower: 1, upper: 1 });
  });

  it('draws again where a class is missing, and ends where it is missing from the rows', () => {
    const one = {
      metric: auc,
      candidate: { predictions: Float64Array.of(0.9, 0.1, 0.2) },
      other: { predictions: new Float64Array(3) },
    };
    const [rare] = pairedBootstrap(Float64Array.of(1, 0, 0), [one]);
    expect(rare).toMatchObject({ gain: 0.5, lower: 0.5, upper: 0.5 });
    expect(pairedBootstrap(Float64Array.of(0, 0, 0), [one])[0].gain).toBeNaN();
  });

  it('finds an equal model better about one time in twenty, where "candidate > current" does half of the time', () => {
    const simulations = 300;
    let proven = 0;
    let greater = 0;
    for (let seed = 0; seed < simulations; seed++) {
      const { target, candidate, other } = twoModels(300, seededRandom(seed, 1), noise);
      const [found] = pairedBootstrap(target, [{ metric: auc, candidate, other }], { resamples: 400, seed });
      if (found.lower > 0) proven++;
      if (found.gain > 0) greater++;
    }
    expect(greater / simulations).toBeGreaterThan(0.4);
    expect(proven / simulations).toBeGreaterThan(0.015);
    expect(proven / simulations).toBeLessThan(0.09);
  });

  // Two models whose Brier scores differ by the share of positives that the rows happen to have: with class counts
  // held fixed, each bound misses the true gain a fifth of the time.
  it('keeps both bounds where the gain depends on the share of positives', () => {
    const bias = (): [number, number] => [0.45, -0.45];
    const big = twoModels(200_000, seededRandom(5), bias);
    const truth = gainOf(
      brier,
      measure(brier, big.target, big.candidate.predictions),
      measure(brier, big.target, big.other.predictions),
    );
    const simulations = 300;
    const missed = { lower: 0, upper: 0 };
    for (let seed = 0; seed < simulations; seed++) {
      const { target, candidate, other } = twoModels(300, seededRandom(seed, 2), bias);
      const [found] = pairedBootstrap(target, [{ metric: brier, candidate, other }], {
        resamples: 400,
        seed,
      });
      if (found.lower > truth) missed.lower++;
      if (found.upper < truth) missed.upper++;
    }
    expect(missed.lower / simulations).toBeLessThan(0.1);
    expect(missed.upper / simulations).toBeLessThan(0.1);
  });
});
