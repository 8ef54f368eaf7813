import type { BoostingOptions } from './boost.js';
import type { WatchedRows } from './boosting/early-stopping.js';
import type { Forest } from './forest.js';
import type { ForestPart } from './forest-builder.js';
import type { PreparedData } from './prepare.js';
import type { RandomTreeOptions } from './random-tree.js';

export interface BoostingJob extends PreparedData {
  kind: 'gradient-boosting';
  options: BoostingOptions;
  watched: WatchedRows | null;
  /** The compiled kernel `trees`: handed on because a thread then has its optimised code at once. */
  module: WebAssembly.Module | null;
}

export interface RandomForestJob extends PreparedData {
  kind: 'random-forest';
  options: RandomTreeOptions & { trees: number; seed: number };
  /** In shared memory, one element: the number of the next tree that a thread takes. */
  nextTree: Int32Array;
  /** The compiled kernel `forest`, handed on as that of boosting is. */
  module: WebAssembly.Module | null;
}

/** What a training thread is given. */
export type TrainingJob = BoostingJob | RandomForestJob;

/** The arrays of a part that are its own: they may be handed over. */
export function arraysOf({ forest }: ForestPart): Exclude<Forest[keyof Forest], number>[] {
  const { feature, threshold, set, sets, left, value, cover, gain, missingLeft, roots } = forest;
  return [feature, threshold, set, sets, left, value, cover, gain, missingLeft, roots];
}

/** What a training thread says: the metrics of trees (or rounds of trees) as they are grown, then all its trees, and what the model keeps besides. */
export type TrainingMessage =
  | { type: 'trees'; metrics: Record<string, number>[] }
  | { type: 'done'; part: ForestPart; facts?: Record<string, unknown> };
