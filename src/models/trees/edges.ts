/** A column has at most this many bins of values; one more holds its missing values, so that a bin fits a byte. */
const MAX_VALUE_BINS = 255;

/** A finite number between two different values: `low <= cut < high`. */
function cutBetween(low: number, high: number): number {
  const sum = low + high;
  const middle = Number.isFinite(sum) ? sum / 2 : low / 2 + high / 2;
  return middle >= low && middle < high ? middle : low;
}

/**
 * Cuts sorted values into bins. Up to 255 distinct values get a bin each, cut in the middle between neighbours. More are
 * cut into bins of about equal count, where a value that alone fills a bin keeps one to itself.
 */
export function chooseEdges(sorted: Float64Array): Float64Array {
  const starts = new Int32Array(sorted.length + 1);
  let distinct = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) starts[distinct++] = i;
  starts[distinct] = sorted.length;

  const edges: number[] = [];
  let binStart = 0;
  for (let k = 1; k < distinct && edges.length < MAX_VALUE_BINS - 1; k++) {
    const binsLeft = MAX_VALUE_BINS - edges.length;
    const wanted = (sorted.length - binStart) / binsLeft;
    const full = starts[k] - binStart >= wanted;
    const nextIsHeavy = starts[k + 1] - starts[k] >= wanted;
    if (distinct <= MAX_VALUE_BINS || full || nextIsHeavy) {
      edges.push(cutBetween(sorted[starts[k] - 1], sorted[starts[k]]));
      binStart = starts[k];
    }
  }
  return Float64Array.from(edges);
}
