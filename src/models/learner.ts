import type { StepConfig } from '../features/recipe.js';

/**
 * binary: y is 0 or 1 and a prediction is the probability of 1. multiclass: y is a class number from 0 and a prediction has
 * the probability of each class. regression: both are in the target's unit.
 */
export type Task = 'binary' | 'multiclass' | 'regression';

/** Rows to learn from or to be measured on. */
export interface LearningRows {
  /** Row-major features: `rowCount` x `names.length`; NaN = missing. */
  x: Float64Array;
  /** One target a row. */
  y: Float64Array;
  rowCount: number;
  /** How much each row counts, above 0 and finite; null when all count 1. 0: the history of others alone, where `previous` is given. */
  weights: Float64Array | null;
  /** Of each row the row before it in its series, -1 for the first; null where rows have no order. */
  previous: Int32Array | null;
}

export interface TrainingData extends LearningRows {
  names: string[];
  /**
   * Of each feature the number of its categories, when its cells are category numbers (from 0; -1 for one never seen, NaN when
   * missing); 0 for a feature whose cells are numbers.
   */
  categories: Int32Array;
  /** How many classes y has; 0 for a regression. */
  classCount: number;
  /** Rows that early stopping watches; null when it is not asked for. They are learned from by nobody. */
  validation: LearningRows | null;
}

export type HyperValue = number | string | boolean | null;
export type Hyper = Record<string, HyperValue>;

export interface FitContext {
  seed: number;
  /** Worker threads to use; the result is the same for any number. */
  threads: number;
  /** `js` runs the plain twins of the WebAssembly kernels; `wasm` when left out, where the machine can. */
  kernels?: 'wasm' | 'js';
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

/** Why a model answered as it did: `base` plus a row's contributions is its margin. */
export interface Explanation {
  /** Of each output the margin's mean over the training rows. */
  base: Float64Array;
  /** rowCount x outputs x features. */
  contributions: Float64Array;
}

export interface FittedModel {
  /**
   * Predicts `rowCount` rows of `featureCount` transformed features, row-major from `x[0]`: one value a row, or for a multiclass
   * task one a class. A row's prediction does not depend on the rows beside it, bit for bit, but for those before it in its series where
   * `previous` names them.
   */
  predict(x: Float64Array, rowCount: number, previous?: Int32Array | null): Float64Array;
  save(): SavedModel;
  /** How much each feature did for the fit, in shares of 1. */
  importances?(): Float64Array;
  /** Exact contributions of the features to the margin (log-odds for classes, the prediction itself for a regression). */
  explain?(x: Float64Array, rowCount: number): Explanation;
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
  /** `none` (null) is a value too, although it is not the default. */
  none?: true;
  /** Strings: what it may be. */
  choices?: readonly string[];
  /** Where `tune` looks: from low to high (by the logarithm where `log`), or among these values. Not tuned when left out. */
  search?: { low: number; high: number; log?: true } | { values: readonly HyperValue[] };
  /** Any text, which the learner reads itself. */
  text?: true;
}

/** What the tensors of a model must fit. */
export interface ModelShape {
  featureCount: number;
  /** As in the training data. */
  categories: Int32Array;
  /** As in the training data. */
  classCount: number;
}

/** A kind of model. A new one is a file with one of these, a line in `all.ts` and a test. */
export interface Learner {
  name: string;
  /** `riskops`, or the package whose code trains and predicts. */
  engine: string;
  summary: string;
  tasks: readonly Task[];
  options: readonly HyperOption[];
  /** The preparation that this learner wants, fitted on the training rows alone, after the steps that a user asks for. */
  recipe: readonly StepConfig[];
  /** It has the option `early_stopping`, and when that is set it watches `data.validation`. */
  stopsEarly?: true;
  /** It learns from the features alone, and its target only judges it. */
  unsupervised?: true;
  /** It runs what another program trained, and trains nothing. */
  imported?: true;
  /** Its answers build on the rows before: it needs an order, and uses `previous`. */
  sequential?: true;
  fit(data: TrainingData, task: Task, hyper: Hyper, context: FitContext): Promise<FittedModel>;
  /**
   * The fitted model again from a file's content. Checks everything it will index or compute with (sizes,
   * finiteness, indices, depth) against `shape`, and throws MODEL_FILE_INVALID naming the first fault.
   */
  load(saved: SavedModel, task: Task, shape: ModelShape): FittedModel | Promise<FittedModel>;
}
