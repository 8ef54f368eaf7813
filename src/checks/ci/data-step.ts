import { holdoutOf } from '../../pipeline/holdout.js';
import { prepareTraining } from '../../pipeline/prepare-training.js';
import { parsePolicy } from '../../registry/policy.js';
import type { CiProject } from './ci-project.js';
import type { CiOutcome } from './ci-result.js';

/**
 * The data of a model as training would read it: the file, schema, target, features, split, learner and policy are
 * sound, and how many held-out rows stand among the training rows too.
 */
export async function checkData(project: CiProject, model: string): Promise<CiOutcome> {
  const plan = project.planOf(model);
  const { data } = await prepareTraining(plan);
  const { y, trainingTarget, twins } = holdoutOf(plan, data, project.root);
  const { maxTwins } = parsePolicy(plan.policy, data.target.task);
  const share = `${twins} of them with an exact twin among the training rows`;
  const over = twins > maxTwins * y.length ? `, more than the policy's ${100 * maxTwins} %` : '';
  return {
    status: 'pass',
    message: `${trainingTarget.length} rows to train on and ${y.length} held out, ${share}${over}; ${data.features.length} features`,
    file: plan.data,
  };
}
