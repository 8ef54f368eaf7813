import { expect, it } from 'vitest';
import { chooseThreshold } from '../../src/evaluation/threshold.js';
import { crossValidate } from '../../src/pipeline/cross-validate.js';
import { foldsBy } from '../../src/pipeline/evaluate-method.js';
import { prepareTraining, rowPlanOf } from '../../src/pipeline/prepare-training.js';
import { writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';
import { planFor } from './support.js';

async function prepared() {
  const folder = temporaryFolder();
  writeLoans(folder, 'loans.csv', 300);
  const { data, learner, hyper, plan } = await prepareTraining(planFor(folder));
  const folds = foldsBy({ kind: 'kfold', folds: 3 }, data, data.parts.train, 0);
  const fit = { ...rowPlanOf(plan), learner, hyper, context: { seed: 0, threads: 2 } };
  return { data, folds, fit };
}

it("a fold's threshold is chosen on the other folds, and forward in time on those before it alone", async () => {
  const { data, folds, fit } = await prepared();
  const scores = await crossValidate(data, folds, fit, { forward: false });
  const bestOn = (used: typeof scores) => {
    const join = (key: 'y' | 'predictions') =>
      Float64Array.from(used.flatMap((fold) => Array.from(fold[key])));
    return chooseThreshold(join('y'), join('predictions'), { maximise: 'balanced_accuracy' }).threshold;
  };
  const others = scores.map((own) => bestOn(scores.filter((fold) => fold !== own)));
  expect(scores.map(({ threshold }) => threshold)).toEqual(others);
  expect(new Set(others).size).toBeGreaterThan(1);
  const forward = await crossValidate(data, folds, fit, { forward: true });
  expect(forward.map(({ threshold }) => threshold)).toEqual([
    0.5,
    bestOn(scores.slice(0, 1)),
    bestOn(scores.slice(0, 2)),
  ]);
});

it('a fold that fails ends the others, and its error is the one that is told', async () => {
  const { data, folds, fit } = await prepared();
  let begun = 0;
  let ended = 0;
  const learner = {
    ...fit.learner,
    fit: async (...[, , , { signal }]: Parameters<typeof fit.learner.fit>) => {
      if (++begun === 2) throw new Error('the second fold');
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
      ended++;
      throw signal?.reason;
    },
  };
  await expect(crossValidate(data, folds, { ...fit, learner }, { forward: false })).rejects.toThrow(
    'the second fold',
  );
  expect([begun, ended]).toEqual([2, 1]);
});
