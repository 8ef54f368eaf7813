import { describe, expect, it } from 'vitest';
import { evaluate, measure, metricNamed } from '../../src/evaluation/metrics.js';
import { sliceMetrics } from '../../src/evaluation/slices.js';
import { seededRandom } from '../../src/util/random.js';

const random = seededRandom(3);
const rows = 600;
const names = ['서울', '부산', '제주'];
/** Two regions of many rows, one of few. */
const groups = Array.from({ length: rows }, (_, row) => names[row % 30 === 0 ? 2 : row % 3 === 0 ? 1 : 0]);
const target = Float64Array.from({ length: rows }, () => (random() < 0.4 ? 1 : 0));
const predictions = target.map((label) =>
  Math.min(1, Math.max(0, 0.3 + 0.3 * label + 0.4 * (random() - 0.5))),
);
const pick = (values: Float64Array, name: string) => values.filter((_, row) => groups[row] === name);

describe('metrics by slice', () => {
  it('are those of its rows alone, the largest slice first', () => {
    const found = sliceMetrics('binary', target, predictions, groups, { threshold: 0.45 });
    expect(found.map(({ slice, rows }) => [slice, rows])).toEqual([
      ['서울', 400],
      ['부산', 180],
      ['제주', 20],
    ]);
    for (const { slice, metrics, positives } of found) {
      const mine = pick(target, slice);
      expect(metrics).toEqual(evaluate('binary', mine, pick(predictions, slice), { threshold: 0.45 }));
      expect(positives).toBe(mine.filter((label) => label === 1).length);
    }
  });

  it('have intervals around them where there are rows enough, narrower for more rows', () => {
    const options = { metrics: ['auc', 'brier'], resamples: 400 };
    const [large, middling, small] = sliceMetrics('binary', target, predictions, groups, options);
    const width = ({ intervals }: typeof large) => intervals!['brier'].upper - intervals!['brier'].lower;
    for (const { metrics, intervals } of [large, middling]) {
      expect(Object.keys(intervals!)).toEqual(['auc', 'brier']);
      expect(intervals!['auc'].lower).toBeLessThan(metrics['auc']);
      expect(intervals!['auc'].upper).toBeGreaterThan(metrics['auc']);
    }
    expect(width(large)).toBeLessThan(width(middling));
    expect(small.intervals).toBeNull();
    expect(
      sliceMetrics('binary', target, predictions, groups, { ...options, resamples: 0 })[0].intervals,
    ).toBeNull();
    const again = sliceMetrics('binary', target, predictions, groups, options);
    expect(again).toEqual([large, middling, small]);
  });

  it('hold what they promise: about 95 % of intervals have the true value', () => {
    const [simulations, perSlice, truth] = [200, 60, 1];
    const draw = seededRandom(8);
    const noise = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
    const y = Float64Array.from({ length: simulations * perSlice }, noise);
    const slices = Array.from(y, (_, row) => String(Math.floor(row / perSlice)));
    const found = sliceMetrics('regression', y, new Float64Array(y.length), slices, {
      metrics: ['rmse'],
      resamples: 300,
    });
    const held = found.filter(({ intervals }) => {
      const { lower, upper } = intervals!['rmse'];
      return lower <= truth && truth <= upper;
    });
    expect(held.length / simulations).toBeGreaterThan(0.87);
    expect(held.length / simulations).toBeLessThan(0.99);
  });

  it('take rows of a time together, and are wider where neighbours are alike', () => {
    const count = 300;
    const times = Float64Array.from({ length: count }, (_, row) => Math.floor(row / 2));
    let drift = 0;
    const errors = Float64Array.from({ length: count }, () => (drift = 0.95 * drift + random() - 0.5));
    const zero = new Float64Array(count);
    const one = new Array<string>(count).fill('all');
    const options = { metrics: ['mae'], resamples: 300 };
    const width = (given: object) => {
      const [{ intervals }] = sliceMetrics('regression', zero, errors, one, { ...options, ...given });
      return intervals!['mae'].upper - intervals!['mae'].lower;
    };
    expect(width({ times })).toBeGreaterThan(1.5 * width({}));
  });

  it('do for many classes and for metrics that cannot be computed, and refuse those of another task', () => {
    const labels = Float64Array.from({ length: 90 }, (_, row) => (row < 40 ? row % 3 : 1));
    const shares = Float64Array.from(
      { length: 270 },
      (_, cell) => [0.5, 0.3, 0.2][(cell + Math.floor(cell / 30)) % 3],
    );
    const parts = Array.from(labels, (_, row) => (row < 40 ? 'a' : 'b'));
    const [b, a] = sliceMetrics('multiclass', labels, shares, parts, { resamples: 200 });
    expect(a).toMatchObject({ slice: 'a', rows: 40, positives: null });
    expect(a.metrics['log_loss']).toBe(
      measure(metricNamed('log_loss', 'multiclass'), labels.subarray(0, 40), shares.subarray(0, 120)),
    );
    expect(b.metrics['macro_auc']).toBeNaN();
    expect(Object.keys(b.intervals!)).not.toContain('macro_auc');
    expect(() => sliceMetrics('binary', target, predictions, groups, { metrics: ['rmse'] })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});
