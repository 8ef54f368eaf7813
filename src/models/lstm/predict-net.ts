import { forward } from './forward.js';
import { type Net, openNet } from './net.js';
import type { LstmWeights, NetShape } from './shape.js';
import { asFloat32, fillWindows } from './windows.js';

/** Windows that are run at once: so many, or as many as make so many gates. */
const MOST_WINDOWS = 32;
const MOST_GATES = 4e6;

/**
 * What the net answers to rows: rowCount x outputs, before any scaling. Without `previous` each row is a series of its own.
 * Its memory is made with the first answer.
 */
export type AnswerRows = (x: Float64Array, rowCount: number, previous?: Int32Array | null) => Float64Array;

export function openAnswers(
  shape: NetShape,
  weights: LstmWeights,
  window: number,
  mode: 'wasm' | 'js',
): AnswerRows {
  let net: Net | null = null;
  const fitting = Math.floor(MOST_GATES / (window * 4 * shape.hidden));
  const batch = Math.max(1, Math.min(MOST_WINDOWS, fitting));
  const batchAnswers = new Float64Array(batch * shape.outputs);
  return (x, rowCount, previous) => {
    net ??= openNet(shape, weights, { batch, window, training: false }, mode);
    const picks = Int32Array.from({ length: rowCount }, (_, row) => row);
    const rows = {
      x: asFloat32(x.subarray(0, rowCount * shape.inputs)),
      previous: previous ?? new Int32Array(rowCount).fill(-1),
      rowCount,
    };
    const answers = new Float64Array(rowCount * shape.outputs);
    for (let from = 0; from < rowCount; from += batch) {
      const to = Math.min(from + batch, rowCount);
      fillWindows(net, rows, picks, from, to);
      forward(net, to - from, batchAnswers);
      answers.set(batchAnswers.subarray(0, (to - from) * shape.outputs), from * shape.outputs);
    }
    return answers;
  };
}
