import type { Task } from '../models/learner.js';

/** What to learn from and how: everything that decides the result of a training. */
export interface TrainPlan {
  model: string;
  /** Path of the CSV or CSV.gz file. */
  data: string;
  target: string;
  task: Task | null;
  positive: string | null;
  learner: string;
  engine: string;
  hyper: Record<string, unknown>;
  split: string;
  seed: number;
  threads: number | null;
  drop: string[];
  keep: string[];
  /** Path of a schema file; inferred when null. */
  schema: string | null;
  /** The gate's policy as given; the default's values stand for what it leaves out. */
  policy: Record<string, unknown>;
}
