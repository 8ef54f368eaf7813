import type { BinnedColumns } from '../bins.js';
import { partitionRows } from '../split-rows.js';
import { type FoundSplit, type GrowthKernel, LOGS_AT_ONCE, layOutHistogram } from './kernel.js';
import { plainScorer, scanNumber } from './scan.js';

/** Adding and taking away 1.5 * 2^52 rounds to a whole number, a half to the even one. */
const ROUND = 6_755_399_441_055_744;

/** An exponent stays within these. */
const MOST_POWER = 1011;

/** 2^-1011 to 2^1011, exactly. */
const POWERS_OF_2 = Float64Array.from({ length: 2 * MOST_POWER + 1 }, (_, i) => 2 ** (i - MOST_POWER));

/** e^x as the kernel has it, step by step: 2^k e^r with |r| <= log(2) / 2. x is held to +-700. */
export function exponential(x: number): number {
  const held = Math.min(Math.max(x, -700), 700);
  const k = held * Math.LOG2E + ROUND - ROUND;
  const r = held - k * 0.6931471803691238 - k * 1.9082149292705877e-10;
  const [r2, r4] = [r * r, r * r * (r * r)];
  const low = 1 + 1 * r + (0.5000000000000019 + 0.1666666666666668 * r) * r2;
  const middle =
    0.04166666666648795 +
    0.008333333333319589 * r +
    (0.0013888888952352863 + 0.00019841269890076403 * r) * r2;
  const high =
    2.4801485441561313e-5 +
    2.755724088722987e-6 * r +
    (2.763265472252779e-7 + 2.5110049204818658e-8 * r) * r2;
  const p = low + (middle + high * r4) * r4;
  return p * POWERS_OF_2[k + MOST_POWER];
}

/** Numbers of an entry of a histogram: gradient, hessian, count. */
const WIDTH = 3;

/** The hot loops in plain TypeScript: where WebAssembly cannot be used, and to check it against. */
export function openPlainKernel(columns: BinnedColumns): GrowthKernel {
  const { bins, rowCount, valueBins, hasMissing } = columns;
  const { offsets, entries } = layOutHistogram(valueBins, hasMissing);
  const histograms: Float64Array[] = [];
  const spare: number[] = [];
  const gradients = new Float64Array(rowCount);
  const hessians = new Float64Array(rowCount);
  const counts = new Uint8Array(rowCount);
  const scratch = new Int32Array(rowCount);

  return {
    exponentials(values) {
      for (let i = 0; i < values.length; i++) values[i] = exponential(values[i]);
    },
    logistic(sums, y, gradient, hessian, over) {
      const outer = [0, 0];
      for (let i = 0; i < sums.length; i++) {
        const e = exponential(-Math.abs(sums[i]));
        over[i] = 1 + e;
        const p = (sums[i] < 0 ? e : 1) / over[i];
        gradient[i] = y[i] - p;
        hessian[i] = p * (1 - p);
        outer[i % 2] += Math.max(sums[i], 0) - y[i] * sums[i];
      }
      return outer[0] + outer[1];
    },
    greatest: (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    sumLogs(values) {
      let sum = 0;
      for (let from = 0; from < values.length; from += LOGS_AT_ONCE) {
        const to = Math.min(from + LOGS_AT_ONCE, values.length);
        let [even, odd] = [1, 1];
        for (let i = from; i + 1 < to; i += 2) {
          even *= values[i];
          odd *= values[i + 1];
        }
        const last = (to - from) % 2 === 1 ? values[to - 1] : 1;
        sum += Math.log(even * odd * last);
      }
      return sum;
    },
    quantise(gradient, hessian, drawn, { gradientScale, hessianScale }) {
      const total = { gradient: 0, hessian: 0, count: 0, squares: 0 };
      for (let i = 0; i < rowCount; i++) {
        counts[i] = drawn === null ? 1 : drawn[i];
        gradients[i] = counts[i] * (gradient[i] * gradientScale + ROUND - ROUND);
        hessians[i] = counts[i] * (hessian[i] * hessianScale + ROUND - ROUND);
        total.gradient += gradients[i];
        total.hessian += hessians[i];
        total.count += counts[i];
        total.squares += gradients[i] * gradients[i];
      }
      return total;
    },
    take() {
      return spare.pop() ?? histograms.push(new Float64Array(entries * WIDTH)) - 1;
    },
    giveBack(histogram) {
      spare.push(histogram);
    },
    numberRows(rows) {
      for (let row = 0; row < rows.length; row++) rows[row] = row;
    },
    count(number, features, rows, from, to) {
      const histogram = histograms[number].fill(0);
      for (const feature of features) {
        const column = bins.subarray(feature * rowCount, (feature + 1) * rowCount);
        const first = offsets[feature] * WIDTH;
        for (let i = from; i < to; i++) {
          const row = rows[i];
          const at = first + column[row] * WIDTH;
          histogram[at] += gradients[row];
          histogram[at + 1] += hessians[row];
          histogram[at + 2] += counts[row];
        }
      }
    },
    subtract(parent, child) {
      const [from, less] = [histograms[parent], histograms[child]];
      for (let i = 0; i < from.length; i++) from[i] -= less[i];
    },
    findSplit(number, features, node, limits, score) {
      const scorer = plainScorer(limits.l1, limits.l2);
      let best: FoundSplit | null = null;
      for (const feature of features) {
        const entriesOf = this.unpack(number, feature);
        const found = scanNumber(
          { feature, entries: entriesOf, bins: valueBins[feature] },
          ...[node, limits, scorer, best?.score ?? score],
        );
        best = found ?? best;
      }
      return best;
    },
    unpack(number, feature) {
      const first = offsets[feature] * WIDTH;
      return histograms[number].subarray(first, first + (valueBins[feature] + hasMissing[feature]) * WIDTH);
    },
    partition: (split, rows, from, to) => partitionRows(columns, split, rows, from, to, scratch),
    sumRows(gradient, hessian, rows, from, to) {
      const sums = { gradient: 0, hessian: 0 };
      for (let i = from; i < to; i++) {
        sums.gradient += gradient[rows[i]];
        sums.hessian += hessian[rows[i]];
      }
      return sums;
    },
    addToRows(sums, rows, from, to, value) {
      for (let i = from; i < to; i++) sums[rows[i]] += value;
    },
  };
}
