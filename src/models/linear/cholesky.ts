/**
 * Solves A x = b for a symmetric positive definite A (`size` x `size`, row-major, lower triangle read, overwritten by
 * its factor). Undefined when a pivot is not positive: A is not definite within rounding.
 * Cholesky-Banachiewicz; Golub and Van Loan, Matrix Computations, 4.2.
 */
export function solveCholesky(a: Float64Array, b: Float64Array, size: number): Float64Array | undefined {
  for (let i = 0; i < size; i++) {
    const rowI = i * size;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * size;
      let sum = a[rowI + j];
      for (let k = 0; k < j; k++) sum -= a[rowI + k] * a[rowJ + k];
      if (i !== j) a[rowI + j] = sum / a[rowJ + j];
      else if (sum > 0 && Number.isFinite(sum)) a[rowI + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  const x = b.slice(0, size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] -= a[i * size + k] * x[k];
    x[i] /= a[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] -= a[k * size + i] * x[k];
    x[i] /= a[i * size + i];
  }
  return x;
}
