import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeLoans } from '../support/loans.js';
import { folderForFile, refuse, riskops, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

/** A folder with a loan book and a config of these lines. */
function withConfig(...lines: string[]): string {
  const folder = temporaryFolder();
  writeLoans(folder);
  const body =
    "export default { models: { loans: { data: 'loans.csv', target: 'default', learner: 'logistic' } } };";
  writeFileSync(join(folder, 'riskops.config.mjs'), `${[...lines, body].join('\n')}\n`);
  return folder;
}

describe('a config that is a program', () => {
  test('that never finishes is an error, and no verdict', async () => {
    const folder = withConfig('await new Promise(() => {});');
    const { message } = await refuse(folder, ['gate'], 'CONFIG_INVALID');
    expect(message).toMatch(/did not load within 5 seconds/);
  });

  test('that throws later is a fault, told without a stack, and no verdict', async () => {
    const folder = withConfig("setTimeout(() => { throw new Error('late'); }, 1);");
    const { exitCode, stderr } = await riskops(folder, ['train']);
    expect(exitCode).toBe(70);
    expect(stderr).toMatch(/^Error: riskops failed: late\./);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('that talks does not break the one JSON document', async () => {
    const folder = withConfig("console.log('hello from the config');");
    const document = await succeed<{ config: string }>(folder, ['config']);
    expect(document.config).toMatch(/riskops\.config\.mjs$/);
  });

  test('whose default model is not among its models is named', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'riskops.config.json'), '{"model": "loan", "models": {"loans": {}}}');
    const { message, why } = await refuse(folder, ['config'], 'CONFIG_INVALID');
    expect(`${message} ${why}`).toMatch(/"loan".*did you mean "loans"/);
  });
});

test.skipIf(process.platform === 'win32')('a pipe where a file should be is refused at once', async () => {
  const folder = withConfig();
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const refused = await refuse(folder, ['train', '--data', 'pipe'], 'DATA_UNREADABLE');
  expect(refused.why).toMatch(/not a plain file/);
  await refuse(folder, ['train', '--schema', 'pipe'], 'DATA_FILE_NOT_FOUND');
  await refuse(folder, ['train', '--split', 'file:pipe'], 'DATA_UNREADABLE');
});

describe('predict --out never writes over', () => {
  const folder = folderForFile();
  let candidate = '';
  beforeAll(async () => {
    writeLoans(folder);
    await succeed(folder, ['init', '--data', 'loans.csv', '--target', 'default']);
    const trained = await succeed<{ candidate: { path: string } }>(folder, [
      'train',
      '--learner',
      'logistic',
      '--promote',
    ]);
    candidate = join('artifacts', trained.candidate.path);
    symlinkSync(join(folder, 'data', 'riskops.db'), join(folder, 'link.csv'));
  }, 60_000);

  test.each([
    'loans.csv',
    'data/riskops.db',
    'data/riskops.db-wal',
    'riskops.config.mjs',
    'artifacts/models/current.json',
    'artifacts/new.csv',
    'link.csv',
    'data',
  ])('%s', async (out) => {
    await refuse(folder, ['predict', '--file', 'loans.csv', '--out', out], 'OPTION_INVALID');
  });

  test('a model file', async () => {
    await refuse(folder, ['predict', '--file', 'loans.csv', '--out', candidate], 'OPTION_INVALID');
  });

  test('the true label: the scored file has both', async () => {
    const loans = readFileSync(join(folder, 'loans.csv'), 'utf8').replaceAll('default', 'class');
    writeFileSync(join(folder, 'labelled.csv'), loans);
    await succeed(folder, ['predict', '--file', 'labelled.csv', '--out', 'scored.csv']);
    const [header] = readFileSync(join(folder, 'scored.csv'), 'utf8').split('\r\n');
    expect(header).toBe('income,debt,age,지역,class,prediction,predicted_class');
  });
});

describe('a holdout that was learned by heart', () => {
  test('is never a reason to promote', async () => {
    const folder = withConfig();
    const [header, ...rows] = readFileSync(join(folder, 'loans.csv'), 'utf8').trimEnd().split('\n');
    writeFileSync(join(folder, 'loans.csv'), `${[header, ...rows, ...rows].join('\n')}\n`);
    const args = ['train', '--learner', 'random-forest', '--set', 'trees=20', '--promote'];
    const { message } = await refuse(folder, args, 'LEAK_FOUND');
    expect(message).toMatch(/held-out rows stand, target and all, among the training rows too/);
    const judged = await succeed<{
      gate: { verdict: string; reasons: { rule: string; passed: unknown }[]; next: string };
    }>(folder, [...args, '--allow', 'duplicates'], { exitCode: 3 });
    expect(judged.gate.verdict).toBe('undecided');
    expect(judged.gate.reasons.find(({ rule }) => rule === 'twins')).toMatchObject({ passed: null });
    expect(judged.gate.next).toMatch(/--split group:COLUMN:0\.2/);
  });

  test('is refused when it is the training file itself', async () => {
    const folder = withConfig();
    const { message } = await refuse(folder, ['train', '--split', 'file:loans.csv'], 'SPLIT_INVALID');
    expect(message).toMatch(/training rows themselves/);
  });
});

test('a candidate for the other class is not compared with the current model, whatever the policy allows of schemas', async () => {
  const folder = withConfig();
  await succeed(folder, ['train', '--promote']);
  const config = join(folder, 'riskops.config.mjs');
  writeFileSync(
    config,
    readFileSync(config, 'utf8').replace(
      "learner: 'logistic'",
      "learner: 'logistic', policy: { schema: 'any' }",
    ),
  );
  const judged = await succeed<{ gate: { verdict: string; comparisons: { against: string }[] } }>(
    folder,
    ['train', '--positive', '0', '--promote'],
    { exitCode: 3 },
  );
  expect(judged.gate.comparisons.map(({ against }) => against)).toEqual(['baseline prior']);
});
