import type { Totals, Units } from './kernel.js';

/** Sums of gradients stay below 2 to this, so that they turn into numbers by their bits. */
const SUM_BITS = 51;

/** A hessian's sum and a count of rows share 64 bits, of which the first is the sign. */
const ENTRY_BITS = 63;

/** The least e with value < 2^e. */
function exponentAbove(value: number): number {
  if (!(value > 0)) return 0;
  let e = Math.floor(Math.log2(value)) + 1;
  // A logarithm that was rounded up or down.
  while (e < 1024 && value >= 2 ** e) e++;
  while (value < 2 ** (e - 1)) e--;
  return e;
}

/** The largest power of 2 is 2^1023; the least gradients are so small only where there is nothing left to learn. */
const scaleOf = (bits: number, greatest: number) => 2 ** Math.min(bits - exponentAbove(greatest), 1000);

/** Units in which the sums over all rows are exact, for gradients and hessians up to these. */
export function chooseUnits(rowCount: number, greatest: { gradient: number; hessian: number }): Units {
  const countBits = 32 - Math.clz32(rowCount);
  const hessianBits = Math.min(SUM_BITS, ENTRY_BITS - countBits);
  return {
    // One bit less, for what is rounded up to the next power of 2.
    gradientScale: scaleOf(SUM_BITS - countBits - 1, greatest.gradient),
    hessianScale: scaleOf(hessianBits - countBits - 1, greatest.hessian),
    hessianBits,
  };
}

/** A difference of scores in the loss's own unit. */
export function realGain(gain: number, { gradientScale, hessianScale }: Units): number {
  return Math.min((gain / gradientScale / gradientScale) * hessianScale, Number.MAX_VALUE);
}

/** What is left of a node without one side. */
export const without = (node: Totals, side: Totals): Totals => ({
  gradient: node.gradient - side.gradient,
  hessian: node.hessian - side.hessian,
  count: node.count - side.count,
});
