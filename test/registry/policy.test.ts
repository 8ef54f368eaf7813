import { describe, expect, it } from 'vitest';
import type { RiskopsError } from '../../src/errors.js';
import type { Task } from '../../src/models/learner.js';
import { defaultPolicy, explainPolicy, parsePolicy } from '../../src/registry/policy.js';
import { presets } from '../../src/registry/policy-presets.js';

/** The one line that says why a policy is refused. */
function faultOf(json: unknown, task: Task = 'binary'): string {
  try {
    parsePolicy(json, task);
  } catch (error) {
    expect(error).toMatchObject({ code: 'POLICY_INVALID', exitCode: 2 });
    return (error as RiskopsError).why ?? '';
  }
  throw new Error('the policy was taken');
}

describe('parsePolicy', () => {
  it('takes the default for what is left out', () => {
    for (const task of ['binary', 'multiclass', 'regression'] as const) {
      for (const empty of [{}, undefined, null])
        expect(parsePolicy(empty, task)).toEqual(defaultPolicy(task));
      expect(parsePolicy(defaultPolicy(task), task)).toEqual(defaultPolicy(task));
    }
    const policy = parsePolicy({ minGain: 0.005, baselines: ['prior'], seed: undefined }, 'binary');
    expect(policy).toEqual({ ...defaultPolicy('binary'), minGain: 0.005, baselines: ['prior'] });
  });

  it('takes the three kinds of guard', () => {
    const guards = [
      { metric: 'brier', margin: 0 },
      { metric: 'recall', min: 0.5 },
      { metric: 'ece', max: 0.1 },
    ];
    expect(parsePolicy({ guards }, 'binary').guards).toEqual(guards);
    const typed = [{ metric: 'recall', min: 0.5, margin: undefined }];
    expect(parsePolicy({ guards: typed }, 'binary').guards).toStrictEqual([{ metric: 'recall', min: 0.5 }]);
  });

  it.each([
    [{ mingain: 1 }, 'policy: the key "mingain" is not known; did you mean "minGain"?'],
    [
      { metric: 'balanced_acuracy' },
      'policy.metric: "balanced_acuracy" is not known; did you mean "balanced_accuracy"?',
    ],
    [{ metric: 'rmse' }, 'policy.metric: "rmse" is for regression models'],
    [
      { guards: [{ metric: 'brier', margn: 1 }] },
      'policy.guards[0]: the key "margn" is not known; did you mean "margin"?',
    ],
    [{ guards: [{ metric: 'brier' }] }, 'policy.guards[0]: has a metric and exactly one of margin, min, max'],
    [{ guards: [{ metric: 'brier', min: 0, max: 1 }] }, 'exactly one of'],
    [{ guards: [{ metric: 'brier', margin: -1 }] }, 'policy.guards[0].margin'],
    [{ baselines: ['prio'] }, 'policy.baselines[0]: "prio" is not known; did you mean "prior"?'],
    [{ baselines: 'none' }, 'policy.baselines: is "all" or a list of prior'],
    [{ minGain: -0.1 }, 'policy.minGain'],
    [{ minGain: Number.NaN }, 'policy.minGain'],
    [{ confidence: 95 }, 'policy.confidence'],
    [{ schema: 'sam' }, 'policy.schema: is "same" or "any"'],
    [JSON.parse('{"__proto__": {"minGain": 1}}'), 'the key "__proto__" is not known'],
    [[], 'policy: '],
    ['strict', 'policy: '],
  ])('refuses %j', (json, fault) => {
    expect(faultOf(json)).toContain(fault);
  });

  it('takes a metric that several tasks have, and no other task alone has', () => {
    for (const metric of ['log_loss', 'brier', 'balanced_accuracy'])
      for (const task of ['binary', 'multiclass'] as const)
        expect(parsePolicy({ metric }, task)).toEqual({ ...defaultPolicy(task), metric });
    expect(faultOf({ metric: 'auc' }, 'multiclass')).toContain(
      '"auc" is for binary models; there is: log_loss',
    );
    expect(faultOf({ metric: 'macro_auc' })).toContain('"macro_auc" is for multiclass models');
    expect(faultOf({ baselines: ['mean'] }, 'multiclass')).toContain('there is: prior');
  });

  it('names every fault in one line', () => {
    const why = faultOf({ metric: 'acu', minGain: 'x\ny', ['bad\nkey']: 1 });
    expect(why).toMatch(/policy\.metric.*policy\.minGain.*"bad\\x0akey"/);
    expect(why).not.toContain('\n');
  });
});

describe('presets', () => {
  it('stand in for the default, and what is written wins over both', () => {
    const policy = parsePolicy({ preset: 'balance', minGain: 0.01 }, 'binary');
    expect(policy).toEqual({
      ...defaultPolicy('binary'),
      preset: 'balance',
      metric: 'balanced_accuracy',
      proof: 'point',
      guards: [{ metric: 'recall', margin: 0.01 }],
      minGain: 0.01,
    });
    const lines = explainPolicy({ preset: 'balance', minGain: 0.01 }, 'binary');
    const from = (key: string) => lines.find((line) => line.key === key)?.from;
    expect(['minGain', 'metric', 'baselines'].map(from)).toEqual(['policy', 'preset', 'default']);
    expect(explainPolicy(undefined, 'regression').every((line) => line.from === 'default')).toBe(true);
  });

  it('each is a policy that can be taken, for its own task alone', () => {
    expect(Object.keys(presets)).toEqual(['balance', 'rul', 'sell-through', 'macro', 'anomaly']);
    for (const [preset, { task, values }] of Object.entries(presets)) {
      const other = task === 'binary' ? 'regression' : 'binary';
      expect(parsePolicy(values, task)).toMatchObject(values);
      expect(parsePolicy({ preset }, task)).toMatchObject({ preset, ...values });
      expect(faultOf({ preset }, other)).toBe(
        `policy.preset: "${preset}" is for ${task} models; this one is ${other}`,
      );
    }
  });

  it('one that would change nothing is refused, and so is one that is not there', () => {
    expect(faultOf({ ...defaultPolicy('binary'), preset: 'balance' })).toContain('"balance" changes nothing');
    expect(faultOf({ preset: 'balanced' })).toContain('did you mean "balance"?');
  });
});
