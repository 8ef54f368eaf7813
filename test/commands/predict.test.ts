import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../src/util/random.js';
import { folderForFile, riskops, succeed, whileServing } from '../support/riskops.js';

interface Scored {
  version: number;
  rows: number;
  notes: string[];
}

const folder = folderForFile();

/** A book with Korean names and categories; who is late follows from income, debt and region. */
function trainingCsv(rows = 600): string {
  const random = seededRandom(5);
  const lines = Array.from({ length: rows }, (_, i) => {
    const [income, debt] = [random() * 90, random() * 40];
    const region = ['서울', '부산', '제주'][Math.floor(random() * 3)];
    const late = debt / 8 - income / 22 + (region === '제주' ? 1 : 0) + random() - 0.5 > 0;
    const day = String(1 + (i % 28)).padStart(2, '0');
    const shownDebt = random() < 0.05 ? '' : debt.toFixed(1);
    return `${i + 1},${income.toFixed(2)},${shownDebt},${region},2026-01-${day},메모 ${i},${late ? '예' : '아니오'}`;
  });
  return `번호,소득,부채,지역,가입일,메모,연체\n${lines.join('\n')}\n`;
}

function readCsv(name: string): Record<string, string>[] {
  const text = readFileSync(join(folder, name), 'utf8');
  return Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true }).data;
}

beforeAll(async () => {
  writeFileSync(join(folder, '대출.csv'), trainingCsv());
  copyFileSync(join(import.meta.dirname, 'fixtures', 'loans-ko.csv'), join(folder, 'new.csv'));
  await succeed(folder, ['init', '--data', '대출.csv', '--target', '연체', '--positive', '예']);
  await succeed(folder, ['train', '--learner', 'logistic', '--promote']);
});

test('each row comes back with its prediction and class, and odd values are noted', async () => {
  const { stdout, exitCode } = await riskops(folder, ['predict', '--file', 'new.csv', '--out', 'scored.csv']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^6 rows scored by 대출 version 1: scored\.csv$/m);
  expect(stdout).toMatch(/^1 row has a 지역 that training never saw\.$/m);
  expect(stdout).toMatch(/^1 row has no 지역, which training never saw\.$/m);
  expect(stdout).toMatch(/^1 row has no 부채\.$/m);
  const [given, scored] = [readCsv('new.csv'), readCsv('scored.csv')];
  expect(Object.keys(scored[0])).toEqual([...Object.keys(given[0]), 'prediction', 'predicted_class']);
  expect(scored.map((row) => row['지역'])).toEqual(['서울', '제주', '부산', '', '울릉도', '서울']);
  for (const { prediction, predicted_class: label } of scored) {
    expect(Number(prediction)).toBeGreaterThan(0);
    expect(Number(prediction)).toBeLessThan(1);
    expect(['예', '아니오']).toContain(label);
  }
  expect(Number(scored[1]['prediction'])).toBeGreaterThan(Number(scored[3]['prediction']));
});

test('text that a spreadsheet would run as a formula is written so that it does not', async () => {
  await succeed(folder, ['predict', '--file', 'new.csv', '--out', 'scored.csv']);
  expect(readCsv('scored.csv').map((row) => row['메모'])).toEqual([
    '정상',
    '늦음, 두 번',
    "'=SUM(A1:A9)",
    '큰 "따옴표"',
    "'@import",
    "'-메모",
  ]);
});

test('what was written can be scored again, with the same result', async () => {
  await succeed(folder, ['predict', '--file', 'new.csv', '--out', 'scored.csv']);
  await succeed(folder, ['predict', '--file', 'scored.csv', '--out', 'again/scored.csv']);
  const predictions = (name: string) => readCsv(name).map((row) => row['prediction']);
  expect(predictions('again/scored.csv')).toEqual(predictions('scored.csv'));
});

test('offline scores of raw rows, with missing values and an unseen category, equal those over HTTP to 1e-9', async () => {
  await succeed<Scored>(folder, ['predict', '--file', 'new.csv', '--out', 'scored.csv']);
  const offline = readCsv('scored.csv').map((row) => Number(row['prediction']));
  const number = (text: string) => (text === '' ? null : Number(text));
  const inputs = readCsv('new.csv').map((row) => ({
    ...{
      소득: number(row['소득']),
      부채: number(row['부채']),
      지역: row['지역'] === 'NA' ? null : row['지역'],
    },
  }));
  const answer = await whileServing(folder, ['--port', '0'], async (url) => {
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs }),
    });
    return (await response.json()) as { predictions: { prediction: number; class: string }[] };
  });
  expect(answer.predictions).toHaveLength(offline.length);
  for (const [i, { prediction }] of answer.predictions.entries())
    expect(Math.abs(prediction - offline[i])).toBeLessThanOrEqual(1e-9);
});

test('another version than the current one scores when it is named', async () => {
  await succeed(folder, ['train', '--learner', 'dummy']);
  const words = ['predict', '--file', 'new.csv', '--out', 'v2.csv'];
  expect(await succeed<Scored>(folder, words)).toMatchObject({ version: 1 });
  expect(await succeed<Scored>(folder, [...words, '--version', '2'])).toMatchObject({ version: 2, rows: 6 });
  expect(new Set(readCsv('v2.csv').map((row) => row['prediction'])).size).toBe(1);
});
