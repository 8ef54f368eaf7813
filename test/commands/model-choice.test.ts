import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runSmoke } from '../../src/checks/smoke.js';
import { checkServedModel } from '../../src/commands/serve-model.js';
import { openProject } from '../../src/config.js';
import { writeLoans } from '../support/loans.js';
import { folderForFile, refuse, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

/** A store of one model, then of two; the tests follow one another. */
const folder = folderForFile();
const train = (model: string) =>
  succeed(folder, [
    ...['train', '--data', 'loans.csv', '--target', 'default'],
    ...['--learner', 'logistic', '--model', model, '--promote'],
  ]);
const shown = async (words: string[] = [], environment = {}) =>
  (await succeed<{ name: string }>(folder, ['models', 'show', ...words], { environment })).name;

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

beforeAll(async () => {
  writeLoans(folder);
  await train('loans');
});

test('the only model is meant when none is named', async () => {
  expect(await shown()).toBe('loans');
});

test('of several, one must be named; the error names them', async () => {
  await train('카드');
  for (const words of [
    ['gate'],
    ['promote', '--latest'],
    ['rollback'],
    ['predict', '--file', 'loans.csv', '--out', 'o.csv'],
  ]) {
    const { why, hint, details } = await refuse(folder, words, 'MODEL_AMBIGUOUS');
    expect(why).toContain('loans, 카드');
    expect(hint).toContain('--model');
    expect(details).toEqual({ known: ['loans', '카드'] });
  }
});

test('--model wins over the environment, the environment over the config', async () => {
  writeFileSync(join(folder, 'riskops.config.json'), JSON.stringify({ model: '카드' }));
  expect(await shown()).toBe('카드');
  expect(await shown([], { RISKOPS_MODEL: 'loans' })).toBe('loans');
  expect(await shown(['카드'], { RISKOPS_MODEL: 'loans' })).toBe('카드');
  rmSync(join(folder, 'riskops.config.json'));
});

test('a name that is no model is answered with the nearest one', async () => {
  const { why } = await refuse(folder, ['gate', '--model', 'laons'], 'MODEL_NOT_FOUND');
  expect(why).toBe('did you mean "loans"?');
  await refuse(folder, ['history', 'cards'], 'MODEL_NOT_FOUND');
});

test('a server is not started for a name that is a slip, and is for a model that comes later', async () => {
  const check = async (flags: object, config = {}) => {
    const at = await openProject({ dir: folder, environment: {} });
    return checkServedModel({ ...at, config: { ...at.config, ...config } }, { ...flags });
  };
  expect(await refuse(folder, ['serve', '--port', '0', '--model', 'laons'], 'MODEL_NOT_FOUND')).toMatchObject(
    { why: 'did you mean "loans"?', hint: 'riskops models list' },
  );
  await check({});
  await check({ model: '카드'.normalize('NFD') });
  await check({ model: 'new' }, { models: { new: { data: 'loans.csv' } } });
  await expect(check({ model: 'new' })).rejects.toThrow(/no model "new"/);
  const empty = await openProject({ dir: temporaryFolder(), environment: {} });
  await checkServedModel(empty, { model: 'first' });
});

test('smoke says that nobody answers at a URL, with the exit code of it', async () => {
  const port = await closedPort();
  const began = runSmoke({ url: `http://127.0.0.1:${port}/`, retries: 1 });
  await expect(began).rejects.toMatchObject({
    ...{ code: 'SERVER_UNREACHABLE', exitCode: 74 },
    ...{ why: expect.stringMatching(/ECONNREFUSED/), fix: expect.stringMatching(/riskops serve/) },
  });
});

test('a name that no folder could have is refused before anything is written', async () => {
  for (const name of ['../evil', 'current.json', 'a b', 'NUL'])
    await refuse(
      folder,
      ['train', '--data', 'loans.csv', '--target', 'default', '--model', name],
      'OPTION_INVALID',
    );
});
