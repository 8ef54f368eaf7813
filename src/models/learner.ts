import type { StepConfig } from '../features/recipe.js';

/** binary: y is 0 or 1 and a prediction is the probability of 1. regression: both are in the target's unit. */
export type Task = 'binary' | 'regression';

/** Row-major features (`rowCount` x `names.length`, NaN = missing) and one target a row. */
export interface TrainingData {
  x: Float64Array;
  y: Float64Array;
  rowCount: number;
  names: string[];
}

export type HyperValue = number | string | boolean | null;
export type Hyper = Record<string, HyperValue>;

export interface FitContext {
  seed: number;
  /** Worker threads to use; the result is the same for any number. */
  threads: number;
  /** Called as training advances; `step` counts from 1 to `of`. */
  onStep?: (progress: { step: number; of: number; metrics: Record<string, number> }) => void;
  /** Aborting ends training soon, with the signal's reason as the error. */
  signal?: AbortSignal;
}

export type TensorType = 'F64' | 'F32' | 'I32' | 'I16' | 'U8';
export type TensorData = Float64Array | Float32Array | Int32Array | Int16Array | Uint8Array;

export interface Tensor {
  type: TensorType;
  shape: number[];
  data: TensorData;
}

/** What a fitted model keeps in the model file: JSON facts and tensors. */
export interface SavedModel {
  facts: Record<string, unknown>;
  tensors: Record<string, Tensor>;
}

export interface FittedModel {
  /**
   * Predicts `rowCount` rows of `featureCount` transformed features, row-major from `x[0]`.
   * A row's prediction does not depend on the rows beside it, bit for bit.
   */
  predict(x: Float64Array, rowCount: number): Float64Array;
  save(): SavedModel;
}

/** One option of a learner: shown in help, checked before training. */
export interface HyperOption {
  name: string;
  description: string;
  default: HyperValue;
  /** Numbers: the closed range; `integer` when only whole numbers are allowed. */
  min?: number;
  max?: number;
  integer?: boolean;
  /** Strings: what it may be. */
  choices?: readonly string[];
}

/** A kind of model. A new one is a file with one of these, a line in `all.ts` and a test. */
export interface Learner {
  name: string;
  /** `riskops`, or the package whose code trains and predicts. */
  engine: string;
  summary: string;
  tasks: readonly Task[];
  options: readonly HyperOption[];
  /** The preparation that this learner wants, fitted on the training rows alone. */
  recipe: readonly StepConfig[];
  fit(data: TrainingData, task: Task, hyper: Hyper, context: FitContext): Promise<FittedModel>;
  /**
   * The fitted model again from a file's content. Checks everything it will index or compute with (sizes,
   * finiteness, indices, depth) against `featureCount`, and throws MODEL_FILE_INVALID naming the first fault.
   */
  load(saved: SavedModel, task: Task, featureCount: number): FittedModel | Promise<FittedModel>;
}
