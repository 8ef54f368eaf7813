import type { Observation } from './rules/observation.js';

const isVersion = (value: unknown): value is number | null => value === null || typeof value === 'number';

const named = (version: number | null) => (version === null ? 'none' : `version ${version}`);

/**
 * What a rule found, where the alert that it goes on with was about another version: `details.version` says which one was current at
 * each look. The sentence then names both, and the details have `version_before`.
 * @param before the details of the alert as they are on record; those of an older riskops may name no version
 * @returns undefined when nothing changed, or nobody knows
 */
export function acrossVersions(
  before: Record<string, unknown>,
  observation: Observation,
): Observation | undefined {
  const [then, now] = [before['version'], observation.details['version']];
  if (!isVersion(then) || !isVersion(now) || then === now) return undefined;
  return {
    ...observation,
    summary: `${observation.summary} What is current has changed: ${named(now)}, before ${named(then)}.`,
    details: { ...observation.details, version_before: then },
  };
}
