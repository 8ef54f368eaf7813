import { encodeGoldenRows } from '../golden-rows.js';
import { sigmoid, softmaxInPlace } from '../linear/linear-model.js';
import type { Predictor } from '../predictor.js';

/**
 * What a margin is: `value` in the target's unit, `log-value` its logarithm, `probability`, `log-odds` of the positive class, or
 * `log-score`, of which a class's probability is exp(score) / sum of exp(scores).
 */
export type MarginScale = 'value' | 'log-value' | 'probability' | 'log-odds' | 'log-score';

/** The golden rows that the scale is proved on. */
export const PROVED_ROWS = 3;
const TOLERANCE = 1e-6;

/** How the margins of a row become its answer, in place. */
type Link = (margins: Float64Array) => void;

const identity: Link = () => {};
const each = (link: (margin: number) => number): Link => {
  return (margins) => margins.set(margins.map(link));
};

const LINKS: Record<Predictor['header']['task'], readonly (readonly [MarginScale, Link])[]> = {
  regression: [
    ['value', identity],
    ['log-value', each(Math.exp)],
  ],
  binary: [
    ['probability', identity],
    ['log-odds', each(sigmoid)],
  ],
  multiclass: [
    ['probability', identity],
    ['log-score', (margins) => softmaxInPlace(margins, 0, margins.length)],
  ],
};

const isNear = (a: number, b: number) => Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));

/**
 * The scale of a model's margins: the one that makes the answers of its golden rows out of their explanations. null when none does,
 * or when the model cannot be explained.
 */
export function marginScaleOf({
  header,
  inputs,
  outputs,
  sequential,
  explainCells,
}: Predictor): MarginScale | null {
  if (explainCells === undefined) return null;
  const { golden, signature, task } = header;
  // The answers of a series build on each other.
  const rows = sequential ? golden.rows : golden.rows.slice(0, PROVED_ROWS);
  const { base, contributions } = explainCells(encodeGoldenRows(rows, signature), rows.length);
  const width = inputs.length;
  const marginsOf = (row: number) =>
    base.map((start, output) => {
      const from = (row * outputs + output) * width;
      return contributions.subarray(from, from + width).reduce((sum, part) => sum + part, start);
    });
  const found = LINKS[task].find(([, link]) =>
    rows.every((_, row) => {
      const margins = marginsOf(row);
      link(margins);
      return margins.every((answer, k) => isNear(answer, golden.predictions[row * outputs + k]));
    }),
  );
  return found === undefined ? null : found[0];
}
