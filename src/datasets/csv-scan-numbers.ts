/**
 * The tables by which the scanner finds the double nearest to a decimal number: five to each power from -342 to 308, the first 128
 * bits, as in Lemire, "Number Parsing at a Gigabyte per Second" (2021).
 */

const LEAST_POWER = -342;
const GREATEST_POWER = 308;
const BITS = 128;

const bitLength = (value: bigint) => value.toString(2).length;

/** The value's first 128 bits; what is behind them is cut off. */
function firstBits(value: bigint): bigint {
  const shift = bitLength(value) - BITS;
  return shift >= 0 ? value >> BigInt(shift) : value << BigInt(-shift);
}

/** The first 128 bits of five to this power; of a negative one rounded up. */
function powerOfFive(power: number): bigint {
  const five = 5n ** BigInt(Math.abs(power));
  if (power >= 0) return firstBits(five);
  // The quotient is only right to its last bit when it is rounded up before it is cut.
  const bits = BigInt(power >= -27 ? bitLength(five - 1n) + BITS - 1 : 2 * bitLength(five - 1n) + 2 * BITS);
  return firstBits((1n << bits) / five + 1n);
}

let powers: BigUint64Array | undefined;

/** High and low half of each power, from `LEAST_POWER` on; made when it is first asked for. */
export function powersOfFive(): BigUint64Array {
  if (powers === undefined) {
    powers = new BigUint64Array((GREATEST_POWER - LEAST_POWER + 1) * 2);
    for (let power = LEAST_POWER; power <= GREATEST_POWER; power++) {
      const bits = powerOfFive(power);
      powers[(power - LEAST_POWER) * 2] = bits >> 64n;
      powers[(power - LEAST_POWER) * 2 + 1] = bits & 0xffff_ffff_ffff_ffffn;
    }
  }
  return powers;
}

/** The powers of ten that a double holds exactly. */
export const TENS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/**
 * For a point at 0 to 15 and 0 to 15 digits: which of 16 bytes goes to each place, so that the digits stand at the end without the
 * point between them; 255 is none.
 */
export const SHUFFLES = Uint8Array.from({ length: 16 * 16 * 16 }, (_, i) => {
  const [point, count, place] = [i >> 8, (i >> 4) & 15, i & 15];
  const digit = place + count - 16;
  if (digit < 0) return 255;
  return digit < point ? digit : digit + 1;
});
