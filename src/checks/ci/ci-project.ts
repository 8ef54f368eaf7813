import type { TrainPlan } from '../../pipeline/train-plan.js';
import type { StorePlaces } from '../../storage/store.js';

/** The project that is checked, as its config has it. */
export interface CiProject {
  root: string;
  configPath: string | null;
  places: StorePlaces;
  /** The models of the config, or the one that was asked for. */
  models: readonly string[];
  /** Only this model. */
  asked?: string;
  /** What training this model would use. @throws USAGE, MODEL_NOT_FOUND */
  planOf(model: string): TrainPlan;
  policyOf(model: string): Record<string, unknown> | undefined;
  scripts: { names: readonly string[]; areChosen: boolean; limitSeconds: number };
  /** Whether an undecided gate counts as a failed check. */
  undecidedFails: boolean;
}
