import type { Project } from '../config.js';
import { RiskopsError } from '../errors.js';
import { learners, trainable } from '../models/all.js';
import type { Hyper } from '../models/learner.js';
import {
  AUTO,
  type AutoOptions,
  type ChosenLearner,
  chooseLearner,
  prepareChoice,
} from '../pipeline/auto.js';
import { type PreparedTraining, prepareTraining } from '../pipeline/prepare-training.js';
import type { TrainOptions } from '../pipeline/train.js';
import type { TrainPlan } from '../pipeline/train-plan.js';
import type { Store } from '../storage/store.js';
import { printable, suggestWord } from '../util/text.js';
import { formatNumber } from './output.js';
import { formatTable } from './table.js';

/** The settings in force of a choice. */
function autoOptions(project: Project): Pick<AutoOptions, 'least' | 'few' | 'many' | 'trials' | 'seconds'> {
  return {
    least: project.get<number>('autoLeast'),
    few: project.get<number>('autoFew'),
    many: project.get<number>('autoMany'),
    trials: project.get<number>('autoTrials'),
    seconds: project.get<number>('autoSeconds'),
  };
}

/** As `learnerFor` refuses a name, where `auto` can be asked for too. @throws LEARNER_UNKNOWN with the nearest name */
function checkLearner(name: string): void {
  if (learners.some((learner) => learner.name === name)) return;
  const names = [...new Set(trainable.map((learner) => learner.name)), AUTO];
  throw new RiskopsError('LEARNER_UNKNOWN', {
    what: `There is no learner "${printable(name, 60)}".`,
    why: suggestWord(name, names),
    details: { learner: name, learners: names },
  });
}

/** A training with its learner, and how that was chosen; null when it was named. */
export interface SettledTraining {
  prepared: PreparedTraining;
  chosen: ChosenLearner | null;
}

/**
 * Finds what can be wrong with a plan. Its learner is chosen, where it is `auto`, by what this gives, once there is a store; the training
 * is then a run below that of the choice.
 */
export async function prepareLearner(
  project: Project,
  plan: TrainPlan,
  onProgress?: (text: string) => void,
): Promise<(store: Store, options: TrainOptions) => Promise<SettledTraining>> {
  if (plan.learner !== AUTO) {
    checkLearner(plan.learner);
    const prepared = await prepareTraining(plan, onProgress);
    return async () => ({ prepared, chosen: null });
  }
  const settings = autoOptions(project);
  const choice = await prepareChoice(plan, settings, onProgress);
  return async (store, options) => {
    const chosen = await chooseLearner(store, choice, { ...settings, ...options });
    return { prepared: chosen.training, chosen };
  };
}

/** So many of the tried ones are shown; all of them are on record. */
const SHOWN = 12;

/** The choice as a program reads it. */
export function choiceOf({ training: _, ...choice }: ChosenLearner) {
  return choice;
}

/** What was tried and what was chosen. */
export function describeChoice({ table, metric, method, rows, learner, run_id }: ChosenLearner): string[] {
  const shown = table.slice(0, SHOWN);
  const failed = table.filter(({ error }) => error !== null);
  return [
    `Chose ${learner} of ${table.length} by ${metric} on folds of the training rows (${method}; ${rows} rows in all; run ${run_id.slice(0, 8)}):`,
    ...formatTable(
      ['learner', metric, 'sd', 'options', 'run'],
      shown.map((row) => [
        row.learner,
        row.value === null ? 'failed' : formatNumber(row.value),
        formatNumber(row.sd),
        optionsText(row.changed),
        row.run_id.slice(0, 8),
      ]),
    ),
    ...(table.length > SHOWN
      ? [`and ${table.length - SHOWN} more: riskops runs show ${run_id.slice(0, 8)}`]
      : []),
    ...failed.slice(0, 3).map(({ learner: name, error }) => `${name} failed: ${printable(error ?? '', 160)}`),
    '',
  ];
}

const optionsText = (changed: Hyper) =>
  Object.entries(changed)
    .map(([name, value]) => `${name}=${value === null ? 'none' : formatNumber(value)}`)
    .join(' ') || 'defaults';
