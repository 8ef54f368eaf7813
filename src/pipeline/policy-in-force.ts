import { checkMetricOn, metricNamed } from '../evaluation/metrics.js';
import { quantileOf } from '../models/hyper.js';
import type { Hyper, Task } from '../models/learner.js';
import { type Policy, parsePolicy } from '../registry/policy.js';

/**
 * The policy in force; where it names no metric, a model that predicts a quantile is judged by the loss of quantiles.
 * @throws POLICY_INVALID
 */
export function policyFor(task: Task, hyper: Hyper, given: Record<string, unknown>): Policy {
  const says = given['metric'] !== undefined || given['preset'] !== undefined;
  const isQuantile = quantileOf(hyper) !== undefined;
  return parsePolicy(isQuantile && !says ? { ...given, metric: 'pinball' } : given, task);
}

/**
 * Refuses a policy that asks for a metric which the judging rows have no number for, its guards' metrics included.
 * @param rows of each target the number of its row in the data, from 0
 * @throws OPTION_INVALID
 */
export function checkPolicyOn(policy: Policy, task: Task, y: Float64Array, rows: Int32Array): void {
  for (const name of [policy.metric, ...policy.guards.map(({ metric }) => metric)])
    checkMetricOn(metricNamed(name, task), y, rows);
}
