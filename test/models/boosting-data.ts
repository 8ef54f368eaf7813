import { gradientBoosting } from '../../src/models/gradient-boosting.js';
import { resolveHyper } from '../../src/models/hyper.js';
import type { FitContext, FittedModel, LearningRows, Task, TrainingData } from '../../src/models/learner.js';

interface TableOptions {
  names?: string[];
  /** Of each feature; all numbers when it is left out. */
  categories?: number[];
  classCount?: number;
  weights?: number[];
  validation?: LearningRows;
}

/** A table given row by row as training data. */
export function tableOf(x: number[][], y: number[], options: TableOptions = {}): TrainingData {
  const width = x[0].length;
  const { names = Array.from({ length: width }, (_, j) => `f${j}`), categories, weights } = options;
  return {
    x: Float64Array.from(x.flat()),
    y: Float64Array.from(y),
    rowCount: y.length,
    names,
    categories: Int32Array.from(categories ?? names.map(() => 0)),
    classCount: options.classCount ?? 0,
    weights: weights === undefined ? null : Float64Array.from(weights),
    previous: null,
    validation: options.validation ?? null,
  };
}

/** Fits gradient boosting with these options set. */
export function fitBoosting(
  data: TrainingData,
  task: Task,
  hyper: Record<string, unknown> = {},
  context: Partial<FitContext> = {},
): Promise<FittedModel> {
  return gradientBoosting.fit(data, task, resolveHyper(gradientBoosting, hyper), {
    seed: 0,
    threads: 1,
    ...context,
  });
}
