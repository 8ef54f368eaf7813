import type { PreparedData } from '../prepare-data.js';

/** One way in which the held-out rows are known to the model already. */
export interface Leak {
  /** The guard's name, as `--allow` takes it. */
  guard: string;
  /** The columns that it is about. */
  columns: string[];
  what: string;
  why: string;
  fix: string;
}

/** Looks at the data of a plan before anything is fitted. */
export type LeakGuard = (data: PreparedData) => Omit<Leak, 'guard'>[];
