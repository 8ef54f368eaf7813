import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { writeLoans } from '../support/loans.js';
import {
  BINARY,
  ending,
  filesIn,
  folderForFile,
  refuse,
  riskops,
  start,
  succeed,
} from '../support/riskops.js';

interface Report {
  ok: boolean;
  exit_code: number;
  steps: { name: string; status: string; message: string; code?: string; lines?: string[] }[];
}

const folder = folderForFile();
/** A project whose current model is logistic and whose newest candidate is no better than guessing. */
const project = join(folder, 'project');
let copies = 0;

function copyOf(from = project): string {
  const to = join(folder, `copy ${copies++}`);
  cpSync(from, to, { recursive: true });
  return to;
}

const check = (at: string, words: string[], exitCode: number, environment?: Record<string, string>) =>
  succeed<Report>(at, ['ci', ...words], { exitCode, environment });
const statuses = ({ steps }: Report) => Object.fromEntries(steps.map(({ name, status }) => [name, status]));
const writePackage = (at: string, scripts: Record<string, string>) =>
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: 'p', private: true, scripts }));
const config = (at: string) => join(at, 'riskops.config.mjs');
function changeConfig(at: string, from: string, to: string): void {
  writeFileSync(config(at), readFileSync(config(at), 'utf8').replace(from, to));
}

beforeAll(async () => {
  mkdirSync(project);
  writeLoans(project);
  await succeed(project, ['init', '--data', 'loans.csv', '--target', 'default']);
  await succeed(project, ['train', '--learner', 'logistic', '--promote']);
});

test('a project before its first training passes; with a sound current model every check does', async () => {
  const fresh = join(folder, 'fresh');
  mkdirSync(fresh);
  writeLoans(fresh);
  await succeed(fresh, ['init', '--data', 'loans.csv', '--target', 'default']);
  expect(statuses(await check(fresh, ['--quick'], 0))).toEqual({
    config: 'pass',
    'data loans': 'pass',
    store: 'skip',
    'model loans': 'skip',
  });
  expect(statuses(await check(project, ['--quick'], 0))).toEqual({
    config: 'pass',
    'data loans': 'pass',
    store: 'pass',
    'model loans': 'pass',
    'gate loans': 'skip',
    audit: 'pass',
  });
});

test("the project's store is only read, an exported one is out of reach, and scripts that train have a sandbox", async () => {
  const [own, production] = [copyOf(), copyOf()];
  await succeed(own, ['train', '--learner', 'dummy']);
  const train = `node "${BINARY}" train --learner logistic --promote`;
  writePackage(own, {
    lint: 'exit 0',
    test: train,
    typecheck: 'node -e "process.exit(process.env.RISKOPS_ACTOR ? 1 : 0)"',
  });
  const before = [filesIn(own), filesIn(production)];
  const exported = {
    RISKOPS_DB: join(production, 'data', 'riskops.db'),
    RISKOPS_ARTIFACTS: join(production, 'artifacts'),
    RISKOPS_CURRENT_MODEL: join(production, 'artifacts', 'models', 'current.json'),
    RISKOPS_ACTOR: 'somebody',
    RISKOPS_TARGET: 'income',
  };
  const report = await check(own, ['--skip-e2e'], 1, exported);
  expect(statuses(report)).toEqual({
    config: 'pass',
    'script lint': 'pass',
    'script typecheck': 'pass',
    'script test': 'pass',
    'data loans': 'pass',
    store: 'pass',
    'model loans': 'pass',
    // The candidate that only this project's store has.
    'gate loans': 'fail',
    audit: 'pass',
  });
  expect([filesIn(own), filesIn(production)]).toEqual(before);
});

test('a rejected candidate is told to people, to a CI server, to GitHub and on its page', async () => {
  const at = copyOf();
  await succeed(at, ['train', '--learner', 'dummy']);
  const summary = join(folder, 'page.md');
  writeFileSync(summary, 'from a step before\n');
  const { exitCode, stdout, stderr } = await riskops(at, ['ci', '--quick', '--junit', 'out/junit.xml'], {
    GITHUB_ACTIONS: 'true',
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_WORKSPACE: folder,
  });
  expect([exitCode, stdout]).toEqual([1, 'riskops ci: failed: gate loans\n']);
  expect(stderr).toMatch(/^FAILED +gate loans +REJECT: loans v2 \(dummy\) against current v1/m);
  expect(stderr).toMatch(/^::error title=riskops gate loans::REJECT/m);
  expect(readFileSync(join(at, 'out', 'junit.xml'), 'utf8')).toMatch(
    /failures="1" errors="0"[\s\S]*<failure type="GATE_REJECTED" message="REJECT/,
  );
  expect(readFileSync(summary, 'utf8')).toMatch(
    /^from a step before\n## riskops ci: 1 failed\n[\s\S]*\| gate loans \| \*\*fail\*\* \|/,
  );
});

describe('an exit code is a verdict or a fault, and never both', () => {
  test('1: a config that cannot be loaded, a script, data or a model that is not as it should be', async () => {
    const at = copyOf();
    writePackage(at, { test: 'echo "2 tests failed"; exit 7' });
    writeFileSync(join(at, 'loans.csv'), 'income,debt\n1,2\n');
    writeFileSync(join(at, 'artifacts', 'models', 'current.json'), '{}');
    const report = await check(at, ['--skip-e2e'], 1);
    expect(statuses(report)).toMatchObject({
      'script test': 'fail',
      'data loans': 'fail',
      'model loans': 'fail',
      audit: 'pass',
    });
    expect(report.steps.find(({ name }) => name === 'script test')?.lines?.join('\n')).toContain(
      'test | 2 tests failed',
    );
    changeConfig(at, 'models:', 'modles:');
    expect((await check(at, ['--quick'], 1)).steps).toMatchObject([
      {
        name: 'config',
        status: 'fail',
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('did you mean "models"?'),
      },
    ]);
  });

  test('3: nothing failed and the gate is undecided, also where its rows have changed; 1 where the config wants that', async () => {
    const at = copyOf();
    await succeed(at, ['train', '--learner', 'logistic', '--seed', '9']);
    writeFileSync(join(at, 'loans.csv'), readFileSync(join(at, 'loans.csv'), 'utf8').replace(/\n.*\n/, '\n'));
    const report = await check(at, ['--quick'], 3);
    expect(report.steps.find(({ name }) => name === 'gate loans')).toMatchObject({
      status: 'undecided',
      code: 'HOLDOUT_UNAVAILABLE',
    });
    changeConfig(at, 'default {', "default {\n  ci: { undecided: 'fail' },");
    await check(at, ['--quick'], 1);
    await check(at, ['--quick'], 3, { RISKOPS_CI_UNDECIDED: 'report' });
  });

  test('78, 74: a store of a newer riskops, a report that cannot be written', async () => {
    const at = copyOf();
    expect((await check(at, ['--quick', '--junit', 'loans.csv/x.xml'], 74)).steps.at(-1)).toMatchObject({
      name: 'report',
      status: 'error',
      code: 'STORE_IO',
    });
    const raw = openConnection(join(at, 'data', 'riskops.db'));
    raw.pragma('user_version = 999');
    raw.close();
    const report = await check(at, ['--quick'], 78);
    expect(statuses(report)).toMatchObject({ store: 'error', 'model loans': 'pass' });
  });

  test('2: a flag that is wrong, and a script that calls riskops ci again', async () => {
    const at = copyOf();
    await refuse(at, ['ci', '--annotations', 'gitlab'], 'OPTION_INVALID');
    await refuse(at, ['ci', '--limit', 'soon'], 'OPTION_INVALID');
    writePackage(at, { ci: `node "${BINARY}" ci` });
    const report = await check(at, ['--skip-e2e'], 1, { RISKOPS_CI_SCRIPTS: 'ci' });
    expect(report.steps[1].lines?.join('\n')).toContain('called by a script that riskops ci runs');
  });
});

// The scripts here are words of sh.
describe.skipIf(process.platform === 'win32')('time limits', () => {
  test('a script that does not end is stopped with all that it started', async () => {
    const at = copyOf();
    writePackage(at, {
      test: "node -e \"setInterval(()=>require('fs').writeFileSync('beat',String(Date.now())),50)\" & wait",
    });
    changeConfig(at, 'default {', "default {\n  ci: { scripts: ['test', 'tset'], scriptSeconds: 2 },");
    const report = await check(at, ['--skip-e2e'], 1);
    expect(report.steps.slice(1, 3)).toMatchObject([
      { name: 'script test', status: 'fail', message: 'npm run test was stopped after 2 s.' },
      { name: 'script tset', status: 'fail', message: expect.stringContaining('did you mean "test"?') },
    ]);
    onTestFinished(() => {
      try {
        process.kill(Number(readFileSync(join(at, 'pid'), 'utf8')), 'SIGKILL');
      } catch {
        // it has ended, as it should
      }
    });
    const last = readFileSync(join(at, 'beat'), 'utf8');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(readFileSync(join(at, 'beat'), 'utf8')).toBe(last);
  });

  test('75: the whole is stopped at its limit, and what is left says so', async () => {
    const at = copyOf();
    writePackage(at, { test: 'sleep 30' });
    const report = await check(at, ['--skip-e2e', '--limit', '1'], 75, { RISKOPS_CI_SCRIPTS: 'test' });
    expect(report.steps.at(-1)).toMatchObject({
      name: 'model loans',
      status: 'error',
      code: 'CHECK_TIMED_OUT',
    });
  });

  test('what holds the thread is killed', async () => {
    const at = copyOf();
    changeConfig(at, 'default {', 'default {\n  model: (() => { for (;;); })(),');
    const child = start(at, ['ci', '--quick', '--limit', '1']);
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (part) => (said += part));
    await expect(ending(child)).rejects.toThrow('killed by SIGKILL');
    expect(said).toContain('The checks were stopped after 1 s.');
  });
});

test('--init github writes a workflow once, at the top of the repository', async () => {
  const at = copyOf();
  writePackage(at, {});
  await succeed(at, ['ci', '--init', 'github']);
  const path = join(at, '.github', 'workflows', 'riskops.yml');
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(
    /ubuntu-latest, windows-latest, macos-latest[\s\S]*npm ci\n.*npx --yes riskops@\S+ ci --junit/,
  );
  await refuse(at, ['ci', '--init', 'github'], 'ALREADY_EXISTS');
  expect(readFileSync(path, 'utf8')).toBe(text);
});
