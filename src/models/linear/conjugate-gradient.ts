/** The product of a symmetric positive definite matrix with a vector. */
export type MatrixProduct = (vector: Float64Array) => Float64Array;

const dot = (a: Float64Array, b: Float64Array) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/**
 * Solves A x = b without A itself, by conjugate gradients preconditioned with A's diagonal (Golub and Van Loan,
 * Matrix Computations, 11.5): for systems too large to factor. Ends when the residual is below `tolerance` times b,
 * both measured through the preconditioner, or when rounding allows no better.
 */
export function solveConjugateGradient(
  product: MatrixProduct,
  diagonal: Float64Array,
  b: Float64Array,
  tolerance: number,
): Float64Array {
  const size = b.length;
  const x = new Float64Array(size);
  const residual = b.slice();
  const scaled = residual.map((value, i) => value / diagonal[i]);
  const direction = scaled.slice();
  let energy = dot(residual, scaled);
  const enough = energy * tolerance * tolerance;
  for (let step = 0; step < 10 * size + 100 && energy > enough; step++) {
    const along = product(direction);
    const curvature = dot(direction, along);
    if (!(curvature > 0)) break;
    const length = energy / curvature;
    for (let i = 0; i < size; i++) {
      x[i] += length * direction[i];
      residual[i] -= length * along[i];
      scaled[i] = residual[i] / diagonal[i];
    }
    const next = dot(residual, scaled);
    const turn = next / energy;
    for (let i = 0; i < size; i++) direction[i] = scaled[i] + turn * direction[i];
    energy = next;
  }
  return x;
}
