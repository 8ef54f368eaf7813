import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import { dummy } from './dummy.js';
import { gradientBoosting } from './gradient-boosting.js';
import { importedLightgbm, importedXgboost } from './imported-trees.js';
import { isolationForest } from './isolation-forest.js';
import type { Learner } from './learner.js';
import { logistic } from './logistic.js';
import { lstm } from './lstm.js';
import { lstmTfjs } from './lstm-tfjs.js';
import { mlRandomForest } from './ml-random-forest.js';
import { randomForest } from './random-forest.js';
import { ridge } from './ridge.js';

/** Every learner. Two may share a name when their engines differ. */
export const learners: readonly Learner[] = [
  dummy,
  logistic,
  ridge,
  randomForest,
  gradientBoosting,
  isolationForest,
  mlRandomForest,
  lstm,
  lstmTfjs,
  importedLightgbm,
  importedXgboost,
];

/** Those that can be trained: the others are trees that another program grew. */
export const trainable: readonly Learner[] = learners.filter(({ imported }) => imported !== true);

/**
 * The learner of this name, run by this engine; the name alone means our own.
 * @throws LEARNER_UNKNOWN with the nearest name
 */
export function learnerFor(name: string, engine = 'riskops'): Learner {
  const named = learners.filter((learner) => learner.name === name);
  const found = named.find((learner) => learner.engine === engine);
  if (found) return found;
  const names = [...new Set(trainable.map((learner) => learner.name))];
  const engines = named.map((learner) => learner.engine);
  throw new RiskopsError('LEARNER_UNKNOWN', {
    what:
      named.length === 0
        ? `There is no learner "${printable(name, 60)}".`
        : `No engine "${printable(engine, 60)}" runs the learner ${name}.`,
    why: named.length === 0 ? suggestWord(name, names) : suggestWord(engine, engines),
    details: { learner: name, engine, learners: names, engines },
  });
}
