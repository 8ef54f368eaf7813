/** The logarithm of Gamma(df / 2), by its recursion. */
function logGammaOfHalf(df: number): number {
  let log = df % 2 === 1 ? Math.log(Math.PI) / 2 : 0;
  for (let k = df % 2 === 1 ? 1 : 2; k < df; k += 2) log += Math.log(k / 2);
  return log;
}

/** Terms that no sum here ever needs. */
const MOST_TERMS = 10_000;

/**
 * P(X > x) of the chi-squared distribution: the incomplete gamma function by its series (Abramowitz & Stegun 6.5.29) below the middle, and
 * above it by its continued fraction (6.5.31) in the form of Lentz (1976).
 * @param df degrees of freedom, a whole number from 1
 */
export function chiSquaredTail(x: number, df: number): number {
  if (!(x > 0)) return 1;
  const [a, z] = [df / 2, x / 2];
  const front = Math.exp(a * Math.log(z) - z - logGammaOfHalf(df));
  if (z < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let k = 1; k < MOST_TERMS && term > sum * 1e-17; k++) {
      term *= z / (a + k);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  let b = z + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let k = 1; k < MOST_TERMS; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return front * fraction;
}
