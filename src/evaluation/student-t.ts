/**
 * P(|T| < t) of Student's t with a whole number of degrees of freedom, at t = sqrt(df) tan(angle): the finite sums 26.7.3 (odd) and
 * 26.7.4 (even) of Abramowitz & Stegun, Handbook of Mathematical Functions (1964). Every term is positive, so nothing cancels.
 */
function probabilityWithin(angle: number, df: number): number {
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const odd = df % 2 === 1;
  let term = odd ? cos : 1;
  let sum = df === 1 ? 0 : term;
  for (let k = odd ? 2 : 1; k <= df - 3; k += 2) {
    term *= (cos * cos * k) / (k + 1);
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sin * sum) : sin * sum;
}

/** The sums have one term for every two degrees of freedom; beyond this many the next ones change no digit that is shown. */
const MOST_DEGREES = 100_000;

/**
 * The t that Student's distribution stays below with probability `p`, by bisection on the angle arctan(t / sqrt(df)).
 * @param p from 0.5 to below 1
 * @param df degrees of freedom, a whole number from 1
 */
export function studentQuantile(p: number, df: number): number {
  if (!(p >= 0.5 && p < 1) || !Number.isSafeInteger(df) || df < 1)
    throw new RangeError(`no quantile for p = ${p} and ${df} degrees of freedom`);
  const degrees = Math.min(df, MOST_DEGREES);
  const wanted = 2 * p - 1;
  let [low, high] = [0, Math.PI / 2];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return Math.sqrt(degrees) * Math.tan(middle);
    if (probabilityWithin(middle, degrees) < wanted) low = middle;
    else high = middle;
  }
}
