import type { Net } from './net.js';

/** Rows of series, as the net is fed them. */
export interface SeriesRows {
  /** rowCount x features. */
  x: Float32Array;
  /** Of each row the row before it in its series, -1 for the first. */
  previous: Int32Array;
  rowCount: number;
}

/** Beyond this a value says no more than that it is far out; a sum of them stays finite in float32. */
const FARTHEST = 1e6;

/** Features as float32, what is too far out brought to the farthest; NaN stays NaN. In memory that threads share. */
export function asFloat32(x: Float64Array): Float32Array {
  const values = new Float32Array(new SharedArrayBuffer(x.length * 4));
  for (let i = 0; i < x.length; i++) {
    values[i] = x[i] > FARTHEST ? FARTHEST : x[i] < -FARTHEST ? -FARTHEST : x[i];
  }
  return values;
}

/**
 * Writes the windows that end at the rows `picks[from]` to `picks[to - 1]` into the first layer's input: each row's own features
 * last, the rows before it in its series in front. Where the series is shorter, its first row stands for what came before it.
 */
export function fillWindows(
  { layout, room: { window }, kernels: { memory } }: Net,
  { x, previous }: SeriesRows,
  picks: Int32Array,
  from: number,
  to: number,
): void {
  const { input, inputs } = layout.layers[0];
  const batch = to - from;
  for (let i = 0; i < batch; i++) {
    let row = picks[from + i];
    for (let step = window - 1; step >= 0; step--) {
      const start = row * inputs;
      let at = input + (step * batch + i) * (inputs + 1);
      for (let j = 0; j < inputs; j++) memory[at++] = x[start + j];
      memory[at] = 1;
      if (previous[row] >= 0) row = previous[row];
    }
  }
}
