import type { BoostingOptions } from './boost.js';
import type { ForestPart } from './forest-builder.js';
import type { PreparedData } from './prepare.js';
import type { RandomTreeOptions } from './random-split.js';

export interface BoostingJob extends PreparedData {
  kind: 'gradient-boosting';
  options: BoostingOptions;
}

export interface RandomForestJob extends PreparedData {
  kind: 'random-forest';
  options: RandomTreeOptions & { trees: number; seed: number };
  /** In shared memory, one element: the number of the next tree that a thread takes. */
  nextTree: Int32Array;
}

/** What a training thread is given. */
export type TrainingJob = BoostingJob | RandomForestJob;

/** What a training thread says: each tree as it is grown, then all its trees. */
export type TrainingMessage =
  | { type: 'tree'; metrics: Record<string, number> }
  | { type: 'done'; part: ForestPart; base: number };
