/** ln x!, by Stirling's series (Abramowitz & Stegun 6.1.40) from 16 on, which is exact to the last digits there. */
function logFactorial(x: number): number {
  if (x < 16) {
    let product = 1;
    for (let k = 2; k <= x; k++) product *= k;
    return Math.log(product);
  }
  const n = x + 1;
  const series = 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5) - 1 / (1680 * n ** 7);
  return (n - 0.5) * Math.log(n) - n + Math.log(2 * Math.PI) / 2 + series;
}

const logChoose = (n: number, k: number) => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

/** P(X >= hits) for `rows` draws from `rows + otherRows`, of which `hits + otherHits` are hits. */
function upperTail(hits: number, rows: number, otherHits: number, otherRows: number): number {
  const all = hits + otherHits;
  let term = Math.exp(
    logChoose(rows, hits) + logChoose(otherRows, otherHits) - logChoose(rows + otherRows, all),
  );
  let sum = 0;
  for (let k = hits; k <= Math.min(all, rows) && term > 0; k++) {
    sum += term;
    if (term < sum * 1e-17) break;
    term *= ((all - k) / (k + 1)) * ((rows - k) / (otherRows - all + k + 1));
  }
  return Math.min(1, sum);
}

/**
 * How often two samples with one share of hits differ as much or more: Fisher's exact test (1935), twice the smaller tail. It is right
 * for any number of rows.
 */
export function fisherTail(hits: number, rows: number, otherHits: number, otherRows: number): number {
  const more = upperTail(hits, rows, otherHits, otherRows);
  const fewer = upperTail(otherHits, otherRows, hits, rows);
  return Math.min(1, 2 * Math.min(more, fewer));
}
