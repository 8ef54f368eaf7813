import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Garbage } from '../../src/registry/garbage.js';
import { writeLoans } from '../support/loans.js';
import { folderForFile, refuse, riskops, succeed } from '../support/riskops.js';

const folder = folderForFile();
/** The run of version 1, which is current, and that of version 2, which never was. */
let [served, spare] = ['', ''];

beforeAll(async () => {
  writeLoans(folder);
  await succeed(folder, ['init', '--data', 'loans.csv', '--target', 'default']);
  const train = ['train', '--learner', 'logistic'];
  served = (await succeed<{ run_id: string }>(folder, [...train, '--promote'])).run_id;
  spare = (await succeed<{ run_id: string }>(folder, train)).run_id;
});

const gc = (...flags: string[]) => succeed<Garbage>(folder, ['gc', ...flags]);
const versions = async () =>
  (await succeed<{ versions: { version: number }[] }>(folder, ['models', 'show'])).versions.map(
    ({ version }) => version,
  );

test('what is served cannot be deleted by any command, and the error says why', async () => {
  for (const words of [
    ['runs', 'delete', served],
    ['runs', 'delete', spare, served],
  ])
    expect(await refuse(folder, words, 'RUN_IN_USE')).toMatchObject({ hint: 'riskops history loans' });
  for (const words of [
    ['models', 'delete', 'loans'],
    ['models', 'delete', 'loans', '--version', '1'],
  ])
    expect((await refuse(folder, words, 'VERSION_IN_USE')).why).toMatch(/^It is current; .* no flag forces/);
  expect(await versions()).toEqual([2, 1]);
});

test('delete, look, restore, protect; then delete and collect for good', async () => {
  await succeed(folder, ['runs', 'delete', spare]);
  expect(await versions()).toEqual([1]);
  const planned = await gc('--dry-run', '--older-than', '0d');
  expect(planned).toMatchObject({ dry_run: true, runs: [{ run_id: spare }], versions: [{ version: 2 }] });
  expect(await gc()).toMatchObject({ runs: [], bytes: 0 });

  await succeed(folder, ['runs', 'restore', spare.slice(0, 8)]);
  expect(await versions()).toEqual([2, 1]);
  await succeed(folder, ['runs', 'protect', spare]);
  expect((await refuse(folder, ['runs', 'delete', spare], 'RUN_IN_USE')).why).toBe('it is protected');
  await succeed(folder, ['runs', 'protect', spare, '--off']);
  await succeed(folder, ['models', 'protect', 'loans', '--version', '2']);
  await succeed(folder, ['models', 'protect', 'loans', '--version', '2', '--off']);
  await succeed(folder, ['models', 'delete', 'loans', '--version', '2']);
  await succeed(folder, ['models', 'restore', 'loans', '--version', '2']);

  await succeed(folder, ['runs', 'delete', spare]);
  expect(await gc('--older-than', '0d')).toMatchObject({
    ...{ dry_run: false, bytes: planned.bytes, warnings: [] },
    ...{ runs: [{ run_id: spare }], versions: [{ version: 2 }] },
  });
  await refuse(folder, ['runs', 'restore', spare], 'RUN_NOT_FOUND');
  await refuse(folder, ['models', 'restore', 'loans', '--version', '2'], 'VERSION_NOT_FOUND');
  await succeed(folder, ['doctor']);
});

test('the files of a run can be had, and nothing that is there is written over', async () => {
  const { files } = await succeed<{ files: { path: string; to: string }[] }>(folder, [
    ...['runs', 'download', served, '--out', 'files'],
  ]);
  expect(files.map(({ path }) => path)).toContain('data.json');
  expect(JSON.parse(readFileSync(join(folder, 'files', 'data.json'), 'utf8'))).toMatchObject({
    data: 'loans.csv',
  });
  await refuse(folder, ['runs', 'download', served, '--out', 'files'], 'ALREADY_EXISTS');
  const one = await riskops(folder, ['runs', 'download', served, 'schema.json']);
  expect(one).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('schema.json') });
  expect(existsSync(join(folder, 'schema.json'))).toBe(true);
});

test('likely mistakes', async () => {
  await refuse(folder, ['gc', '--older-than', '30'], 'OPTION_INVALID');
  await refuse(folder, ['runs', 'delete', 'nothing'], 'RUN_NOT_FOUND');
  await refuse(folder, ['models', 'delete', 'loan'], 'MODEL_NOT_FOUND');
  await refuse(folder, ['models', 'protect', 'loans'], 'USAGE');
  await refuse(folder, ['runs', 'download', served, 'scheme.json'], 'ARTIFACT_NOT_FOUND');
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  await refuse(empty, ['gc', '--dir', '.'], 'STORE_NOT_FOUND');
});
