import { backward } from './backward.js';
import { forward, type Mask } from './forward.js';
import type { LstmJob } from './job.js';
import { type Net, openNet } from './net.js';
import { openOptimiser } from './optimiser.js';
import { readWeights } from './placed-weights.js';
import type { LstmWeights } from './shape.js';
import { fillWindows, type SeriesRows } from './windows.js';

/** The windows that end at the rows `picks[from]` to `picks[to - 1]`. */
export interface Batch {
  rows: SeriesRows;
  picks: Int32Array;
  from: number;
  to: number;
}

/** A net that answers and learns. What is learned, in which order and for how long is in `train-net.ts`. */
export interface NetEngine {
  /** Writes the net's answers to `answers`, batch x outputs. */
  answer(batch: Batch, answers: Float64Array): void;
  /**
   * Takes one step: answers, lets `slopesOf` write the loss's derivatives by the answers, and follows them.
   * @returns the gradient's length before it was cut
   */
  learn(batch: Batch, step: LearningStep): number;
  weights(): LstmWeights;
}

export interface LearningStep {
  answers: Float64Array;
  slopes: Float64Array;
  /** Turns `answers` into `slopes`. */
  score(): void;
  masks: readonly Mask[] | null;
  rate: number;
}

/** The net in our own kernels. */
export function openOwnEngine(job: LstmJob, weights: LstmWeights, batch: number): NetEngine {
  const { shape, options } = job;
  const net: Net = openNet(shape, weights, { batch, window: options.window, training: true }, job.kernels);
  const optimise = openOptimiser(net, options);
  return {
    answer({ rows, picks, from, to }, answers) {
      fillWindows(net, rows, picks, from, to);
      forward(net, to - from, answers);
    },
    learn({ rows, picks, from, to }, { answers, slopes, score, masks, rate }) {
      fillWindows(net, rows, picks, from, to);
      forward(net, to - from, answers, masks);
      score();
      backward(net, to - from, slopes, masks);
      return optimise(rate);
    },
    weights: () => readWeights(net.kernels.memory, net.layout, shape),
  };
}
