import { expect, test } from 'vitest';
import { judge } from '../../src/registry/gate.js';
import type { LearnedRows } from '../../src/registry/gate-evidence.js';
import { defaultPolicy, type Policy } from '../../src/registry/policy.js';

const ROWS = 400;
/** Every third is positive. */
const target = Float64Array.from({ length: ROWS }, (_, i) => Number(i % 3 === 0));
const right = target.map((label) => 0.2 + 0.6 * label);
const wrong = target.map((label, i) => (i % 4 === 0 ? 0.8 - 0.6 * label : 0.2 + 0.6 * label));

const learned = (version: number, change: Partial<LearnedRows> = {}): LearnedRows => ({
  ...{ version, of: ROWS, rows: 0, why: null, elsewhere: false },
  ...change,
});

function judged(
  [candidate, current]: [Float64Array, Float64Array],
  pair: { candidate?: Partial<LearnedRows>; current?: Partial<LearnedRows> },
  policy: Partial<Policy> = {},
) {
  return judge(
    { ...defaultPolicy('binary'), resamples: 200, baselines: [], guards: [], ...policy },
    {
      ...{ model: 'credit', task: 'binary', target, live: true, baselines: [] },
      candidate: { version: 4, learner: 'logistic', predictions: candidate, threshold: null },
      current: { version: 3, predictions: current, threshold: null },
      schema: { compatible: true, differences: [] },
      learned: { candidate: learned(4, pair.candidate), current: learned(3, pair.current) },
      holdout: { rows: ROWS },
      times: Float64Array.from({ length: ROWS }, (_, i) => i * 1000),
    },
  );
}

test('the share of live rows that either version learned from may be that of a holdout, and no more', () => {
  expect(judged([right, wrong], { candidate: { rows: 20 }, current: { rows: 20 } }).verdict).toBe('promote');
  const own = judged([right, wrong], { candidate: { rows: 21 } });
  expect(own.verdict).toBe('undecided');
  expect(own.reasons.at(-1)?.text).toContain('21 of 400 live rows stand');
  expect(judged([right, wrong], { candidate: { rows: 21 } }, { maxTwins: 0.1 }).verdict).toBe('promote');
  // What the current version knows by heart does not condemn a candidate either.
  expect(judged([wrong, right], {}).verdict).toBe('reject');
  const others = judged([wrong, right], { current: { rows: 300 } });
  expect(others).toMatchObject({ verdict: 'undecided', comparisons: [] });
  expect(others.reasons.at(-1)?.text).toContain('among the training rows of v3');
});

test('where nobody can look, the candidate has to wait; what was never known here is a warning', () => {
  const gone = { rows: null, why: 'a.csv is gone' };
  expect(judged([right, wrong], { candidate: gone }).verdict).toBe('undecided');
  const beside = judged([right, wrong], { current: gone });
  expect(beside.verdict).toBe('promote');
  expect(beside.warnings).toEqual([expect.stringMatching(/whether v3 learned.*: a\.csv is gone$/)]);
  const imported = judged([right, wrong], { candidate: { ...gone, elsewhere: true } });
  expect(imported.verdict).toBe('promote');
  expect(imported.warnings).toEqual([expect.stringContaining('whether v4 learned')]);
});
