import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeLoans } from '../support/loans.js';
import { folderForFile, refuse, riskops, succeed } from '../support/riskops.js';

const folder = folderForFile();
const data = ['--data', writeLoans(folder), '--target', 'default', '--learner', 'logistic'];

it('a learner by folds, with slices, calibration and costs', async () => {
  const words = [
    'evaluate',
    ...data,
    '--method',
    'kfold:3',
    '--slices',
    '지역',
    '--calibration',
    '--cost',
    'fn=5,fp=1',
  ];
  const { stdout, exitCode } = await riskops(folder, words);
  expect(exitCode).toBe(0);
  for (const line of [
    /^logistic fitted on 3 folds \(kfold:3\), measured on 800 rows/,
    /^metric +mean +sd +from +to$/m,
    /^prior +0\.5 +beaten$/m,
    /^slice +rows +positive +auc/m,
    /^probability +rows +mean +came true/m,
    /least cost/,
  ])
    expect(stdout).toMatch(line);
});

it('a trained version on a file, by number and as the current one', async () => {
  await succeed(folder, ['train', ...data, '--model', 'loans', '--promote']);
  writeLoans(folder, 'new.csv', 300, 11);
  const byNumber = await succeed<{ metrics: object; version: number }>(folder, [
    ...['evaluate', '--model', 'loans@1', '--data', 'new.csv'],
  ]);
  const current = await succeed<{ metrics: object }>(folder, [
    'evaluate',
    '--model',
    'loans',
    '--data',
    'new.csv',
  ]);
  expect(byNumber).toMatchObject({ version: 1, method: 'version', rows: 300 });
  expect(current.metrics).toEqual(byNumber.metrics);
});

it('wide files: the scores of M4 to three decimals', async () => {
  writeFileSync(
    join(folder, 'past.csv'),
    '"V1","V2","V3","V4","V5"\n"H1","1","3","2","6"\n"H2","10","20","20",""\n',
  );
  writeFileSync(join(folder, 'future.csv'), '"V1","V2","V3"\n"H1","6","3"\n"H2","10","20"\n');
  const files = ['--data', 'past.csv', '--test', 'future.csv', '--season', '2'];
  const { stdout } = await riskops(folder, ['evaluate', '--learner', 'seasonal-naive', ...files]);
  expect(stdout).toMatch(/^seasonal-naive: 2 series, 2 values ahead, season 2\nsMAPE 58\.333\nMASE 1\.125\n/);
});

it('mistakes are told before anything is on record', async () => {
  await refuse(folder, ['evaluate', ...data, '--method', 'kfold:1'], 'OPTION_INVALID');
  await refuse(folder, ['evaluate', ...data, '--cost', 'fp=1'], 'OPTION_INVALID');
  await refuse(folder, ['evaluate', ...data, '--slices', 'region'], 'COLUMN_NOT_FOUND');
  await refuse(folder, ['evaluate', '--model', 'loans@1'], 'USAGE');
  await refuse(folder, ['evaluate', '--learner', 'naive', '--data', 'loans.csv'], 'USAGE');
  await refuse(
    folder,
    ['evaluate', '--learner', 'ridge', '--data', 'past.csv', '--test', 'future.csv'],
    'LEARNER_UNKNOWN',
  );
});

it('train --learner auto: too few rows end with exit code 10 and their number', async () => {
  writeLoans(folder, 'few.csv', 40);
  const words = ['train', '--data', 'few.csv', '--target', 'default', '--learner', 'auto'];
  const { message } = await refuse(folder, words, 'DATA_NOT_SUFFICIENT');
  expect(message).toContain('40 rows');
});
