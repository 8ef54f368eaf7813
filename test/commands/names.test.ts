import { expect, test } from 'vitest';
import type { RunDetail } from '../../src/tracking/run-records.js';
import { NAMES, UNSHOWABLE } from '../serving/hostile/names.js';
import { riskops, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

/** What no system hands to a program as a word. */
const words = NAMES.filter((name) => !name.includes('\0') && name !== '\ud800');
const pairs = words.map((name, i) => `n${i}=${name}`);
const expected = Object.fromEntries(words.map((name, i) => [`n${i}`, name]));

test('hostile names on the command line come back as they are, and no terminal gets their controls (RB-81)', async () => {
  const folder = temporaryFolder();
  const given = ['--name=$(id)', '--note', '\x1b]0;title\x07`id`', '--param', ...pairs, '--tag', ...pairs];
  const { run_id } = await succeed<{ run_id: string }>(folder, ['runs', 'start', ...given]);
  const found = await succeed<RunDetail>(folder, ['runs', 'show', run_id]);
  expect(found).toMatchObject({ name: '$(id)', note: '\x1b]0;title\x07`id`' });
  expect(found.params).toEqual(expected);
  expect(found.tags).toEqual(expected);
  for (const shown of [
    ['runs', 'show', run_id],
    ['runs', 'list'],
  ]) {
    const { exitCode, stdout, stderr } = await riskops(folder, shown);
    expect(exitCode).toBe(0);
    expect(stdout + stderr).not.toMatch(UNSHOWABLE);
    expect(stdout).not.toMatch(/uid=/);
  }
});

test('a run that is asked for by such a name is none, and that is said in plain text', async () => {
  const folder = temporaryFolder();
  for (const name of ['__proto__', '../x', 'a\r\nb\x1b[31m']) {
    const { exitCode, stdout, stderr } = await riskops(folder, ['runs', 'show', name]);
    expect([name, exitCode > 0 && exitCode < 70, stdout]).toEqual([name, true, '']);
    expect(stderr).toMatch(/^Error: /);
    expect(stderr).not.toMatch(UNSHOWABLE);
  }
});
