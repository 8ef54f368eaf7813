import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { naiveBaselines } from '../../src/evaluation/baselines.js';
import { judge } from '../../src/registry/gate.js';
import type { Evidence } from '../../src/registry/gate-evidence.js';
import { describeGate, type GateReport } from '../../src/registry/gate-report.js';
import { defaultPolicy, type Policy, parsePolicy } from '../../src/registry/policy.js';
import { toJson } from '../../src/util/json.js';
import { seededRandom, shuffledIndices } from '../../src/util/random.js';

const rows = 400;
const random = seededRandom(20);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const odds = Float64Array.from({ length: rows }, () => -1 + 1.5 * normal());
const target = odds.map((value) => (random() < sigmoid(value) ? 1 : 0));
/** Models whose error is small, large and complete. */
const good = odds.map((value) => sigmoid(value + 0.2 * normal()));
const middling = odds.map((value) => sigmoid(value + 1.5 * normal()));
const useless = odds.map(() => sigmoid(-1 + normal()));
const prior = naiveBaselines('binary', { trainingTarget: Float64Array.of(0, 0, 1), holdoutTarget: target });

function evidenceOf(
  candidate: Float64Array,
  current: Float64Array | null,
  change: Partial<Evidence> = {},
): Evidence {
  return {
    model: 'credit',
    task: 'binary',
    target,
    candidate: { version: 4, learner: 'logistic', predictions: candidate, threshold: null },
    current: current && { version: 3, predictions: current, threshold: null },
    baselines: prior,
    schema: { compatible: true, differences: [] },
    holdout: { rows, split: 'every:5:4' },
    ...change,
  };
}

function policyWith(change: Partial<Policy> = {}): Policy {
  return { ...defaultPolicy('binary'), resamples: 500, ...change };
}

function judged(
  candidate: Float64Array,
  current: Float64Array | null,
  policy: Partial<Policy> = {},
  change = {},
) {
  return judge(policyWith(policy), evidenceOf(candidate, current, change));
}

function rule(report: GateReport, name: string) {
  const found = report.reasons.find((reason) => reason.rule === name);
  expect(found, name).toBeDefined();
  return found!;
}

/** A copy with one row changed. */
function withRow(values: Float64Array, row: number, value: number): Float64Array {
  const copy = values.slice();
  copy[row] = value;
  return copy;
}

describe('against the current model', () => {
  it('never takes a current model that cannot be scored for none: undecided, whatever the candidate', () => {
    const report = judged(good, null, {}, { unscored: { version: 3, why: 'its file is damaged' } });
    expect(report).toMatchObject({ verdict: 'undecided', current: { version: 3 }, rows_needed: null });
    expect(rule(report, 'current')).toMatchObject({
      passed: null,
      text: expect.stringMatching(/v3.*damaged/),
    });
    expect(describeGate(report).at(-1)).toMatch(/v3, which cannot be scored: roll back/);
    expect(judged(prior[0].predictions, null, {}, { unscored: { version: 3, why: 'gone' } }).verdict).toBe(
      'reject',
    );
  });

  it('promotes what is surely better, and names numbers and baselines', () => {
    const report = judged(good, middling);
    expect(report).toMatchObject({
      verdict: 'promote',
      rows_needed: null,
      metric: 'auc',
      direction: 'greater',
    });
    expect(report.reasons.map(({ rule }) => rule)).toEqual([
      'numbers',
      'schema',
      'min_rows',
      'min_positives',
      'current',
      'baseline prior',
      'guard brier',
    ]);
    expect(report.reasons.every(({ passed }) => passed)).toBe(true);
    expect(report.comparisons.map(({ against, metric }) => `${against} ${metric}`)).toEqual([
      'current v3 auc',
      'current v3 brier',
      'baseline prior auc',
    ]);
    for (const { lower, gain, upper } of report.comparisons) expect(lower < gain && gain < upper).toBe(true);
    expect(report.holdout).toMatchObject({
      rows,
      split: 'every:5:4',
      positives: target.reduce((a, b) => a + b),
    });
  });

  it('rejects what is surely worse', () => {
    const report = judged(middling, good);
    expect(report.verdict).toBe('reject');
    expect(rule(report, 'current')).toMatchObject({
      passed: false,
      text: expect.stringMatching(/^worse: auc .* of current v3/),
    });
  });

  it('rejects what cannot reach the minimum gain, though it may be better', () => {
    const report = judged(good, withRow(good, 0, 1 - good[0]), { minGain: 0.2 });
    expect(report.verdict).toBe('reject');
    expect(rule(report, 'current').text).toMatch(/^not better by enough.*minimum gain 0\.2$/);
  });

  it('leaves the rest undecided and says how many rows it would take', () => {
    const report = judged(good, middling, { minGain: 0.06 });
    const { gain, lower, upper } = report.comparisons[0];
    expect(lower < 0.06 && gain > 0.06 && upper > 0.06).toBe(true);
    const halfWidth = Math.max(gain - lower, (upper - lower) / 2);
    const more = Math.ceil(rows * (halfWidth / (gain - 0.06)) ** 2) - rows;
    expect(report).toMatchObject({ verdict: 'undecided', rows_needed: more });
    expect(report.next).toContain(
      `About ${more.toLocaleString('en-US')} more holdout rows like these would promote it`,
    );
  });

  it('tells an equal candidate that no number of rows would promote it', () => {
    const report = judged(good.slice(), good);
    expect(report).toMatchObject({ verdict: 'undecided', rows_needed: null });
    expect(rule(report, 'current').text).toContain('no number of rows would promote it at this gain');
    expect(report.next).toMatch(/^No number of rows would promote it at this gain; v3 stays current\.$/);
    expect(judged(good.slice(), good, { minGain: 0.01 }).verdict).toBe('reject');
  });

  it('does not promote on the strength of one row', () => {
    const row = target.findIndex((label, i) => label === 1 && good[i] < 0.1);
    const report = judged(withRow(good, row, 0.99), good);
    expect(report.comparisons[0].gain).toBeGreaterThan(0);
    expect(report.verdict).toBe('undecided');
    expect(report.rows_needed).toBeGreaterThan(rows / 2);
  });
});

describe('the other rules', () => {
  it('the first model must beat the baselines', () => {
    expect(judged(good, null)).toMatchObject({
      verdict: 'promote',
      current: null,
      next: 'It may become the first current model.',
    });
    const dummy = judged(prior[0].predictions, null);
    expect(dummy.verdict).toBe('reject');
    expect(rule(dummy, 'baseline prior').text).toMatch(
      /^not beaten: auc 0\.5 against 0\.5 of baseline prior/,
    );
    expect(judged(useless, null).verdict).not.toBe('promote');
  });

  it('a better model than the current one must beat them too', () => {
    const backwards = good.map((p) => 1 - p);
    const report = judged(useless, backwards, { guards: [] });
    expect(rule(report, 'current').passed).toBe(true);
    expect(rule(report, 'baseline prior').passed).not.toBe(true);
    expect(report.verdict).not.toBe('promote');
  });

  it('baselines that nobody measured are not beaten, unless the policy asks for none', () => {
    expect(judged(good, null, {}, { baselines: [] }).verdict).toBe('reject');
    const named = judged(good, null, { baselines: ['prior', 'median'] });
    expect(rule(named, 'baseline median').passed).toBe(false);
    expect(judged(good, null, { baselines: [] }, { baselines: [] }).verdict).toBe('promote');
  });

  it('a better ranking with wrong probabilities fails the Brier guard', () => {
    const overstated = good.map((p) => p ** 0.2);
    const report = judged(overstated, middling);
    expect(rule(report, 'current').passed).toBe(true);
    expect(rule(report, 'guard brier')).toMatchObject({
      passed: false,
      text: expect.stringMatching(/^worse by more than 0\.002: brier .* of current v3, gain -0\./),
    });
    expect(report.verdict).toBe('reject');
  });

  it('a guard that is neither held nor broken leaves it undecided', () => {
    const shifted = good.map((p) => sigmoid(Math.log(p / (1 - p)) + 0.45));
    const report = judged(shifted, good, { guards: [{ metric: 'brier', margin: 0.007 }] });
    expect(rule(report, 'guard brier').passed).toBeNull();
  });

  it('absolute guards look at the candidate alone', () => {
    const guards = [
      { metric: 'recall', min: 0.3 },
      { metric: 'ece', max: 0.2 },
    ];
    expect(judged(good, null, { guards }).verdict).toBe('promote');
    const report = judged(good, null, { guards: [{ metric: 'recall', min: 0.99 }] });
    expect(rule(report, 'guard recall').text).toMatch(/^recall is 0\.\d+ and must be at least 0\.99$/);
    expect(report.verdict).toBe('reject');
    expect(judged(good, null, { guards: [{ metric: 'ece', max: 0.001 }] }).verdict).toBe('reject');
  });

  it('the candidate is judged at its own threshold', () => {
    const evidence = evidenceOf(good, null);
    const guards = [{ metric: 'recall', min: 0.99 }];
    const everybody = { ...evidence, candidate: { ...evidence.candidate, threshold: 0 } };
    expect(judge(policyWith({ guards }), everybody).verdict).toBe('promote');
  });

  it('too few rows or positives decide nothing', () => {
    const few = judged(good, middling, { minRows: 1000 });
    expect(few).toMatchObject({ verdict: 'undecided', rows_needed: 600 });
    const positives = target.reduce((a, b) => a + b);
    const rare = judged(good, middling, { minPositives: positives * 3 });
    expect(rare).toMatchObject({ verdict: 'undecided', rows_needed: 2 * rows });
    expect(judged(middling, good, { minRows: 1000 }).verdict).toBe('reject');
  });

  it('another schema is refused by name, unless the policy allows it', () => {
    const schema = { compatible: false, differences: ['also needs "PAY_7"'] };
    const report = judged(good, middling, {}, { schema });
    expect(report.verdict).toBe('reject');
    expect(rule(report, 'schema').text).toBe('callers of v3 would break: also needs "PAY_7"');
    expect(judged(good, middling, { schema: 'any' }, { schema }).verdict).toBe('promote');
    expect(judged(good, null, {}, { schema }).verdict).toBe('promote');
  });
});

describe('the figures as they are (proof: point)', () => {
  const balance = parsePolicy({ preset: 'balance', resamples: 200 }, 'binary');
  /** 200 positive and 800 negative rows; a model that finds so many of each at its threshold. */
  const labels = Float64Array.from({ length: 1000 }, (_, row) => (row < 200 ? 1 : 0));
  const finds = (positives: number, negatives: number) =>
    labels.map((label, row) => (label === 1 ? Number(row < positives) : Number(row - 200 >= negatives)));
  const verdict = (candidate: Float64Array, current: Float64Array, policy = balance) =>
    judge(
      policy,
      evidenceOf(candidate, current, {
        target: labels,
        holdout: { rows: 1000 },
        baselines: [{ name: 'prior', predictions: new Float64Array(1000).fill(0.2) }],
      }),
    );

  it.each([
    // balanced accuracy of the current model: (0.7 + 0.8) / 2 = 0.75
    ['better by exactly 0.005', 142, 640, 'promote'],
    ['better by less than 0.005', 140, 647, 'reject'],
    ['recall worse by exactly 0.01', 138, 656, 'promote'],
    ['recall worse by more than 0.01', 137, 664, 'reject'],
    ['equal', 140, 640, 'reject'],
  ])('the rule of balance: %s', (_, positives, negatives, expected) => {
    expect(verdict(finds(positives, negatives), finds(140, 640)).verdict).toBe(expected);
  });

  it('says with each verdict that nothing was proven', () => {
    const report = verdict(finds(142, 640), finds(140, 640));
    expect(report).toMatchObject({ verdict: 'promote', policy: { preset: 'balance' } });
    expect(report.warnings.join()).toMatch(/proof: point/);
    expect(describeGate(report).join('\n')).toMatch(/warning: the gain is taken as it is seen/);
    const proven = verdict(finds(142, 640), finds(140, 640), { ...balance, proof: 'interval' });
    expect(proven).toMatchObject({ verdict: 'undecided', warnings: [] });
  });
});

describe('what is known of the holdout', () => {
  const ledger = (candidates: number) => ({
    ledger: {
      uses: candidates + 3,
      candidates,
      first: '2026-01-01T00:00:00.000Z',
      last: '2026-02-01T00:00:00.000Z',
    },
  });

  it('warns of a holdout that has judged many candidates, and decides nothing on it where the policy says so', () => {
    const fresh = judged(good, middling, {}, ledger(19));
    expect(fresh).toMatchObject({ verdict: 'promote', warnings: [], ledger: { uses: 22, candidates: 19 } });
    const worn = judged(good, middling, {}, ledger(20));
    expect(worn).toMatchObject({
      verdict: 'promote',
      warnings: [expect.stringContaining('20 distinct candidates')],
    });
    const strict = { onHoldoutWorn: 'undecided' } as const;
    expect(judged(good, middling, strict, ledger(19)).verdict).toBe('promote');
    const refused = judged(good, middling, strict, ledger(20));
    expect(refused).toMatchObject({ verdict: 'undecided', rows_needed: null });
    expect(refused.next).toContain('worn: hold out fresh rows');
    expect(judged(good, middling, { maxHoldoutUses: 21 }, ledger(20)).warnings).toEqual([]);
    expect(judged(good, middling).ledger).toBeNull();
  });

  it('draws rows in time order in blocks, and decides nothing on a few times', () => {
    const times = good.map((_, row) => row);
    const report = judged(good, middling, {}, { times });
    expect(report.comparisons[0].blocks).toMatchObject({ times: rows });
    expect(describeGate(report).join('\n')).toMatch(/drawn in blocks of .* of 400 times/);
    const alone = judged(good, middling, { blockRows: 'off' }, { times });
    expect(alone.comparisons).toEqual(judged(good, middling).comparisons);
    const quarters = judged(good, middling, {}, { times: times.map((row) => row % 4) });
    expect(quarters).toMatchObject({ verdict: 'undecided', rows_needed: null });
    expect(rule(quarters, 'times').text).toMatch(/400 holdout rows of 4 different times.*blockRows/);
    const missing = judged(good, middling, {}, { times: withRow(times, 6, Number.NaN) });
    expect(missing.reasons[0].text).toContain('the time of holdout row 7 is NaN');
  });

  it('says of the current version that it was judged against itself', () => {
    const report = judged(good, good, {}, { current: { version: 4, predictions: good, threshold: null } });
    expect(report.next).toBe('v4 is current already, and was judged against itself.');
  });
});

describe('numbers that are not there', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5, -0.1])(
    'one prediction of %d rejects, with and without a current model',
    (value) => {
      for (const current of [null, middling]) {
        const report = judged(withRow(good, 6, value), current);
        expect(report.verdict).toBe('reject');
        expect(report.reasons[0]).toMatchObject({ rule: 'numbers', passed: false });
        expect(report.reasons[0].text).toContain(`the candidate v4 has ${value} in holdout row 7`);
        expect(report.comparisons).toEqual([]);
      }
    },
  );

  it('a current model or a baseline without numbers is not taken for none', () => {
    const broken = judged(good, withRow(middling, 0, Number.NaN));
    expect(broken.verdict).toBe('reject');
    expect(broken.reasons[0].text).toContain('the current v3 has NaN in holdout row 1');
    const baselines = [{ name: 'prior', predictions: withRow(prior[0].predictions, 9, Number.NaN) }];
    expect(judged(good, null, {}, { baselines }).verdict).toBe('reject');
  });

  it.each([
    [
      'a length that does not fit',
      evidenceOf(good.slice(1), null),
      'the candidate v4 has 399 predictions for 400 rows',
    ],
    [
      'a current model on other rows',
      evidenceOf(good, good.slice(2)),
      'the current v3 has 398 predictions for 400 rows',
    ],
    [
      'another number of rows',
      evidenceOf(good, null, { holdout: { rows: 401 } }),
      'the holdout has 401 rows, its target 400',
    ],
    [
      'a target that is no class',
      evidenceOf(good, null, { target: withRow(target, 4, 2) }),
      'the target has 2 in holdout row 5',
    ],
    [
      'one class alone',
      evidenceOf(good, null, { target: new Float64Array(rows) }),
      'the auc of the candidate v4 is NaN',
    ],
    [
      'no rows',
      evidenceOf(new Float64Array(0), null, {
        target: new Float64Array(0),
        baselines: [],
        holdout: { rows: 0 },
      }),
      'the holdout has no rows',
    ],
  ])('%s rejects', (_, evidence, text) => {
    const report = judge(policyWith(), evidence);
    expect(report.verdict).toBe('reject');
    expect(report.reasons[0].text).toContain(text);
  });

  it('a metric that overflows rejects', () => {
    const evidence = evidenceOf(
      good.map(() => 1e200),
      null,
      { task: 'regression' },
    );
    const report = judge({ ...defaultPolicy('regression') }, evidence);
    expect(report.reasons[0].text).toContain('the rmse of the candidate v4 is Infinity');
    expect(report.verdict).toBe('reject');
  });

  it('mase without a training series rejects, and with one decides', () => {
    const trainingTarget = Float64Array.of(1, 0, 1, 1);
    const policy = { ...defaultPolicy('regression'), metric: 'mase', resamples: 300 };
    const baselines = naiveBaselines('regression', { trainingTarget, holdoutTarget: target });
    const evidence = evidenceOf(good, useless, { task: 'regression', baselines });
    expect(judge(policy, evidence).reasons[0].text).toContain('the mase of the candidate v4 is NaN');
    expect(judge(policy, { ...evidence, scale: { trainingTarget } }).comparisons[0]).toMatchObject({
      metric: 'mase',
    });
  });
});

describe('the report', () => {
  it('is the same for the same evidence, whatever the order of rows and baselines', () => {
    const order = shuffledIndices(rows, seededRandom(8));
    const shuffled = (values: Float64Array) => Float64Array.from(order, (row) => values[row]);
    const report = judged(good, middling, { minGain: 0.06 });
    expect(toJson(judged(good, middling, { minGain: 0.06 }))).toBe(toJson(report));
    const baselines = prior.map(({ name, predictions }) => ({ name, predictions: shuffled(predictions) }));
    const elsewhere = judged(
      shuffled(good),
      shuffled(middling),
      { minGain: 0.06 },
      { target: shuffled(target), baselines },
    );
    expect(toJson(elsewhere)).toBe(toJson(report));
    const two = [...prior, { name: 'coin', predictions: new Float64Array(rows).fill(0.5) }];
    const forth = judged(good, middling, {}, { baselines: two });
    const back = judged(good, middling, {}, { baselines: [...two].reverse() });
    expect(back.verdict).toBe(forth.verdict);
    expect(new Set(back.comparisons.map(toJson))).toEqual(new Set(forth.comparisons.map(toJson)));
  });

  it('reads as a sentence, a table, the rules and what follows', () => {
    const lines = describeGate(judged(good, middling));
    expect(lines[0]).toMatch(
      /^PROMOTE: credit v4 \(logistic\) against current v3, on 400 holdout rows, \d+ of them positive$/,
    );
    expect(lines[1]).toMatch(/^ {2}against {9}metric {2}candidate {2}other +gain +lower 95 % +upper 95 %$/);
    expect(lines[2]).toMatch(/^ {2}current v3 {6}auc +0\.\d+ +0\.\d+ +\+0\.\d+ +\+0\.\d+ +\+0\.\d+$/);
    expect(lines.slice(-2)).toEqual([
      '  passed: numbers, schema, min_rows, min_positives, current, baseline prior, guard brier',
      'It may replace v3.',
    ]);
    expect(describeGate(judged(good, good)).at(-2)).toMatch(/^ {2}open: current: not proven better: auc /);
    expect(describeGate(judged(middling, good)).join()).toMatch(/ {2}failed: current: worse: auc /);
    expect(
      describeGate(
        judged(
          good.map(() => Number.NaN),
          null,
        ),
      )[0],
    ).toContain('REJECT: credit v4 (logistic) as the first model');
  });
});

describe('regression', () => {
  const trainingTarget = odds.slice(0, 200);
  const holdoutTarget = odds.slice(200);
  const near = holdoutTarget.map((value) => value + 0.3 * normal());
  const far = holdoutTarget.map((value) => value + 0.8 * normal());
  const baselines = naiveBaselines('regression', { trainingTarget, holdoutTarget, inTimeOrder: true });
  const evidence = (candidate: Float64Array, current: Float64Array | null) =>
    evidenceOf(candidate, current, {
      task: 'regression',
      target: holdoutTarget,
      baselines,
      holdout: { rows: 200 },
    });

  it('less is better: gains of rmse are positive when it falls', () => {
    const report = judge(defaultPolicy('regression'), evidence(near, far));
    expect(report).toMatchObject({ verdict: 'promote', direction: 'less' });
    expect(report.comparisons[0].gain).toBeCloseTo(0.5, 1);
    expect(report.holdout).not.toHaveProperty('positives');
    expect(judge(defaultPolicy('regression'), evidence(far, near)).verdict).toBe('reject');
  });

  it('a forecaster that loses to persistence is rejected, and told so', () => {
    const walk = Float64Array.from({ length: 500 }, () => normal());
    for (let t = 1; t < walk.length; t++) walk[t] += walk[t - 1];
    const [before, after] = [walk.slice(0, 300), walk.slice(300)];
    const known = naiveBaselines('regression', {
      trainingTarget: before,
      holdoutTarget: after,
      inTimeOrder: true,
    });
    const late = after.map((_, t) => walk[300 + t - 6]);
    const report = judge(defaultPolicy('regression'), {
      ...evidence(late, null),
      target: after,
      baselines: known,
    });
    expect(rule(report, 'baseline mean').passed).toBe(true);
    expect(rule(report, 'baseline previous value').text).toMatch(
      /^not beaten: rmse .* of baseline previous value/,
    );
    expect(report.verdict).toBe('reject');
  });
});

describe('on the credit data', () => {
  const path = join(import.meta.dirname, '../../data/uci_credit_default.csv.gz');
  const [head, ...lines] = gunzipSync(readFileSync(path)).toString().trim().split('\n');
  const names = head.trim().split(',');
  const table = lines.map((line) => line.split(',').map(Number));
  const training = table.filter((_, i) => i % 5 !== 4);
  const holdout = table.filter((_, i) => i % 5 === 4);
  const column = (name: string, of: number[][]) => Float64Array.from(of, (row) => row[names.indexOf(name)]);

  /** The share of defaults among training rows with the same repayment status in these months. */
  function lookup(months: string[]): Float64Array {
    const key = (row: number[]) => months.map((month) => row[names.indexOf(month)]).join();
    const counts = new Map<string, [number, number]>();
    for (const row of training) {
      const [positives, all] = counts.get(key(row)) ?? [0, 0];
      counts.set(key(row), [positives + row[names.indexOf('class')], all + 1]);
    }
    return Float64Array.from(holdout, (row) => {
      const [positives, all] = counts.get(key(row)) ?? [0, 0];
      return (positives + 2.2) / (all + 10);
    });
  }

  const one = lookup(['PAY_0']);
  const two = lookup(['PAY_0', 'PAY_2']);
  const real = column('class', holdout);
  const baselines = naiveBaselines('binary', {
    trainingTarget: column('class', training),
    holdoutTarget: real,
  });
  const verdict = (candidate: Float64Array, current: Float64Array | null) =>
    judge(
      defaultPolicy('binary'),
      evidenceOf(candidate, current, { target: real, baselines, holdout: { rows: holdout.length } }),
    );

  it('a rule that knows two months replaces one that knows one, and not the other way round', () => {
    expect(holdout.length).toBe(6000);
    const first = verdict(one, null);
    expect(first.verdict).toBe('promote');
    const second = verdict(two, one);
    expect(second.verdict).toBe('promote');
    // scikit-learn 1.2.1's roc_auc_score and brier_score_loss of the same two rules.
    expect(second.comparisons[0].candidate).toBeCloseTo(0.7178070061214189, 12);
    expect(second.comparisons[0].other).toBeCloseTo(0.7118459264680639, 12);
    expect(second.comparisons[1].candidate).toBeCloseTo(0.1400445115534126, 12);
    expect(verdict(one, two).verdict).toBe('reject');
    expect(verdict(two, two)).toMatchObject({ verdict: 'undecided', rows_needed: null });
    expect(verdict(baselines[0].predictions, null).verdict).toBe('reject');
  });
});

describe('a model of many classes', () => {
  const draw = seededRandom(44);
  const labels = Float64Array.from({ length: rows }, () => Math.floor(3 * draw()));
  const sharp = (strength: number) => {
    const noise = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
    const shares = new Float64Array(3 * rows);
    for (let row = 0; row < rows; row++) {
      const sizes = [0, 1, 2].map((k) => Math.exp((k === labels[row] ? strength : 0) + noise()));
      const sum = sizes[0] + sizes[1] + sizes[2];
      for (const [k, size] of sizes.entries()) shares[3 * row + k] = size / sum;
    }
    return shares;
  };
  const [strong, weak] = [sharp(2), sharp(0.7)];
  const shares = naiveBaselines('multiclass', {
    trainingTarget: Float64Array.of(0, 0, 1, 2),
    holdoutTarget: labels,
    classCount: 3,
  });
  const judgedMany = (
    candidate: Float64Array,
    current: Float64Array | null,
    change: Partial<Evidence> = {},
  ) =>
    judge(
      { ...defaultPolicy('multiclass'), resamples: 500 },
      evidenceOf(candidate, current, { task: 'multiclass', target: labels, baselines: shares, ...change }),
    );

  it('is judged by log loss, against the current model and the shares of the classes', () => {
    const report = judgedMany(strong, weak);
    expect(report).toMatchObject({
      verdict: 'promote',
      task: 'multiclass',
      metric: 'log_loss',
      direction: 'less',
      holdout: { rows, classes: 3 },
    });
    expect(report.holdout.positives).toBeUndefined();
    expect(report.comparisons.map(({ against }) => against)).toEqual(['current v3', 'baseline prior']);
    expect(report.reasons.map(({ rule }) => rule)).not.toContain('min_positives');
    expect(describeGate(report)[0]).toBe(
      'PROMOTE: credit v4 (logistic) against current v3, on 400 holdout rows of 3 classes',
    );
    const without = judgedMany(strong, weak, { target: labels.map((label) => Math.min(label, 1)) });
    expect(describeGate(without)[0]).toContain('on 400 holdout rows with 2 of the 3 classes');
    expect(judgedMany(weak, strong).verdict).toBe('reject');
    expect(judgedMany(shares[0].predictions, null)).toMatchObject({ verdict: 'reject' });
  });

  it('has not beaten a baseline that says the same by other sums', () => {
    const nearly = shares[0].predictions.map((share) => share * (1 + 2 ** -51));
    const report = judgedMany(nearly, null);
    expect(rule(report, 'baseline prior')).toMatchObject({
      passed: false,
      text: expect.stringContaining('gain 0'),
    });
    expect(report.comparisons[0]).toMatchObject({ gain: 0, lower: 0, upper: 0 });
  });

  it('may have guards, by the metrics of its task', () => {
    const policy = parsePolicy({ guards: [{ metric: 'macro_f1', min: 0.99 }], resamples: 200 }, 'multiclass');
    const evidence = evidenceOf(strong, weak, { task: 'multiclass', target: labels, baselines: shares });
    expect(rule(judge(policy, evidence), 'guard macro_f1').passed).toBe(false);
  });

  it.each<[string, Partial<Evidence> & { candidate?: Evidence['candidate'] }, RegExp]>([
    [
      'probabilities that are not 1 together',
      { baselines: [{ name: 'prior', predictions: withRow(shares[0].predictions, 7, 0.5) }] },
      /the probabilities of the baseline prior in holdout row 3 are not 1 together/,
    ],
    [
      'a number that is no probability',
      { current: { version: 3, predictions: withRow(weak, 5, -0.1), threshold: null } },
      /the current v3 has -0.1 in holdout row 2, which is no probability/,
    ],
    [
      'another number of classes',
      { current: { version: 3, predictions: new Float64Array(2 * rows).fill(0.5), threshold: null } },
      /the current v3 has 800 predictions for 400 rows of 3 classes/,
    ],
    ['a class beyond them', { target: withRow(labels, 4, 3) }, /the target has 3 in holdout row 5/],
    [
      'a missing number',
      { current: { version: 3, predictions: withRow(weak, 0, Number.NaN), threshold: null } },
      /NaN/,
    ],
  ])('is rejected on evidence with %s', (_, change, why) => {
    const report = judgedMany(strong, weak, change);
    expect(report.verdict).toBe('reject');
    expect(rule(report, 'numbers').text).toMatch(why);
    expect(report.comparisons).toEqual([]);
  });
});
