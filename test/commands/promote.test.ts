import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeLoans } from '../support/loans.js';
import { folderForFile, refuse, riskops, succeed } from '../support/riskops.js';

interface Judged {
  promoted: boolean;
  forced?: boolean;
  gate: {
    verdict: string;
    rows_needed: number | null;
    next: string;
    reasons: { rule: string; passed: boolean | null }[];
  };
}

/** One project: a dummy, the same logistic regression twice, and a dummy again. The tests follow one another. */
const folder = folderForFile();
const pointer = join(folder, 'artifacts', 'models', 'current.json');
const currentVersion = () => JSON.parse(readFileSync(pointer, 'utf8')).models.loans.version;
const train = (...words: string[]) => succeed(folder, ['train', ...words]);
const promote = (words: string[], exitCode: number) =>
  succeed<Judged>(folder, ['promote', ...words], { exitCode });

beforeAll(async () => {
  writeLoans(folder);
  await succeed(folder, ['init', '--data', 'loans.csv', '--target', 'default']);
  await train('--learner', 'dummy');
});

test('exit code 1: rejected; the first model must beat the naive baselines', async () => {
  const report = await succeed<Judged['gate']>(folder, ['gate'], { exitCode: 1 });
  expect(report.verdict).toBe('reject');
  expect(report.reasons.find(({ rule }) => rule === 'baseline prior')?.passed).toBe(false);
  const { exitCode, stdout } = await riskops(folder, ['promote', '--latest']);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^REJECT: .*\n(.*\n)+Not promoted: loans version 1\.$/m);
  expect(existsSync(pointer)).toBe(false);
});

test('against the verdict only by force, with a reason, and on record as that', async () => {
  await refuse(folder, ['promote', '--latest', '--force'], 'USAGE');
  await refuse(folder, ['promote', '--latest', '--force', '--reason', '  '], 'USAGE');
  expect((await promote(['--latest', '--reason', 'I want it'], 1)).promoted).toBe(false);
  expect(await promote(['--latest', '--force', '--reason', 'a first model to look at'], 0)).toMatchObject({
    ...{ promoted: true, forced: true },
  });
  const { items } = await succeed<{ items: unknown[] }>(folder, ['history']);
  expect(items[0]).toMatchObject({ to_version: 1, verdict: 'reject', reason: 'a first model to look at' });
});

test('exit code 0: promoted', async () => {
  await train('--learner', 'logistic');
  const { exitCode, stdout } = await riskops(folder, ['promote', '--latest']);
  expect({ exitCode, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({
    exitCode: 0,
    last: 'loans version 2 is current. A running server answers with it from the next request on; if none runs: riskops serve',
  });
  expect(currentVersion()).toBe(2);
});

test('exit code 4: there is nothing new to promote, or no such version or run', async () => {
  await refuse(folder, ['promote', '--latest'], 'NO_CANDIDATE');
  await refuse(folder, ['gate'], 'NO_CANDIDATE');
  const { why } = await refuse(folder, ['promote', '--version', '99'], 'VERSION_NOT_FOUND');
  expect(why).toContain('1 to 2');
  await refuse(folder, ['promote', '--run', 'ffffffffffff'], 'RUN_NOT_FOUND');
});

test('exit code 3: an equal model is undecided, and no number of rows would promote it', async () => {
  await train('--learner', 'logistic');
  const { promoted, gate } = await promote(['--latest'], 3);
  expect({ promoted, verdict: gate.verdict, rows: gate.rows_needed }).toEqual({
    ...{ promoted: false, verdict: 'undecided', rows: null },
  });
  expect(gate.next).toContain('No number of rows would promote it');
  await succeed(folder, ['gate', '--version', '3'], { exitCode: 3 });
  expect(currentVersion()).toBe(2);
});

test('train --promote ends with the exit code of the verdict, train alone with 0', async () => {
  const rejected = await succeed<Judged>(folder, ['train', '--learner', 'dummy', '--promote'], {
    exitCode: 1,
  });
  expect(rejected).toMatchObject({ promoted: false, gate: { verdict: 'reject' } });
  expect(currentVersion()).toBe(2);
});

test('a candidate is named in one way', async () => {
  const { message } = await refuse(folder, ['promote', '--latest', '--version', '3'], 'USAGE');
  expect(message).toBe('--latest and --version cannot be given together.');
  await refuse(folder, ['promote'], 'USAGE');
});

test('each judgement is kept with the run, by its hash', async () => {
  const { items } = await succeed<{ items: { to_version: number; gate_report_sha256: string }[] }>(folder, [
    'history',
  ]);
  const { versions } = await succeed<{ versions: { version: number; run_id: string }[] }>(folder, [
    'models',
    'show',
  ]);
  for (const { to_version, gate_report_sha256 } of items) {
    const run = versions.find(({ version }) => version === to_version)?.run_id as string;
    const { artifacts } = await succeed<{ artifacts: { kind: string; sha256: string }[] }>(folder, [
      'runs',
      'show',
      run,
    ]);
    expect(artifacts).toContainEqual(
      expect.objectContaining({ kind: 'gate-report', sha256: gate_report_sha256 }),
    );
  }
});
