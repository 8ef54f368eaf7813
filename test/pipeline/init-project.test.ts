import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProject } from '../../src/config.js';
import { parseSchema } from '../../src/datasets/schema.js';
import { initProject } from '../../src/pipeline/init-project.js';
import { defaultPolicy, parsePolicy } from '../../src/registry/policy.js';
import { writeLoans } from '../support/loans.js';
import { temporaryFolder } from '../support/temporary.js';

test('the config that is written loads, with the whole policy to be seen and changed', async () => {
  const folder = temporaryFolder();
  const data = join(folder, writeLoans(folder));
  const done = await initProject({
    root: folder,
    model: 'loans',
    own: { data, target: 'default', positive: null },
  });
  expect(done).toMatchObject({ task: 'binary', classes: [0, 1], data: 'loans.csv', rows_without_target: 0 });
  const { config } = await openProject({ dir: folder, environment: {} });
  expect(config.model).toBe('loans');
  const { policy, ...block } = config.models?.['loans'] ?? {};
  expect(block).toEqual({
    ...{ data: 'loans.csv', target: 'default', schema: 'loans.schema.json' },
    ...{ learner: 'gradient-boosting', split: 'random:0.2', seed: 0 },
  });
  expect(policy).toEqual(defaultPolicy('binary'));
  expect(parsePolicy(policy, 'binary')).toEqual(defaultPolicy('binary'));
});

test('the schema that is written is one that can be read, in the order of the file', async () => {
  const folder = temporaryFolder();
  const data = join(folder, writeLoans(folder));
  const done = await initProject({
    root: folder,
    model: '대출',
    own: { data, target: 'default', positive: '0' },
  });
  expect(done.classes).toEqual([1, 0]);
  const schema = parseSchema(readFileSync(join(folder, '대출.schema.json'), 'utf8'));
  expect(schema.columns.map(({ name, type, nullable }) => [name, type, nullable])).toEqual([
    ['income', 'number', false],
    ['debt', 'number', true],
    ['age', 'integer', false],
    ['지역', 'category', true],
    ['default', 'integer', false],
  ]);
});

test('a regression gets the policy of one', async () => {
  const folder = temporaryFolder();
  const data = join(folder, writeLoans(folder));
  await initProject({ root: folder, model: 'income', own: { data, target: 'income', positive: null } });
  const { config } = await openProject({ dir: folder, environment: {} });
  expect(config.models?.['income'].policy).toEqual(defaultPolicy('regression'));
});

test('without an own file it is the bundled data, copied into the project', async () => {
  const folder = temporaryFolder();
  const done = await initProject({ root: folder, model: 'credit' });
  expect(done).toMatchObject({ task: 'binary', target: 'class', schema_file: null, rows_without_target: 0 });
  expect(done.schema.columns).toHaveLength(25);
  expect(existsSync(join(folder, 'data', 'uci_credit_default.csv.gz'))).toBe(true);
  const { config } = await openProject({ dir: folder, environment: {} });
  expect(config.models?.['credit']).toMatchObject({
    data: 'data/uci_credit_default.csv.gz',
    split: 'every:5:4',
  });
});

test.each(['ts', 'mjs', 'json'])(
  'riskops.config.%s that is there already stays, and nothing is written',
  async (ending) => {
    const folder = temporaryFolder();
    const name = `riskops.config.${ending}`;
    writeFileSync(join(folder, name), '{}');
    await expect(initProject({ root: folder, model: 'credit' })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(readdirSync(folder)).toEqual([name]);
  },
);

test('a schema file of the same name stays, and no config is written beside it', async () => {
  const folder = temporaryFolder();
  const data = join(folder, writeLoans(folder));
  writeFileSync(join(folder, 'loans.schema.json'), '{}');
  const own = { data, target: 'default', positive: null };
  await expect(initProject({ root: folder, model: 'loans', own })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
  });
  expect(readFileSync(join(folder, 'loans.schema.json'), 'utf8')).toBe('{}');
  expect(existsSync(join(folder, 'riskops.config.mjs'))).toBe(false);
});

test('data outside the project is named by its whole path', async () => {
  const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()];
  mkdirSync(join(folder, 'project'));
  const data = join(elsewhere, writeLoans(elsewhere));
  const done = await initProject({
    ...{ root: join(folder, 'project'), model: 'loans' },
    own: { data, target: 'default', positive: null },
  });
  expect(done.data).toBe(data);
});

test('names that mean something in code are held as text', async () => {
  const folder = temporaryFolder();
  const target = `y'";\${1}`;
  const rows = Array.from({ length: 20 }, (_, i) => `${(i * 7) % 5},${i % 2}`);
  writeFileSync(join(folder, 'a.csv'), `x,"${target.replace('"', '""')}"\n${rows.join('\n')}\n`);
  const own = { data: join(folder, 'a.csv'), target, positive: null };
  await initProject({ root: folder, model: 'constructor', own });
  const { config } = await openProject({ dir: folder, environment: {} });
  expect(config.models?.['constructor'].target).toBe(target);
});
