import { RiskopsError } from '../errors.js';
import { learnerFor } from '../models/all.js';
import { resolveHyper } from '../models/hyper.js';
import type { Hyper, Learner, Task } from '../models/learner.js';

/** Numbers of rows with a target by which learners are chosen. */
export interface AutoLimits {
  /** Below it nothing is trained. */
  least: number;
  /** From it gradient boosting is tried too. */
  few: number;
  /** From it the two best are tuned. */
  many: number;
}

export interface Contestant {
  learner: Learner;
  hyper: Hyper;
}

/** Slower and smaller steps than the default: for targets that hold much noise. */
const CAREFUL = { trees: 300, learning_rate: 0.03, leaves: 15 };

/**
 * The learners that are worth a try on so many rows: few rows a linear model and a random forest; more rows also gradient boosting in
 * two settings.
 * @throws DATA_NOT_SUFFICIENT below the least number, OPTION_INVALID for limits that are out of order
 */
export function contestantsFor(task: Task, rows: number, { least, few, many }: AutoLimits): Contestant[] {
  if (!(least <= few && few <= many))
    throw new RiskopsError('OPTION_INVALID', {
      what: `The limits of --learner auto are out of order: least ${least}, few ${few}, many ${many}.`,
      why: 'Each is at least the one before.',
      fix: 'riskops config, which shows auto.least, auto.few and auto.many',
    });
  if (rows < least)
    throw new RiskopsError('DATA_NOT_SUFFICIENT', {
      what: `The training data is not sufficient: ${rows} rows with a target, and at least ${least} are asked for.`,
      why: 'On so few rows no learner can be told from another.',
      fix: 'more rows, or riskops train --learner ridge',
      details: { rows, least },
    });
  const named: [string, Hyper][] = [
    [task === 'regression' ? 'ridge' : 'logistic', {}],
    ['random-forest', {}],
  ];
  if (rows >= few) named.push(['gradient-boosting', {}], ['gradient-boosting', CAREFUL]);
  return named
    .map(([name, given]) => {
      const learner = learnerFor(name);
      return { learner, hyper: resolveHyper(learner, given) };
    })
    .filter(({ learner }) => learner.tasks.includes(task));
}
