/** Adds `weight` times the outer product of `row` with itself to the lower triangle of `gram` (size x size). */
export function addOuterProduct(gram: Float64Array, row: Float64Array, weight: number): void {
  const size = row.length;
  for (let i = 0; i < size; i++) {
    // One-hot rows are mostly zeros.
    if (row[i] === 0) continue;
    const factor = weight * row[i];
    const start = i * size;
    for (let j = 0; j <= i; j++) gram[start + j] += factor * row[j];
  }
}
