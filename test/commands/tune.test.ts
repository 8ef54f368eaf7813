import { expect, it } from 'vitest';
import { writeLoans } from '../support/loans.js';
import { ending, folderForFile, refuse, riskops, start, succeed } from '../support/riskops.js';

const folder = folderForFile();
const data = ['--data', writeLoans(folder), '--target', 'default', '--learner', 'logistic'];

interface Tuned {
  run_id: string;
  command: string;
  reused: number;
  trials: { trial: number; value: number }[];
  best: { hyper: { c: number }; value: number };
  trained: { version: number; metrics: { auc: number } };
}

it('tunes, says how to train with what it found, and the printed command trains with it', async () => {
  const found = await succeed<Tuned>(folder, [
    'tune',
    ...data,
    '--trials',
    '3',
    '--split',
    'every:5:4',
    '--train',
  ]);
  expect(found.trials).toHaveLength(3);
  expect(found.command).toBe(
    `riskops train --data loans.csv --target default --learner logistic --split every:5:4 --set c=${found.best.hyper.c}`,
  );
  const words = found.command.split(' ').slice(1);
  const { metrics } = await succeed<{ metrics: object }>(folder, words);
  expect(metrics).toEqual(found.trained.metrics);
});

it('a search that Ctrl-C stopped says how it goes on, and goes on from there', async () => {
  const child = start(folder, ['tune', ...data, '--seconds', '600']);
  const ended = ending(child);
  const isAtWork = async () => {
    const { items } = await succeed<{ items: { status: string }[] }>(folder, [
      ...[
        'runs',
        'list',
        '--kind',
        'trial',
        '--status',
        'FINISHED',
        '--where',
        "start > 1h and parent != ''",
      ],
    ]);
    return items.length > 4;
  };
  while (!(await isAtWork())) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGINT');
  const { exitCode, stderr } = await ended;
  expect(exitCode).toBe(130);
  const id = /riskops tune --resume ([0-9a-f]{8})/.exec(stderr)?.[1] as string;
  const done = await succeed<{ children: number }>(folder, ['runs', 'show', id]);
  const again = await succeed<Tuned>(folder, ['tune', '--resume', id, '--trials', '1']);
  expect(again).toMatchObject({ run_id: expect.stringContaining(id), reused: 1 });
  expect(done.children).toBeGreaterThan(1);
});

it('people get a table, and what failed', async () => {
  const { stdout, exitCode } = await riskops(folder, [
    'tune',
    ...data,
    '--search',
    'halving',
    '--trials',
    '3',
  ]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^Tuned \d trials? of logistic on 3 folds of 640 training rows \(kfold:3\)/);
  expect(stdout).toMatch(/^trial +auc +sd +rows +c +run$/m);
  expect(stdout).toContain('Next: riskops train --data loans.csv');
});

it('mistakes are told before anything is on record', async () => {
  await refuse(folder, ['tune', ...data, '--search', 'grid'], 'OPTION_INVALID');
  await refuse(folder, ['tune', ...data, '--trials', '0'], 'OPTION_INVALID');
  await refuse(folder, ['tune', ...data, '--set', 'c=1'], 'OPTION_INVALID');
  await refuse(folder, ['tune', '--resume', 'ffff'], 'RUN_NOT_FOUND');
  const { run_id } = await succeed<{ run_id: string }>(folder, ['runs', 'latest']);
  await refuse(folder, ['tune', '--resume', run_id, ...data], 'USAGE');
});
