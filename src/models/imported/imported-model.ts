import type { Task } from '../learner.js';
import type { Forest } from '../trees/forest.js';
import type { CellRule } from './cell-rules.js';

/** What turns a row's sums into its answer. */
export type Link = 'identity' | 'exp' | 'sigmoid' | 'softmax';

/** One input of an imported model. */
export interface ImportedFeature {
  name: string;
  rule: CellRule;
  /** The texts that are its categories, sorted; null for a feature whose cells are numbers. */
  categories: string[] | null;
}

/** A model of another program, as riskops runs it. */
export interface ImportedModel {
  program: 'lightgbm' | 'xgboost';
  /** As the file says it. */
  programVersion: string;
  objective: string;
  task: Task;
  /** 0 for a regression. */
  classCount: number;
  features: ImportedFeature[];
  forest: Forest;
  link: Link;
  /** Sums are multiplied by this before a sigmoid. */
  slope: number;
  /** Where each output's sum begins. */
  base: number[];
  /** The other program computes with float32: so are the cells rounded and the leaves summed. */
  single: boolean;
}
