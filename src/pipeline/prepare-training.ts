import { columnOf } from '../datasets/table.js';
import { RiskopsError } from '../errors.js';
import { seasonOf } from '../evaluation/baselines.js';
import { learnerFor } from '../models/all.js';
import { resolveHyper } from '../models/hyper.js';
import type { Hyper, Learner } from '../models/learner.js';
import { checkModelName } from '../registry/models.js';
import type { RowPlan } from './fit-model.js';
import { forecastSteps } from './forecast/default-steps.js';
import { refuseLeaks } from './leaks.js';
import { checkPolicyOn, policyFor } from './policy-in-force.js';
import { type PreparedData, prepareData, readSchemaFile } from './prepare-data.js';
import { aheadOf, type TrainPlan } from './train-plan.js';

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
  const known = plan.schema === null ? null : readSchemaFile(plan.schema);
  const data = await prepareData(plan, known, onProgress);
  checkTask(learner, data);
  checkOrder(learner, plan);
  checkClassOptions(learner, plan, data);
  const { task, y } = data.target;
  const { test } = data.parts;
  const judging = Float64Array.from(test, (row) => y[row]);
  checkPolicyOn(policyFor(task, hyper, plan.policy), task, judging, test);
  onProgress('looking for leaks');
  refuseLeaks(data, plan);
  const recipe =
    plan.horizon !== null && plan.recipe.length === 0 ? stepsFor(plan, learner, data) : plan.recipe;
  return { plan: { ...plan, model, recipe }, learner, hyper, data };
}

/** The part of a plan that a fit goes by. */
export function rowPlanOf({ recipe, classWeight, balance, validation }: TrainPlan): RowPlan {
  return { recipe, classWeight, balance, validation };
}

/** The steps of a forecaster for whom nobody wrote any. */
function stepsFor({ target, time, ...plan }: TrainPlan, learner: Learner, { roles, table }: PreparedData) {
  const times = columnOf(table, time as string);
  const isDate = times.type === 'date';
  return forecastSteps({
    past: roles.past ?? [],
    target,
    dates: isDate ? times.name : null,
    season: isDate ? seasonOf(times.values) : null,
    ahead: aheadOf(plan),
    sequential: learner.sequential === true,
  });
}

function checkTask(learner: Learner, { target }: PreparedData): void {
  if (learner.tasks.includes(target.task)) return;
  const others = target.task === 'regression' ? 'ridge' : 'logistic';
  throw new RiskopsError('LEARNER_OPTION_INVALID', {
    what: `The learner ${learner.name} is not for a ${target.task} target.`,
    why: `"${target.name}" makes a ${target.task} task; ${learner.name} does ${learner.tasks.join(' and ')}.`,
    fix: `riskops train --learner ${others}, or random-forest or gradient-boosting`,
  });
}

/** Rows that stand in a fit twice, or not at all, have no row before them. */
function checkOrder(learner: Learner, { time, balance }: TrainPlan): void {
  if (learner.sequential !== true) return;
  if (time === null)
    throw new RiskopsError('OPTION_INVALID', {
      what: `The learner ${learner.name} learns from the rows before a row, and the rows have no order.`,
      why: 'No --time was given.',
      fix: `riskops train --learner ${learner.name} --time COLUMN, and --series COLUMN where there are many series`,
    });
  if (balance !== null)
    throw new RiskopsError('OPTION_INVALID', {
      what: `The learner ${learner.name} cannot have its rows evened out by --balance ${balance}.`,
      why: 'It learns from rows in their order, and some would be missing or stand there twice.',
      fix: 'riskops train --class-weight balanced',
    });
}

/** Options that even out classes do nothing where there are none, or where the learner does not look at them. */
function checkClassOptions(
  learner: Learner,
  { classWeight, balance, weights, target }: TrainPlan,
  data: PreparedData,
) {
  const refuse = (what: string, why: string, fix: string) =>
    new RiskopsError('OPTION_INVALID', { what, why, fix });
  if (weights === target)
    throw refuse(
      'The target cannot be the weights.',
      'A model would know it.',
      'riskops train --weights COLUMN',
    );
  if (classWeight === null && balance === null) return;
  const option = classWeight === null ? `--balance ${balance}` : `--class-weight ${classWeight}`;
  if (data.target.classes === null)
    throw refuse(`${option} has no classes to even out.`, `"${target}" is a number.`, `leave out ${option}`);
  if (learner.unsupervised === true)
    throw refuse(
      `${option} does not go with the learner ${learner.name}.`,
      'It learns what is rare from the features alone, and evened out nothing would be rare.',
      `leave out ${option}`,
    );
}
