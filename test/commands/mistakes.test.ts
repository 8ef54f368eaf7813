import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors.js';
import { loansCsv, writeLoans } from '../support/loans.js';
import { folderForFile, refuse, riskops, succeed } from '../support/riskops.js';

const [empty, data, project] = [folderForFile(), folderForFile(), folderForFile()];

beforeAll(async () => {
  writeLoans(data);
  writeLoans(project);
  writeFileSync(join(project, 'empty.csv'), '');
  await succeed(project, ['init', '--data', 'loans.csv', '--target', 'default']);
  await succeed(project, ['train', '--learner', 'logistic', '--promote']);
});

/** Words, the code, what the message or its reason must say, and the command that helps. */
type Mistake = [words: string, code: ErrorCode, says: RegExp, hint: RegExp];

const check = (folder: string) => async (words: string, code: ErrorCode, says: RegExp, hint: RegExp) => {
  const error = await refuse(folder, words === '' ? [] : words.split(' '), code);
  expect(`${error.message} ${error.why ?? ''}`).toMatch(says);
  expect(error.hint).toMatch(hint);
};

describe('the three likeliest', () => {
  const cases: Mistake[] = [
    [
      'train --data laons.csv --target default',
      'DATA_FILE_NOT_FOUND',
      /laons\.csv.*did you mean "loans\.csv"/,
      /riskops train --data/,
    ],
    [
      'init --data loans.csv --target defalt',
      'COLUMN_NOT_FOUND',
      /"defalt".*did you mean "default"/,
      /^riskops init --data loans\.csv --target/,
    ],
    ['train --data loans.csv --target 지녁', 'COLUMN_NOT_FOUND', /"지녁"/, /riskops train/],
    [
      'promote --latest',
      'STORE_NOT_FOUND',
      /no model.*Nothing was trained/,
      /^riskops init, then riskops train$/,
    ],
    ['predict --file loans.csv --out out.csv', 'STORE_NOT_FOUND', /no model/, /riskops train/],
  ];
  test.concurrent.each(cases)('riskops %s', (...mistake) => check(data)(...mistake));
});

describe('on the command line', () => {
  const cases: Mistake[] = [
    ['', 'USAGE', /No command was given/, /^riskops --help$/],
    ['trian', 'USAGE', /"trian".*did you mean "train"/, /^riskops --help$/],
    ['runs', 'USAGE', /"runs".*runs list, runs show/, /^riskops runs --help$/],
    ['train --lerner dummy', 'USAGE', /--lerner.*did you mean --learner/, /^riskops train --help$/],
    ['--dir x train', 'USAGE', /--dir stands before the command/, /riskops/],
    ['runs show', 'USAGE', /argument 'run'/, /^riskops runs show --help$/],
    ['train', 'USAGE', /no data file/, /riskops init/],
    ['gate extra', 'USAGE', /Too many arguments/, /^riskops gate --help$/],
    ['init --positive 0', 'USAGE', /--positive needs --data/, /riskops init --data FILE/],
    ['init --data loans.csv', 'USAGE', /Which column/, /riskops init --data loans\.csv --target COLUMN/],
    ['config --dir nowhere', 'OPTION_INVALID', /nowhere.*no such folder/, /riskops init --dir nowhere/],
    ['serve --host 0.0.0.0', 'HOST_REFUSED', /0\.0\.0\.0/, /^riskops token create/],
    [
      'serve --port abc',
      'OPTION_INVALID',
      /--port must be a whole number, and is "abc"/,
      /^riskops serve --help$/,
    ],
    ['demo --port 70000 --exit', 'OPTION_INVALID', /--port must be from 0 to 65535/, /^riskops demo --help$/],
  ];
  test.concurrent.each(cases)('riskops %s', (...mistake) => check(empty)(...mistake));
});

describe('in a project', () => {
  const cases: Mistake[] = [
    ['train --split evry:5:4', 'SPLIT_INVALID', /evry:5:4.*every:5:4/, /--split/],
    ['train --split file:nowhere.csv', 'DATA_FILE_NOT_FOUND', /nowhere\.csv/, /riskops/],
    ['train --learner logistik', 'LEARNER_UNKNOWN', /did you mean "logistic"/, /^riskops learners$/],
    ['train --learner ridge', 'LEARNER_OPTION_INVALID', /ridge is not for a binary target/, /logistic/],
    [
      'train --set tres=5',
      'LEARNER_OPTION_INVALID',
      /"tres".*did you mean "trees"/,
      /^riskops learners gradient-boosting$/,
    ],
    [
      'train --set trees=many',
      'LEARNER_OPTION_INVALID',
      /"many".*a whole number from 1/,
      /^riskops learners gradient-boosting$/,
    ],
    ['train --drop agee', 'COLUMN_NOT_FOUND', /"agee".*did you mean "age"/, /riskops train/],
    [
      'runs list --limit abc',
      'OPTION_INVALID',
      /--limit must be a whole number from 1 to 1000, and is "abc"/,
      /^riskops runs list --help$/,
    ],
    ['runs list --limit -5', 'OPTION_INVALID', /--limit .* and is "-5"/, /^riskops runs list --help$/],
    ['history --limit abc', 'OPTION_INVALID', /--limit .* and is "abc"/, /^riskops history --help$/],
    ['runs show zzz', 'RUN_NOT_FOUND', /"zzz"/, /riskops runs list/],
    ['rollback', 'NOTHING_TO_ROLL_BACK', /./, /riskops history/],
    ['rollback --to first', 'VERSION_NOT_FOUND', /has no alias "first"/, /riskops models show/],
    ['predict --out o.csv', 'USAGE', /--file is missing/, /--file in\.csv --out out\.csv/],
    ['predict --file empty.csv --out o.csv', 'DATA_UNREADABLE', /is empty/, /^riskops predict --file/],
    ['learners logistik', 'LEARNER_UNKNOWN', /did you mean "logistic"/, /^riskops learners$/],
    ['predict --file nope.csv --out o.csv', 'DATA_FILE_NOT_FOUND', /nope\.csv/, /^riskops predict --file/],
    ['predict --file loans.csv --out ./loans.csv', 'OPTION_INVALID', /the file that is scored/, /--out/],
  ];
  test.concurrent.each(cases)('riskops %s', (...mistake) => check(project)(...mistake));

  test('a bad cell is named by line and column', async () => {
    const lines = loansCsv().split('\n');
    lines[41] = lines[41].replace(/^[^,]*/, '12,5 Euro'.replace(',', '.'));
    writeFileSync(join(project, 'bad.csv'), lines.join('\n'));
    const words = ['train', '--data', 'bad.csv', '--target', 'default'];
    const { message, why } = await refuse(project, words, 'DATA_ROW_INVALID');
    expect(message).toMatch(/line 42, column "income": "12\.5 Euro" is not a number/);
    expect(why).toMatch(/neither that nor a missing mark/);
    rmSync(join(project, 'bad.csv'));
  });

  test('a file to score that lacks a column of the model', async () => {
    const lacking = readFileSync(join(project, 'loans.csv'), 'utf8').replace('debt', 'dept');
    writeFileSync(join(project, 'lacking.csv'), lacking);
    const words = ['predict', '--file', 'lacking.csv', '--out', 'o.csv'];
    const { message, why } = await refuse(project, words, 'INPUT_INVALID');
    expect(message).toMatch(/lacking\.csv does not have the columns that loans version 1 takes/);
    expect(why).toMatch(/no column "debt".*did you mean "dept"/);
    rmSync(join(project, 'lacking.csv'));
  });
});

describe('in the config', () => {
  const configs: [text: string, says: RegExp][] = [
    ['{"modles": {}}', /unknown key "modles".*did you mean "models"/],
    ['{"models": {"m": {"leaner": "dummy"}}}', /unknown key "models\.m\.leaner".*did you mean "learner"/],
    ['{"serve": {"port": "many"}}', /"serve\.port" must be a whole number, and is "many"/],
    ['{"models": []}', /models must be an object/],
    ['{"models": ', /cannot be loaded/],
  ];
  test.each(configs)('%s', async (text, says) => {
    writeFileSync(join(empty, 'riskops.config.json'), text);
    const { message, why, hint } = await refuse(empty, ['config'], 'CONFIG_INVALID');
    expect(`${message} ${why ?? ''}`).toMatch(says);
    expect(hint).toContain('riskops.config.json');
    rmSync(join(empty, 'riskops.config.json'));
  });

  test('a policy with a misspelt key or a metric of another task', async () => {
    const config = {
      models: { m: { data: 'loans.csv', target: 'default', policy: { minGane: 1, metric: 'rmse' } } },
    };
    writeFileSync(join(data, 'riskops.config.json'), JSON.stringify(config));
    const { why } = await refuse(data, ['train'], 'POLICY_INVALID');
    expect(why).toMatch(/did you mean "minGain"/);
    expect(why).toMatch(/"rmse" is for regression models/);
    rmSync(join(data, 'riskops.config.json'));
  });

  test('two configs in one folder', async () => {
    mkdirSync(join(empty, 'two'));
    for (const ending of ['json', 'mjs']) writeFileSync(join(empty, 'two', `riskops.config.${ending}`), '');
    const { message } = await refuse(join(empty, 'two'), ['config'], 'CONFIG_INVALID');
    expect(message).toMatch(/riskops\.config\.mjs, riskops\.config\.json/);
    rmSync(join(empty, 'two'), { recursive: true });
  });

  test.each([
    ['RISKOPS_PORT', 'abc', 'serve'],
    ['RISKOPS_LOG', 'loud', 'serve'],
    ['RISKOPS_SEED', '-1', 'train'],
  ])('the environment: %s=%s', async (name, value, command) => {
    const { message } = await refuse(project, [command], 'OPTION_INVALID', { [name]: value });
    expect(message).toMatch(new RegExp(`^${name} must be`));
  });
});

test('the stack of an error is shown when it is asked for, and never else', async () => {
  const { stderr } = await riskops(empty, ['trian'], { RISKOPS_DEBUG: '1' });
  expect(stderr).toMatch(/\n +at /);
});

test('what comes from outside cannot reach the controls of the terminal', async () => {
  const { stderr } = await riskops(data, ['train', '--data', 'loans.csv', '--target', '\u001b[31mred\u0007']);
  expect(stderr).toContain('\\x1b[31mred');
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
