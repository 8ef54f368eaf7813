import type { StepConfig } from '../features/recipe.js';
import type { Task } from '../models/learner.js';

/** What to learn from and how: everything that decides the result of a training. */
export interface TrainPlan extends DataPlan {
  model: string;
  learner: string;
  engine: string;
  hyper: Record<string, unknown>;
  /** Steps before the learner's own. */
  recipe: readonly StepConfig[];
  /** balanced: each class counts the same in all. */
  classWeight: 'balanced' | null;
  /** Evens out the classes of the rows that a fit sees, and of no others. */
  balance: 'oversample' | 'undersample' | null;
  /** Share of the training rows that early stopping watches. */
  validation: number;
  threads: number | null;
  /** Path of a schema file; inferred when null. */
  schema: string | null;
  /** The gate's policy as given; the default's values stand for what it leaves out. */
  policy: Record<string, unknown>;
}

/** The part of a plan that decides which rows and columns there are, and which rows are held out. */
export interface DataPlan {
  /** Path of a file or folder, or a database with its query; see `readTable`. */
  data: string;
  target: string;
  task: Task | null;
  positive: string | null;
  split: string;
  seed: number;
  drop: string[];
  keep: string[];
  /** The column that orders the rows. */
  time: string | null;
  /** The column that tells series apart. */
  group: string | null;
  /** A forecaster: how many steps ahead it answers; null for a model of rows. */
  horizon: number | null;
  /** recursive: each step builds on the one before. direct: every step is told from what was known at the first. */
  strategy: 'recursive' | 'direct';
  /** The column with the rows' weights. */
  weights: string | null;
  /** How the rows are made of the data's; null when they are the data's own. */
  reshape: Record<string, unknown> | null;
  /** How the target is made; null when it is a column. */
  label: Record<string, unknown> | null;
  /** Leak guards that a person has overruled. */
  allow: string[];
}

/** How many rows before a row the newest one lies that a forecaster knows. */
export function aheadOf({ horizon, strategy }: Pick<DataPlan, 'horizon' | 'strategy'>): number {
  return strategy === 'direct' ? (horizon ?? 1) : 1;
}

/** What the record of a run says of the data when it is from before these could be said. */
export const dataDefaults: Omit<
  DataPlan,
  'data' | 'target' | 'task' | 'positive' | 'split' | 'seed' | 'drop' | 'keep'
> = {
  time: null,
  group: null,
  horizon: null,
  strategy: 'recursive',
  weights: null,
  reshape: null,
  label: null,
  allow: [],
};

/** The same of the fit. */
export const fitDefaults: Pick<TrainPlan, 'recipe' | 'classWeight' | 'balance' | 'validation'> = {
  recipe: [],
  classWeight: null,
  balance: null,
  validation: 0.1,
};
