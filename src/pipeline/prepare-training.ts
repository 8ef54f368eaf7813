import { RiskopsError } from '../errors.js';
import { learnerFor } from '../models/all.js';
import { resolveHyper } from '../models/hyper.js';
import type { Hyper, Learner } from '../models/learner.js';
import { checkModelName } from '../registry/models.js';
import { parsePolicy } from '../registry/policy.js';
import { type PreparedData, prepareData, readSchemaFile } from './prepare-data.js';
import type { TrainPlan } from './train-plan.js';

/** A plan that was found sound, with its data read and divided. */
export interface PreparedTraining {
  plan: TrainPlan;
  learner: Learner;
  hyper: Hyper;
  data: PreparedData;
}

/** Finds what can be wrong with a plan before a store is made and before a run is on record. */
export async function prepareTraining(
  plan: TrainPlan,
  onProgress: (text: string) => void = () => {},
): Promise<PreparedTraining> {
  const model = checkModelName(plan.model);
  const learner = learnerFor(plan.learner, plan.engine);
  const hyper = resolveHyper(learner, plan.hyper);
  onProgress('reading the data');
  const data = await prepareData(plan, plan.schema === null ? null : readSchemaFile(plan.schema));
  checkTask(learner, data);
  parsePolicy(plan.policy, data.target.task);
  return { plan: { ...plan, model }, learner, hyper, data };
}

function checkTask(learner: Learner, { target }: PreparedData): void {
  if (learner.tasks.includes(target.task)) return;
  const others = target.task === 'binary' ? 'logistic' : 'ridge';
  throw new RiskopsError('LEARNER_OPTION_INVALID', {
    what: `The learner ${learner.name} is not for a ${target.task} target.`,
    why: `"${target.name}" makes a ${target.task} task; ${learner.name} does ${learner.tasks.join(' and ')}.`,
    fix: `riskops train --learner ${others}, or random-forest or gradient-boosting`,
  });
}
