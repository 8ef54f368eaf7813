import type { Random } from '../util/random.js';
import type { Blocks } from './blocks.js';
import type { Task, Weights } from './sample.js';

/** Adds one to the weight of each row that is drawn. */
export type DrawRows = (weights: Weights, random: Random) => void;

export function rowDrawer(rows: number): DrawRows {
  return (weights, random) => {
    for (let i = 0; i < rows; i++) weights[Math.floor(random() * rows)]++;
  };
}

/** As many times as there are, in blocks that go on at the beginning when they reach the end. */
export function blockDrawer({ ends, length }: Blocks): DrawRows {
  const count = ends.length;
  return (weights, random) => {
    for (let drawn = 0; drawn < count; ) {
      const start = Math.floor(random() * count);
      for (let i = 0; i < length && drawn < count; i++, drawn++) {
        const time = (start + i) % count;
        for (let row = time === 0 ? 0 : ends[time - 1]; row < ends[time]; row++) weights[row]++;
      }
    }
  };
}

/** Fills `weights` with how often each row was drawn; draws again where classes are told apart and all drawn rows are of one. */
export function resampler(
  target: Float64Array,
  task: Task | undefined,
  drawRows: DrawRows,
  random: Random,
): (weights: Weights) => void {
  const needsBoth = task !== 'regression' && target.some((value) => value !== target[0]);
  return (weights) => {
    for (;;) {
      weights.fill(0);
      drawRows(weights, random);
      if (!needsBoth || hasTwoClasses(target, weights)) return;
    }
  };
}

function hasTwoClasses(target: Float64Array, weights: Weights): boolean {
  const first = weights.findIndex((weight) => weight > 0);
  return target.some((value, row) => weights[row] > 0 && value !== target[first]);
}
