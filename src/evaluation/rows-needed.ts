/**
 * How many rows in all it would take for the lower bound of a gain to pass `minGain`, were the gain to stay as it was
 * seen: an interval narrows with the square root of the rows, so it is rows * (halfWidth / (gain - minGain))^2.
 * null when no number of rows would do, because the gain itself is not above `minGain`.
 */
export function rowsNeeded(
  rows: number,
  seen: { gain: number /** From the gain down to its lower bound. */; halfWidth: number; minGain: number },
): number | null {
  const above = seen.gain - seen.minGain;
  if (!(above > 0)) return null;
  const needed = Math.ceil(rows * (seen.halfWidth / above) ** 2);
  return Number.isSafeInteger(needed) ? needed : null;
}
