import { expect, test } from 'vitest';
import { countPromoted } from '../../bench/gate-simulation.mjs';
import { judge } from '../../src/registry/gate.js';
import { defaultPolicy, parsePolicy } from '../../src/registry/policy.js';

const decisions = 40;
const count = (better: number, policy = defaultPolicy('binary')) =>
  countPromoted({ judge, policy, decisions, better });

// 400 decisions of each kind: bench/gate.mjs.
test('of 40 candidates that are only as good as the current model at most 6 are promoted, of 40 better by 0.05 AUC at least 32', () => {
  const equal = count(0);
  expect(equal.promote).toBeLessThanOrEqual(6);
  expect(equal.greater).toBeGreaterThan(10);
  const better = count(0.05);
  expect(better.promote).toBeGreaterThanOrEqual(32);
  expect(better.reject).toBe(0);
});

test('the proof of the gain alone keeps equal candidates out, without the help of a guard', () => {
  expect(count(0, { ...defaultPolicy('binary'), guards: [] }).promote).toBeLessThanOrEqual(6);
});

test('a rule by the figures as they are promotes an equal model many times more often', () => {
  const asSeen = count(0, parsePolicy({ preset: 'balance', resamples: 200 }, 'binary'));
  expect(asSeen.undecided).toBe(0);
  expect(asSeen.promote).toBeGreaterThan(8);
});
