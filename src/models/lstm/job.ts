import type { Task } from '../learner.js';
import type { LossName } from './losses.js';
import type { OptimiserOptions } from './optimiser.js';
import type { LstmWeights, NetShape } from './shape.js';
import type { SeriesRows } from './windows.js';

/** Rows to learn from, or to watch. */
export interface TargetRows extends SeriesRows {
  /** The scaled target, or the class. */
  y: Float64Array;
  weights: Float64Array | null;
}

export interface LstmOptions extends OptimiserOptions {
  /** Rows that a prediction looks at. */
  window: number;
  dropout: number;
  epochs: number;
  batch: number;
  learningRate: number;
  loss: LossName;
  delta: number;
  /** Epochs without a better validation loss after which training ends; null: never. */
  patience: number | null;
  /** Epochs without a better loss after which the learning rate is multiplied by `plateauFactor`; null: never. */
  plateauPatience: number | null;
  plateauFactor: number;
}

/** What a training thread is given; its arrays of rows are in shared memory. */
export interface LstmJob {
  engine: 'riskops' | 'tfjs';
  task: Task;
  shape: NetShape;
  options: LstmOptions;
  rows: TargetRows;
  /** Rows that are watched, and learned from by nobody. */
  validation: TargetRows | null;
  seed: number;
  kernels: 'wasm' | 'js';
}

/** What a training thread says: each epoch as it ends, then the weights, or why there are none. */
export type LstmMessage =
  | { type: 'step'; metrics: Record<string, number> }
  | { type: 'done'; weights: LstmWeights }
  | { type: 'failed'; what: string; why: string; fix: string };
