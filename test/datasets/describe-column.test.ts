import fc from 'fast-check';
import { expect, test } from 'vitest';
import { measureNumbers } from '../../src/datasets/describe-column.js';
import { DescribeKernel } from '../../src/datasets/describe-kernel.js';

/** Plain JavaScript, as slow as it may be. */
function facts(values: Float64Array) {
  const present = [...values].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const [min = Number.POSITIVE_INFINITY, max = Number.NEGATIVE_INFINITY] = [present[0], present.at(-1)];
  return {
    min: min + 0,
    max: max + 0,
    missing: values.length - present.length,
    distinct: new Set(present).size,
  };
}

function check(kernel: DescribeKernel, values: Float64Array) {
  const wanted = facts(values);
  for (const found of [kernel.describe(values)!, measureNumbers(values)])
    expect({ ...found, min: found.min + 0, max: found.max + 0 }).toEqual(wanted);
}

test('kernel and plain code find the same of every column', () => {
  const kernel = DescribeKernel.create()!;
  expect(kernel).not.toBeNull();
  const value = fc.oneof(
    fc.double(),
    fc.integer({ min: -5, max: 5 }),
    fc.constantFrom(0, -0, Number.NaN, 0.1, 2 ** 53, -(2 ** 53), 1e300, 5e-324, 2 ** 22),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 300 }), (list) => check(kernel, Float64Array.from(list))),
    { numRuns: 300, seed: 2 },
  );
});

test('long columns, in parts: all distinct, in steps, with many of one kind, whole over a wide range', () => {
  const kernel = DescribeKernel.create()!;
  const columns = [
    (i: number) => Math.sin(i) * 1e6,
    (i: number) => Math.fround((i * 7919) % 1000) / 8,
    (i: number) => (i % 10 === 0 ? i / 3 : 0.5),
    (i: number) => (i % 50_000) * 1e5,
    (i: number) => i % 1000,
    (i: number) => (i % 3 === 0 ? Number.NaN : -i),
    () => Number.NaN,
  ];
  for (const column of columns)
    check(
      kernel,
      Float64Array.from({ length: 150_001 }, (_, i) => column(i)),
    );
  check(kernel, new Float64Array(0));
});

test('values that all fall into one part', () => {
  // The inverse of the kernel's hash: its upper bits are those of a small number, so they are the same for all.
  const inverse = 0xf1de83e19937733dn;
  const bits = BigUint64Array.from({ length: 60_000 }, (_, i) => {
    const mixed = ((BigInt(i) + (0x3n << 36n)) * inverse) & 0xffff_ffff_ffff_ffffn;
    return mixed ^ (mixed >> 32n);
  });
  const values = new Float64Array(bits.buffer).filter((value) => Number.isFinite(value));
  expect(
    new Set([...bits].map((x) => (((x ^ (x >> 32n)) * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffff_ffffn) >> 50n))
      .size,
  ).toBe(1);
  check(DescribeKernel.create()!, values);
});
