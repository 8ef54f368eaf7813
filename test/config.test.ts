import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { colourRefused, openProject, sandboxEnvironment, settings } from '../src/config.js';
import { refuse, succeed } from './support/riskops.js';
import { temporaryFolder } from './support/temporary.js';

let folder = '';
beforeEach(() => {
  folder = temporaryFolder();
});

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const open = (environment: NodeJS.ProcessEnv = {}, more = {}) =>
  openProject({ cwd: folder, environment, ...more });

describe('a flag wins over the environment, the environment over the config, the config over the default', () => {
  test.each([
    ['flag', ['flag', 'environment', 'config'], 1, '--seed'],
    ['environment', ['environment', 'config'], 2, 'RISKOPS_SEED'],
    ['config', ['config'], 3, 'riskops.config.json: models.loans.seed'],
    ['default', [], 0, ''],
  ])('%s', async (origin, sources, value, source) => {
    write(
      'riskops.config.json',
      JSON.stringify({ models: { loans: sources.includes('config') ? { seed: 3 } : {} } }),
    );
    const project = await open(sources.includes('environment') ? { RISKOPS_SEED: '2' } : {});
    const flags = sources.includes('flag') ? { seed: 1 } : {};
    expect(project.resolve('seed', flags, 'loans')).toEqual({ key: 'seed', value, origin, source });
  });

  test('riskops config --origin says it for each setting', async () => {
    write('riskops.config.json', '{"actor": "kim", "serve": {"port": 9000}}');
    const document = await succeed<{
      settings: { key: string; value: unknown; origin: string; source: string }[];
    }>(folder, ['config', '--origin'], { environment: { RISKOPS_ROWS: '7' } });
    expect(document.settings.map(({ key }) => key)).toEqual(settings.map(({ key }) => key));
    const of = (key: string) => document.settings.find((setting) => setting.key === key);
    expect(of('actor')).toMatchObject({ value: 'kim', origin: 'config' });
    expect(of('port')).toMatchObject({
      value: 9000,
      origin: 'config',
      source: 'riskops.config.json: serve.port',
    });
    expect(of('rows')).toMatchObject({ value: 7, origin: 'environment', source: 'RISKOPS_ROWS' });
    expect(of('log')).toMatchObject({ value: 'buffered', origin: 'default' });
  });

  test('an empty variable is one that is not set', async () => {
    expect((await open({ RISKOPS_SEED: '' })).resolve('seed')).toMatchObject({ origin: 'default' });
  });
});

describe('the config file', () => {
  test.each([
    [
      'riskops.config.ts',
      "import { defineConfig } from 'riskops';\nexport default defineConfig({ actor: 'lee' as string, models: { m: { seed: 4 } } });",
    ],
    [
      'riskops.config.mjs',
      "import { defineConfig } from 'riskops';\nexport default defineConfig({ actor: 'lee', models: { m: { seed: 4 } } });",
    ],
    ['riskops.config.json', '\uFEFF{"actor": "lee", "models": {"m": {"seed": 4}}}'],
  ])('%s', async (name, text) => {
    write(name, text);
    const document = await succeed<{ config: string; settings: { key: string; value: unknown }[] }>(folder, [
      'config',
    ]);
    expect(document.config).toBe(join(folder, name));
    expect(document.settings).toContainEqual(expect.objectContaining({ key: 'actor', value: 'lee' }));
    expect(document.settings).toContainEqual(expect.objectContaining({ key: 'seed', value: 4 }));
  });

  test('the nearest one upwards is meant, and its folder is the project', async () => {
    write('riskops.config.json', '{"actor": "outer"}');
    const below = join(folder, 'a', 'b');
    mkdirSync(below, { recursive: true });
    const project = await openProject({ cwd: below, environment: {} });
    expect(project).toMatchObject({ root: folder, actor: 'outer' });
    writeFileSync(join(folder, 'a', 'riskops.config.json'), '{"actor": "inner"}');
    expect(await openProject({ cwd: below, environment: {} })).toMatchObject({
      root: join(folder, 'a'),
      actor: 'inner',
    });
  });

  test('--dir names the project, without walking up', async () => {
    write('riskops.config.json', '{"actor": "outer"}');
    mkdirSync(join(folder, 'sub'));
    expect(await open({}, { dir: 'sub' })).toMatchObject({ root: join(folder, 'sub'), configPath: null });
    expect(await openProject({ cwd: '/', dir: folder, environment: {} })).toMatchObject({ actor: 'outer' });
    await expect(open({}, { dir: 'nowhere' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test('without one the folder itself is the project', async () => {
    expect(await open()).toMatchObject({ root: folder, configPath: null, config: {} });
  });

  test('what a config throws is one line that names the file', async () => {
    write('riskops.config.mjs', "throw new Error('no password');");
    const { message, why } = await refuse(folder, ['config'], 'CONFIG_INVALID');
    expect(message).toBe('riskops.config.mjs: it cannot be loaded.');
    expect(why).toContain('no password');
  });

  test.each([
    ['riskops.config.mjs', "export default {\n  model: 'loans'\n  seed: 3,\n};\n", 3],
    ['riskops.config.ts', 'export default {\n  models: { loans: } };\n', 20],
    ['riskops.config.json', '{\n  "model": "loans"\n  "models": {}\n}', 3],
  ])('a fault in the syntax of %s is told by line and column', async (name, text, column) => {
    write(name, text);
    const { code, why } = await open().catch((error) => error);
    expect(code).toBe('CONFIG_INVALID');
    const line = name.endsWith('.ts') ? 2 : 3;
    expect(why).toMatch(new RegExp(`^${name}, line ${line}, column ${column}: .*\\S$`));
  });
});

describe('a relative path', () => {
  test('of the config and of the environment begins at the folder of the config, one of a flag where the user is', async () => {
    write(
      'riskops.config.json',
      '{"artifacts": "store", "models": {"m": {"data": "in/a.csv", "split": "file:in/b.csv"}}}',
    );
    const below = join(folder, 'below');
    mkdirSync(below);
    const project = await openProject({ cwd: below, environment: { RISKOPS_DB: 'db/x.db' } });
    expect(project.places).toEqual({
      database: join(folder, 'db', 'x.db'),
      artifacts: join(folder, 'store'),
      currentModel: join(folder, 'artifacts', 'models', 'current.json'),
    });
    expect(project.get('data', {}, 'm')).toBe(join(folder, 'in', 'a.csv'));
    expect(project.get('split', {}, 'm')).toBe(`file:${join(folder, 'in', 'b.csv')}`);
    expect(project.get('data', { data: 'a.csv' }, 'm')).toBe(join(below, 'a.csv'));
    expect(project.get('split', { split: 'file:b.csv' }, 'm')).toBe(`file:${join(below, 'b.csv')}`);
    expect(project.get('split', { split: 'time:file:0.2' }, 'm')).toBe('time:file:0.2');
  });
});

describe('values', () => {
  const port = async (value: unknown) => (await open()).get('port', { port: value });
  test.each([
    ['8000', 8000],
    [' 8000 ', 8000],
    [0, 0],
  ])('%j is a port', async (given, value) => {
    expect(await port(given)).toBe(value);
  });
  test.each([['abc'], ['1e3'], ['80.5'], ['-1'], ['65536'], ['0x50'], [true]])(
    '%j is none',
    async (given) => {
      await expect(port(given)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    },
  );

  test('a list is separated by commas, or a list in the config', async () => {
    write('riskops.config.json', '{"models": {"m": {"keep": ["a,b", "c"]}}}');
    const project = await open({ RISKOPS_DROP: 'a, b,,c' });
    expect(project.get('drop', {}, 'm')).toEqual(['a', 'b', 'c']);
    expect(project.get('keep', {}, 'm')).toEqual(['a,b', 'c']);
  });

  test("the actor is the environment's, else the login name", async () => {
    expect((await open({ RISKOPS_ACTOR: 'park' })).actor).toBe('park');
    expect((await open()).actor).not.toBe('');
  });
});

test('the environment of a sandbox has no setting of riskops, however it is spelt', () => {
  const given = { PATH: '/bin', RISKOPS_DB: 'real.db', riskops_port: '1', RISK: 'x' };
  expect(sandboxEnvironment(given)).toEqual({ PATH: '/bin', RISK: 'x' });
});

test('NO_COLOR is a wish when it is not empty, and FORCE_COLOR the stronger one', () => {
  expect(colourRefused({})).toBe(false);
  expect(colourRefused({ NO_COLOR: '' })).toBe(false);
  expect(colourRefused({ NO_COLOR: '1' })).toBe(true);
  expect(colourRefused({ NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false);
});
