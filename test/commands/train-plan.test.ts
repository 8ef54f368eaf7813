import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command, learnedFrom } from '../../src/commands/train.js';
import { prepareLearner } from '../../src/commands/train-auto.js';
import { modelNameOf, trainPlan } from '../../src/commands/train-plan.js';
import { type Config, openProject } from '../../src/config.js';
import { temporaryFolder } from '../support/temporary.js';

async function planOf(config: Config | null, flags: Record<string, unknown>, environment = {}) {
  const folder = temporaryFolder();
  if (config !== null) writeFileSync(join(folder, 'riskops.config.json'), JSON.stringify(config));
  return { folder, plan: trainPlan(await openProject({ cwd: folder, environment }), flags) };
}

const loans = {
  data: 'loans.csv',
  target: 'default',
  learner: 'gradient-boosting',
  hyper: { trees: 3, leaves: 7 },
};

test("the config's hyper-parameters belong to the config's learner; --set wins over them", async () => {
  const hyper = async (flags: Record<string, unknown>) =>
    (await planOf({ models: { loans } }, flags)).plan.hyper;
  expect(await hyper({})).toEqual({ trees: 3, leaves: 7 });
  expect(await hyper({ set: ['trees=4'] })).toEqual({ trees: '4', leaves: 7 });
  expect(await hyper({ learner: 'random-forest', set: ['trees=9'] })).toEqual({ trees: '9' });
  await expect(hyper({ set: ['trees'] })).rejects.toMatchObject({ code: 'LEARNER_OPTION_INVALID' });
});

test("the model is the one asked for, the config's default, the only one, or named after the data", async () => {
  const two = { models: { loans, cards: { ...loans, data: 'cards.csv' } } };
  const name = async (config: Config | null, flags: Record<string, unknown>, environment = {}) =>
    (await planOf(config, flags, environment)).plan.model;
  expect(await name({ models: { loans } }, {})).toBe('loans');
  expect(await name({ ...two, model: 'cards' }, {})).toBe('cards');
  expect(await name({ ...two, model: 'cards' }, { model: 'loans' })).toBe('loans');
  expect(await name(two, {}, { RISKOPS_MODEL: 'cards' })).toBe('cards');
  expect(await name(null, { data: '내 대출.csv.gz', target: 'y' })).toBe('내_대출');
});

test('each model has its own block, and none has that of another', async () => {
  const cards = { data: 'cards.csv', target: 'late', seed: 9, policy: { minRows: 7 } };
  const { folder, plan } = await planOf({ models: { loans, cards } }, { model: 'cards' });
  expect(plan).toMatchObject({
    ...{ model: 'cards', data: join(folder, 'cards.csv'), target: 'late', seed: 9 },
    ...{ learner: 'gradient-boosting', hyper: {}, policy: { minRows: 7 } },
  });
});

test('a model that the config does not know needs its data; a slip of the hand is answered with the name', async () => {
  await expect(planOf({ models: { loans } }, { model: 'laons' })).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
    why: 'did you mean "loans"?',
  });
  await expect(planOf(null, {})).rejects.toMatchObject({
    code: 'USAGE',
    why: expect.stringContaining('--data'),
  });
  await expect(planOf(null, { data: 'x.csv' })).rejects.toMatchObject({
    fix: expect.stringContaining('--data x.csv'),
  });
});

test.each([
  ['loans.csv', 'loans'],
  ['/a/b/my loans (new).csv.gz', 'my_loans_new_'],
  ['대출 2026.CSV', '대출_2026'],
  ['...csv', 'model'],
])('the data file %s names the model %s', (path, name) => {
  expect(modelNameOf(path)).toBe(name);
});

test('a share for early stopping is refused where the learner does not stop early, if somebody typed it', async () => {
  const ask = (flags: Record<string, unknown>, block = {}) =>
    planOf({ models: { loans: { ...loans, ...block } } }, flags);
  const refused = (why: RegExp) => ({ code: 'OPTION_INVALID', why: expect.stringMatching(why) });
  const validation = '0.3';
  await expect(ask({ validation, learner: 'logistic' })).rejects.toMatchObject(
    refused(/does not stop early/),
  );
  await expect(ask({ validation })).rejects.toMatchObject(refused(/early_stopping=none/));
  await expect(ask({ validation, learner: 'auto' })).rejects.toMatchObject(refused(/auto/));
  const { plan } = await ask({ validation, set: ['early_stopping=5'] });
  expect(plan.validation).toBe(0.3);
  expect((await ask({ learner: 'logistic' }, { validation: 0.3 })).plan.validation).toBe(0.3);
});

test('auto is a learner that train takes, names and suggests', async () => {
  const { options } = command;
  expect(options.find(({ flag }) => flag.startsWith('--learner'))?.description).toMatch(/lstm, or auto: /);
  const folder = temporaryFolder();
  const project = await openProject({ cwd: folder, environment: {} });
  const prepare = (learner: string) =>
    prepareLearner(project, trainPlan(project, { data: 'loans.csv', target: 'default', learner }));
  await expect(prepare('atuo')).rejects.toMatchObject({
    code: 'LEARNER_UNKNOWN',
    why: 'did you mean "auto"?',
  });
  await expect(prepare('zzzzzz')).rejects.toMatchObject({ why: expect.stringMatching(/lstm, auto$/) });
  await expect(prepare('auto')).rejects.toMatchObject({ code: 'DATA_FILE_NOT_FOUND' });
});

test('a forecaster says of which columns it learned the past, its target first', () => {
  expect(learnedFrom({ features: ['a', 'b'], past: [] })).toBe('2 features');
  expect(learnedFrom({ features: [], past: ['sales'] })).toBe('the past of sales');
  expect(learnedFrom({ features: ['staff', 'city'], past: ['staff', 'sales'] })).toBe(
    'the past of sales, staff, 1 feature',
  );
  const many = Array.from({ length: 9 }, (_, i) => `x${i}`);
  expect(learnedFrom({ features: many, past: [...many, 'y'] })).toBe(
    'the past of y, x0, x1, x2, x3, x4 and 4 more',
  );
});
