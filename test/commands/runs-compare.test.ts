import { beforeAll, expect, test } from 'vitest';
import type { GroupComparison } from '../../src/pipeline/compare-groups.js';
import type { ScoreComparison } from '../../src/pipeline/compare-scores.js';
import type { RunDiff } from '../../src/pipeline/diff-runs.js';
import type { RunDetail } from '../../src/tracking/read-runs.js';
import { writeLoans } from '../support/loans.js';
import { folderForFile, refuse, riskops, succeed } from '../support/riskops.js';

const folder = folderForFile();
const runs: Record<string, string> = {};

beforeAll(async () => {
  writeLoans(folder);
  const words = ['--data', 'loans.csv', '--target', 'default', '--model', 'loans', '--split', 'every:5:4'];
  const train = async (key: string, ...more: string[]) => {
    runs[key] = (await succeed<{ run_id: string }>(folder, ['train', ...words, ...more])).run_id;
  };
  await train('dummy', '--learner', 'dummy');
  for (const seed of ['0', '1', '2'])
    await train(
      `seed ${seed}`,
      ...['--learner', 'random-forest', '--set', 'trees=5', '--seed', seed, '--group', 'seeds'],
      ...['--name', '숲', '--note', 'three seeds', '--tag', 'who=김', 'why=a=b'],
    );
}, 60_000);

test('a training is found again by its name, group, note and tags', async () => {
  const run = await succeed<RunDetail>(folder, ['runs', 'show', runs['seed 0']]);
  expect(run).toMatchObject({
    ...{ name: '숲', group: 'seeds', note: 'three seeds' },
    tags: { who: '김', why: 'a=b' },
  });
  const words = ['train', '--data', 'loans.csv', '--target', 'default', '--tag', 'novalue'];
  expect((await refuse(folder, words, 'USAGE')).message).toContain('name=value');
});

test('runs side by side say what differs by more than chance', async () => {
  const words = ['runs', 'compare', runs['dummy'], runs['seed 0']];
  const { significance } = await succeed<{ significance: ScoreComparison }>(folder, words);
  const [{ differences }] = significance.runs;
  expect(differences.find(({ metric }) => metric === 'auc')).toMatchObject({ verdict: 'better' });
  const { stdout } = await riskops(folder, [...words, '--base', runs['seed 0'].slice(0, 12)]);
  expect(stdout).toMatch(/against \w{8} on the same 160 held-out rows, each interval 95 % by itself:/);
  expect(stdout).toMatch(/^ {2}auc .* worse$/m);
});

test('over seeds: mean, deviation and interval of each metric', async () => {
  const words = ['runs', 'compare', '--by', 'seed', '--group', 'seeds'];
  const { groups } = await succeed<GroupComparison>(folder, words);
  expect(groups.map(({ runs: own }) => own.map(({ value }) => value))).toEqual([['2', '1', '0']]);
  const { n, mean, interval, min, max } = groups[0].metrics['auc'];
  expect(n).toBe(3);
  expect(min).toBeLessThanOrEqual(mean as number);
  expect(interval?.lower).toBeLessThan(min as number);
  expect(interval?.upper).toBeGreaterThan(max as number);
  const { stdout } = await riskops(folder, words);
  expect(stdout).toMatch(/^ {2}auc +3 +0\.\d+ /m);
  const one = ['runs', 'compare', '--by', 'seed', '--where', "params.learner = 'dummy'"];
  const all = await riskops(folder, one);
  expect(all.stdout).toMatch(/^all other parameters equal: 1 run, seed 0$/m);
  expect(all.stdout).toMatch(/^ {2}auc +1 +0\.5 +- +- +- /m);
});

test('likely mistakes are told in words', async () => {
  await refuse(folder, ['runs', 'compare'], 'USAGE');
  await refuse(folder, ['runs', 'compare', runs['dummy'], '--where', 'status = FAILED'], 'USAGE');
  await refuse(folder, ['runs', 'compare', '--by', 'sed'], 'OPTION_INVALID');
  await refuse(folder, ['runs', 'compare', '--by', 'seed', '--value', 'best'], 'OPTION_INVALID');
});

test('runs diff leaves out what is the same', async () => {
  const words = ['runs', 'diff', runs['seed 0'], runs['seed 1']];
  const diff = await succeed<RunDiff>(folder, words);
  expect(diff.params).toEqual([{ key: 'seed', values: ['0', '1'], same: false }]);
  expect(diff.data).toMatchObject({ same: true, seed: ['0', '1'] });
  const { stdout } = await riskops(folder, words);
  expect(stdout).toMatch(/^parameters:\n +\w{8} +\w{8}\n +seed +0 +1$/m);
  expect(stdout).not.toMatch(/hyper\.trees|columns/);
});
