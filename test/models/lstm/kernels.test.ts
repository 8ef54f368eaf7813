import { expect, test } from 'vitest';
import { openKernels } from '../../../src/models/lstm/kernels.js';
import { tanh32 } from '../../../src/models/lstm/plain-kernels.js';
import { seededRandom } from '../../../src/util/random.js';

test('tanh is off by less than 3.5e-7, odd, and never beyond 1', () => {
  let worst = 0;
  for (let i = 0; i <= 400_000; i++) {
    const x = Math.fround((i / 400_000) * 12);
    const found = tanh32(x);
    worst = Math.max(worst, Math.abs(found - Math.tanh(x)));
    if (tanh32(-x) !== -found || found > 1) throw new Error(`tanh(${x}) is ${found}, of -x ${tanh32(-x)}`);
  }
  expect(worst).toBeLessThan(3.5e-7);
  expect(tanh32(Number.POSITIVE_INFINITY)).toBeCloseTo(1, 6);
  expect(tanh32(Number.NaN)).toBeNaN();
});

test('the product is the sum of products, for any number of rows, and the same bytes on wasm', () => {
  const random = seededRandom(1);
  const [inner, columns] = [13, 16];
  for (const rows of [1, 3, 4, 9]) {
    const a = Float32Array.from({ length: rows * inner }, () => random() - 0.5);
    const b = Float32Array.from({ length: inner * columns }, () => random() - 0.5);
    const [plain, wasm] = (['js', 'wasm'] as const).map((mode) => {
      const kernels = openKernels(2048, mode);
      kernels.memory.set(a);
      for (let k = 0; k < inner; k++) {
        for (let n = 0; n < columns; n++) {
          kernels.memory[500 + (n >> 3) * inner * 8 + k * 8 + (n & 7)] = b[k * columns + n];
        }
      }
      const left = { at: 0, row: inner, step: 1, inner, blocks: 1, block: 0 };
      const to = { at: 1000, panel: rows * 8, rows, columns };
      for (const adds of [false, true]) kernels.multiply(left, { at: 500, panel: inner * 8 }, to, { adds });
      return kernels.memory.slice(0, 2048);
    });
    expect(wasm).toEqual(plain);
    for (let row = 0; row < rows; row++) {
      for (let n = 0; n < columns; n++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) sum += 2 * a[row * inner + k] * b[k * columns + n];
        expect(plain[1000 + (n >> 3) * rows * 8 + row * 8 + (n & 7)]).toBeCloseTo(sum, 5);
      }
    }
    // Nothing beside the product is written.
    expect(plain.subarray(1000 + rows * columns).every((value) => value === 0)).toBe(true);
  }
});
