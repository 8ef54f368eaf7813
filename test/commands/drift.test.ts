import { expect, test } from 'vitest';
import type { DriftReport } from '../../src/monitoring/drift.js';
import { seededRandom } from '../../src/util/random.js';
import { writeLoans } from '../support/loans.js';
import { folderForFile, refuse, riskops, succeed, whileServing } from '../support/riskops.js';

/** Rows as the loan book has them, the income higher by two thirds of a standard deviation. */
function richer(count: number) {
  const random = seededRandom(4);
  return Array.from({ length: count }, () => ({
    income: random() * 100 + 20,
    debt: random() < 0.05 ? null : random() * 50,
    age: Math.floor(20 + random() * 50),
    지역: random() < 0.03 ? null : ['서울', '부산', '제주'][Math.floor(random() * 3)],
  }));
}

test('train, serve, predict rows that moved: drift names the feature, over HTTP as well', async () => {
  const folder = folderForFile();
  writeLoans(folder);
  const words = ['train', '--data', 'loans.csv', '--target', 'default', '--learner', 'logistic', '--promote'];
  await succeed(folder, words);
  const send = async (url: string, inputs: unknown[]) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/predict`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ inputs }),
    });
    expect(answer.status).toBe(200);
  };
  const overHttp = await whileServing(folder, ['--port', '0', '--log', 'sync'], async (url) => {
    await send(url, richer(50));
    const few = await succeed<DriftReport>(folder, ['drift'], { exitCode: 3 });
    expect(few).toMatchObject({ verdict: 'undecided', window: { rows: 50 }, rows_needed: 80 });
    await send(url, richer(300).slice(50));
    await expect(fetch(`${url}/drift?rows=0`)).resolves.toMatchObject({ status: 422 });
    return (await (await fetch(`${url}/drift`)).json()) as DriftReport;
  });
  const report = await succeed<DriftReport>(folder, ['drift'], { exitCode: 1 });
  expect(report).toMatchObject({ verdict: 'drift', window: { rows: 300 } });
  expect(report.features.filter(({ drifted }) => drifted).map(({ name }) => name)).toEqual(['income']);
  expect(overHttp).toEqual(report);

  const { exitCode, stdout, stderr } = await riskops(folder, ['drift', '--by-feature']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
  expect(stdout).toMatch(/^Drift: 1 of 4 features moved, "income" \(\+0\.\d+ sd\); the scores /);
  expect(stdout).toMatch(/^income +300 +0\.0 % +\d+\.\d % +0\.\d\d +< 0\.0001 +0\.\d{3} +drift$/m);
  expect(stdout).toMatch(/^age +300 .* -$/m);
  expect(stdout.split('\n').filter((line) => line.startsWith('(scores)'))).toHaveLength(1);
  await refuse(folder, ['drift', '--rows', '0'], 'OPTION_INVALID');
}, 60_000);
