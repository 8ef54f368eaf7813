import { RiskopsError } from '../../errors.js';
import { loadCurrent } from '../../pipeline/load-current.js';
import { pointerState } from '../../registry/current.js';
import type { Store } from '../../storage/store.js';
import type { CiProject } from './ci-project.js';
import type { CiOutcome } from './ci-result.js';

/** The current model as the server would load it: the pointer agrees with the database, the file is whole, its golden rows hold. */
export async function checkCurrentModel(
  { places }: CiProject,
  store: Store | null,
  model: string,
): Promise<CiOutcome> {
  const state = store === null ? null : await pointerState(store);
  const differences = state?.differences.filter(
    (line) => !line.includes(': current.json has') || line.startsWith(`${model}: `),
  );
  if (differences !== undefined && differences.length > 0)
    return {
      status: 'fail',
      code: 'POINTER_INVALID',
      message: `current.json differs from the database: ${differences.join('; ')}.`,
      lines: ['Try: riskops doctor --fix'],
    };
  try {
    const { entry, predictor } = await loadCurrent(places, model);
    const { learner } = predictor.header;
    return {
      status: 'pass',
      message: `version ${entry.version} (${learner.name}) loads, its golden rows hold`,
    };
  } catch (error) {
    if (!(error instanceof RiskopsError && error.code === 'NO_CURRENT_MODEL')) throw error;
    return { status: 'skip', message: 'no version is current yet.' };
  }
}
