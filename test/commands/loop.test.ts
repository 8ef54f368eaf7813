import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { packageVersion } from '../../src/util/package.js';
import { writeLoans } from '../support/loans.js';
import { filesIn, folderForFile, refuse, riskops, succeed } from '../support/riskops.js';

interface Trained {
  run_id: string;
  model: string;
  version: number;
  gate: { verdict: string; comparisons: unknown[] };
  promoted: boolean;
}

/** One project through its whole life; the tests follow one another. */
const folder = folderForFile();
const pointer = () => JSON.parse(readFileSync(join(folder, 'artifacts', 'models', 'current.json'), 'utf8'));
const trained: Trained[] = [];

beforeAll(() => writeLoans(folder));

test('init looks at the data, says what it found, and writes a config and a schema', async () => {
  const { exitCode, stdout, stderr } = await riskops(folder, [
    'init',
    '--data',
    'loans.csv',
    '--target',
    'default',
  ]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^지역 +category +\d+ +3 +부산, 서울, 제주$/m);
  expect(stdout).not.toContain('Left out');
  expect(stdout).toContain('Predicts the probability that default is 1 and not 0.');
  expect(stdout).toMatch(/Written: riskops\.config\.mjs and loans\.schema\.json/);
  expect(stdout).toMatch(/^Next: riskops train$/m);
  expect(existsSync(join(folder, 'loans.schema.json'))).toBe(true);
});

test('init overwrites nothing', async () => {
  await refuse(folder, ['init'], 'ALREADY_EXISTS');
});

test('before anything is trained, commands say so and what to do', async () => {
  for (const words of [
    ['gate'],
    ['promote', '--latest'],
    ['rollback'],
    ['runs', 'list'],
    ['models', 'show'],
  ]) {
    const { hint } = await refuse(folder, words, 'STORE_NOT_FOUND');
    expect(hint).toBe('riskops train');
  }
});

test('train makes a candidate, judges it, and leaves what is current as it is', async () => {
  const document = await succeed<Trained & { next: string }>(folder, [
    'train',
    '--learner',
    'dummy',
    '--seed',
    '3',
  ]);
  expect(document).toMatchObject({
    model: 'loans',
    version: 1,
    promoted: false,
    gate: { verdict: 'reject' },
  });
  const better = await succeed<Trained & { next: string }>(folder, ['train', '--learner', 'logistic']);
  expect(better).toMatchObject({ version: 2, promoted: false, gate: { verdict: 'promote' } });
  expect(better.next).toBe('riskops promote --latest');
  expect(existsSync(join(folder, 'artifacts', 'models', 'current.json'))).toBe(false);
  expect(await succeed(folder, ['models', 'list'])).toMatchObject({
    items: [{ name: 'loans', versions: 2, current: null, latest: 2 }],
  });
  trained.push(document, better);
});

test('gate judges the newest candidate again, and finds the same', async () => {
  const report = await succeed<Trained['gate']>(folder, ['gate']);
  expect(report.comparisons).toEqual(trained[1].gate.comparisons);
});

test('promote --latest makes it current, on record and in the pointer', async () => {
  const { promoted, promotion } = await succeed<{ promoted: boolean; promotion: Record<string, unknown> }>(
    folder,
    ['promote', '--latest'],
  );
  expect({ promoted, promotion }).toMatchObject({
    promoted: true,
    promotion: { action: 'promote', from_version: null, to_version: 2, verdict: 'promote', changed: true },
  });
  expect(pointer().models.loans).toMatchObject({ version: 2, run_id: trained[1].run_id });
});

test('train --promote does both', async () => {
  const document = await succeed<Trained>(
    folder,
    ['train', '--learner', 'gradient-boosting', '--set', 'trees=30', '--promote'],
    {
      exitCode: 3,
    },
  );
  expect(document).toMatchObject({ version: 3, promoted: false, gate: { verdict: 'undecided' } });
  trained.push(document);
});

test('a version named by its run is promoted against the verdict, and rollback takes it back', async () => {
  const promote = ['promote', '--run', trained[2].run_id.slice(0, 8), '--force', '--reason', '시험'];
  expect(await succeed(folder, promote)).toMatchObject({ promoted: true, forced: true });
  expect(pointer().models.loans.version).toBe(3);
  const back = await succeed(folder, ['rollback', '--reason', 'complaints'], {
    environment: { RISKOPS_ACTOR: 'kim' },
  });
  expect(back).toMatchObject({ from_version: 3, to_version: 2, actor: 'kim', reason: 'complaints' });
  expect(pointer().models.loans.version).toBe(2);
  const { stdout } = await riskops(folder, ['rollback', '--to', '3']);
  expect(stdout).toBe(
    'loans is back at version 3, from version 2. A running server answers with it from the next request on; if none runs: riskops serve\n',
  );
  expect(pointer().models.loans.version).toBe(3);
});

test('history says who, when, why, newest first', async () => {
  const { items } = await succeed<{ items: Record<string, unknown>[] }>(folder, ['history']);
  expect(items.map(({ action, to_version, verdict }) => [action, to_version, verdict])).toEqual([
    ['rollback', 3, null],
    ['rollback', 2, null],
    ['promote', 3, 'undecided'],
    ['promote', 2, 'promote'],
  ]);
  expect(items[2]).toMatchObject({ reason: '시험', model: 'loans' });
  expect(items[1]).toMatchObject({ actor: 'kim' });
  expect(items[0]['promoted_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const { stdout } = await riskops(folder, ['history', 'loans', '--limit', '1']);
  expect(stdout.trimEnd().split('\n')).toHaveLength(2);
});

test('runs: newest first by pages, one in full, several side by side', async () => {
  const page = await succeed<{ items: { run_id: string }[] }>(folder, ['runs', 'list', '--limit', '2']);
  expect(page).toMatchObject({ total: 3, next_offset: 2, items: [{ run_id: trained[2].run_id }, {}] });
  const latest = await succeed<{ run_id: string; artifacts: { path: string }[] }>(folder, ['runs', 'latest']);
  expect(latest).toMatchObject({ run_id: trained[2].run_id, status: 'FINISHED' });
  expect(latest.artifacts.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['data.json', 'schema.json']),
  );
  const shown = await riskops(folder, ['runs', 'show', trained[0].run_id.slice(0, 10)]);
  expect(shown.stdout).toMatch(/^status +FINISHED$/m);
  expect(shown.stdout).toMatch(/^ +data +loans\.csv$/m);
  const ids = trained.map(({ run_id }) => run_id.slice(0, 8));
  const { stdout } = await riskops(folder, ['runs', 'compare', ...ids]);
  expect(stdout).toMatch(/^learner +dummy +logistic +gradient-boosting$/m);
  expect(stdout).toMatch(/^auc +0\.5 +0\.9\d* +0\.9\d*$/m);
  expect(stdout).not.toMatch(/^target /m);
});

test('models show names versions with their stage', async () => {
  const { versions } = await succeed<{ versions: { version: number; stage: string }[] }>(folder, [
    'models',
    'show',
  ]);
  expect(versions.map(({ version, stage }) => [version, stage])).toEqual([
    [3, 'current'],
    [2, 'previous'],
    [1, 'candidate'],
  ]);
  expect((await riskops(folder, ['models', 'show', 'loans', '--version', '2'])).stdout).toMatch(
    /^learner logistic$/m,
  );
});

test('smoke starts a server of its own on a free port, and passes', async () => {
  const { ok, steps } = await succeed<{ ok: boolean; steps: { name: string }[] }>(folder, ['smoke']);
  expect(ok).toBe(true);
  expect(steps.map(({ name }) => name)).toContain('parity');
});

test('reading, checking and a doctor without --fix leave every file as it was', async () => {
  const before = filesIn(folder);
  expect(await succeed(folder, ['doctor'])).toMatchObject({ ok: true });
  await succeed(folder, ['config', '--origin']);
  await succeed(folder, ['models', 'list']);
  await riskops(folder, ['runs', 'list']);
  expect(filesIn(folder)).toEqual(before);
});

test('help and version', async () => {
  const [help, help2, version] = await Promise.all([
    riskops(folder, ['runs', 'list', '--help']),
    riskops(folder, ['help', 'runs', 'list']),
    riskops(folder, ['--version']),
  ]);
  expect(help.exitCode).toBe(0);
  expect(help.stdout).toMatch(/^Usage: riskops runs list/);
  expect(help2.stdout).toBe(help.stdout);
  expect(version.stdout).toBe(`${packageVersion()}\n`);
});
