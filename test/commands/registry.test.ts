import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { writeLoans } from '../support/loans.js';
import { filesIn, folderForFile, refuse, riskops, succeed, whileServing } from '../support/riskops.js';

/** One project with a policy in a file; versions 1 (a dummy) and 2 (a logistic regression). The tests follow one another. */
const folder = folderForFile();
const policyFile = join(folder, 'policies', 'loans.json');
const writePolicy = (policy: unknown) => writeFileSync(policyFile, JSON.stringify(policy));
const as = (actor: string) => ({ environment: { RISKOPS_ACTOR: actor } });
const row = { income: 20, debt: 30, age: 40, 지역: '서울' };

beforeAll(async () => {
  writeLoans(folder);
  mkdirSync(join(folder, 'policies'));
  writePolicy({});
  const block = { data: 'loans.csv', target: 'default', split: 'random:0.2', policy: 'policies/loans.json' };
  writeFileSync(
    join(folder, 'riskops.config.json'),
    JSON.stringify({ model: 'loans', models: { loans: { ...block, learner: 'logistic' } } }),
  );
  await succeed(folder, ['train', '--learner', 'dummy']);
  await succeed(folder, ['train']);
});

describe('the policy file', () => {
  test('decides, with a preset in it and keys beside it, and the report says so', async () => {
    writePolicy({ preset: 'balance', minRows: 50 });
    const report = await succeed<{ metric: string; policy: object }>(folder, ['gate', '--dry-run']);
    expect(report).toMatchObject({
      metric: 'balanced_accuracy',
      policy: { preset: 'balance', proof: 'point', minRows: 50 },
    });
    const explained = await succeed<{ policy: { key: string; from: string }[]; presets: unknown[] }>(folder, [
      'gate',
      '--explain-policy',
    ]);
    expect(explained.policy).toContainEqual({ key: 'minRows', value: 50, from: 'policy' });
    expect(explained.policy).toContainEqual({ key: 'minGain', value: 0.005, from: 'preset' });
    expect(explained.presets).toHaveLength(5);
    const { stdout } = await riskops(folder, ['gate', '--explain-policy']);
    expect(stdout).toMatch(/^minGain +0\.005 +preset$/m);
  });

  test.each([
    ['a preset for another task', JSON.stringify({ preset: 'rul' }), /"rul" is for regression models/],
    ['no JSON', '{', /JSON/],
    ['no object', '[]', /one JSON object/],
  ])('%s is refused in words', async (_, text, why) => {
    writeFileSync(policyFile, text);
    expect((await refuse(folder, ['gate'], 'POLICY_INVALID')).why).toMatch(why);
  });

  test('one that is gone stops the gate, and nothing that does not judge', async () => {
    rmSync(policyFile);
    const { message } = await refuse(folder, ['promote', '--latest'], 'POLICY_INVALID');
    expect(message).toContain('loans.json');
    await succeed(folder, ['models', 'show']);
    writePolicy({});
  });
});

describe('gate', () => {
  test('flags stand in for the policy for one call, with the exit codes of a verdict', async () => {
    const words = ['gate', '--baseline', 'current', '--min-gain', '0.01', '--dry-run'];
    const report = await succeed<{ reasons: { rule: string }[] }>(folder, words);
    expect(report).toMatchObject({
      verdict: 'promote',
      overrides: { baselines: [], minGain: 0.01 },
      policy: { minGain: 0.01 },
    });
    expect(report.reasons.map(({ rule }) => rule)).not.toContain('baseline prior');
    const dummy = ['gate', '--version', '1', '--dry-run'];
    await succeed(folder, dummy, { exitCode: 1 });
    await succeed(folder, [...dummy, '--baseline', 'current']);
    for (const wrong of ['-1', 'x', '1,5', '', 'Infinity'])
      await refuse(folder, ['gate', `--min-gain=${wrong}`], 'OPTION_INVALID');
    expect((await refuse(folder, ['gate', '--baseline', 'prio'], 'POLICY_INVALID')).why).toContain('"prior"');
  });

  test('--dry-run writes nothing', async () => {
    const before = filesIn(folder);
    await succeed(folder, ['gate', '--dry-run']);
    expect(filesIn(folder)).toEqual(before);
  });
});

describe('approvals', () => {
  test('a promotion waits for other people, by force too', async () => {
    writePolicy({ approvals: 2 });
    await succeed(folder, ['approve', '--version', '2', '--reason', 'my own'], as('min'));
    const refused = await riskops(folder, ['promote', '--latest', '--json'], { RISKOPS_ACTOR: 'min' });
    expect(refused.exitCode).toBe(1);
    expect(JSON.parse(refused.stdout).error).toMatchObject({
      code: 'APPROVAL_MISSING',
      details: { needed: 2, missing: 2, approved_by: [] },
    });
    const forced = ['promote', '--latest', '--force', '--reason', 'now'];
    expect((await riskops(folder, forced, { RISKOPS_ACTOR: 'min' })).exitCode).toBe(1);
    for (const actor of ['kim', 'lee'])
      await succeed(folder, ['approve', '--version', '2', '--reason', 'read the report'], as(actor));
    expect(await succeed(folder, ['promote', '--latest'], as('min'))).toMatchObject({ promoted: true });
    const { items } = await succeed<{ items: { action: string; verdict: string }[] }>(folder, ['history']);
    expect(items.map(({ action }) => action)).toEqual(['promote', 'approve', 'approve', 'approve']);
    expect(items[1].verdict).toBe('promote');
    writePolicy({});
  });

  test('a training that waits for approvals still says what it made', async () => {
    const lone = folderForFile();
    writeLoans(lone);
    const block = { data: 'loans.csv', target: 'default', split: 'random:0.2', policy: { approvals: 1 } };
    writeFileSync(join(lone, 'riskops.config.json'), JSON.stringify({ models: { loans: block } }));
    const trained = await succeed<{ next: string }>(lone, ['train', '--promote'], { exitCode: 1 });
    expect(trained).toMatchObject({ version: 1, promoted: false, missing: expect.stringMatching(/1 more/) });
    expect(trained.next).toContain('riskops approve --model loans --version 1');
  });

  test('an approval names a version and a reason', async () => {
    await refuse(folder, ['approve', '--reason', 'x'], 'USAGE');
    await refuse(folder, ['approve', '--version', '1'], 'USAGE');
  });
});

test('promoting what is current already changes nothing, judges nothing and is no failure', async () => {
  const before = filesIn(folder);
  const done = await succeed<{ promotion: { to_version: number } }>(folder, ['promote', '--version', '2']);
  expect(done).toMatchObject({ promoted: true, gate: null, promotion: { changed: false, to_version: 2 } });
  const { stdout } = await riskops(folder, ['promote', '--version', 'current']);
  expect(stdout).toBe('loans version 2 is current already. Nothing was judged or changed.\n');
  expect(filesIn(folder)).toEqual(before);
});

test('an alias works wherever a version is chosen', async () => {
  await succeed(folder, ['models', 'alias', 'loans', 'baseline', '--version', '1']);
  expect(await succeed(folder, ['models', 'alias', 'loans', 'baseline'])).toMatchObject({ version: 1 });
  expect(await succeed(folder, ['models', 'show', '--version', 'baseline'])).toMatchObject({
    version: 1,
    aliases: ['baseline'],
  });
  expect((await riskops(folder, ['models', 'show'])).stdout).toMatch(/^1 +candidate +baseline /m);
  await succeed(folder, ['gate', '--version', 'baseline', '--dry-run'], { exitCode: 1 });
  await refuse(folder, ['models', 'alias', 'loans', '7', '--version', '1'], 'OPTION_INVALID');
  await refuse(folder, ['models', 'alias', 'loans', 'baseline', '--version', '1', '--remove'], 'USAGE');
  await succeed(folder, ['models', 'alias', 'loans', 'baseline', '--remove']);
  await refuse(folder, ['gate', '--version', 'baseline'], 'VERSION_NOT_FOUND');
});

test('a retired model is not served, says why, and comes back by a rollback while the server runs', async () => {
  await refuse(folder, ['retire'], 'USAGE');
  await whileServing(folder, ['--port', '0'], async (url) => {
    const predict = async () => {
      const answer = await fetch(`${url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: row }),
      });
      return { status: answer.status, text: await answer.text() };
    };
    expect((await predict()).status).toBe(200);
    await succeed(folder, ['retire', '--reason', 'the product was closed'], as('kim'));
    expect(await predict()).toEqual({
      status: 404,
      text: expect.stringMatching(/Version 2 was retired by kim at .*: the product was closed/),
    });
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    const before = new Date().toISOString();
    expect(await succeed(folder, ['rollback'])).toMatchObject({ from_version: null, to_version: 2 });
    expect((await predict()).status).toBe(200);
    const then = await succeed<{ items: unknown[] }>(folder, ['history', 'loans', '--at', before]);
    expect(then).toMatchObject({
      at: before,
      items: [{ model: 'loans', version: null, by: { actor: 'kim' } }],
    });
  });
  expect((await riskops(folder, ['history', '--at', '2999-01-01'])).stdout).toMatch(
    /^loans: version 2, since .* \(rollback by /,
  );
  expect((await riskops(folder, ['history', '--at', '1999-01-01'])).stdout).toBe(
    'loans: nothing was promoted yet\n',
  );
  await refuse(folder, ['history', '--at', 'yesterday'], 'OPTION_INVALID');
});

test('audit verify: unbroken with its head, and one changed field is named with its row and exit code 1', async () => {
  const whole = await succeed<{ head: string; rows: number; reports: number }>(folder, ['audit', 'verify']);
  expect(whole).toMatchObject({ ok: true, rows: 6, broken: null });
  expect(whole.reports).toBeGreaterThan(0);
  await succeed(folder, ['audit', 'verify', '--expect', whole.head]);
  await succeed(folder, ['audit', 'verify', '--expect', '0'.repeat(64)], { exitCode: 1 });
  await refuse(folder, ['audit', 'verify', '--expect', 'abc'], 'OPTION_INVALID');
  const raw = openConnection(join(folder, 'data', 'riskops.db'));
  raw.exec("DROP TRIGGER promotions_refuse_update; UPDATE promotions SET actor = 'park' WHERE sequence = 3");
  raw.close();
  const { exitCode, stdout } = await riskops(folder, ['audit', 'verify']);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 1,
    stdout: 'BROKEN at row 3: its content does not have its hash.\n',
  });
  expect(readFileSync(join(folder, 'artifacts', 'models', 'current.json'), 'utf8')).toContain('"version": 2');
});
