import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readModelFile } from '../../src/models/model-file.js';
import { writeLoans } from '../support/loans.js';
import { folderForFile, refuse, riskops, succeed } from '../support/riskops.js';
import { temporaryFolder } from '../support/temporary.js';

interface Trained {
  run_id: string;
  version: number;
  features: string[];
  left_out: { name: string; reason: string }[];
  candidate: { path: string; content_sha256: string };
  gate: { verdict: string };
  promoted: boolean;
  next: string;
}

const folder = folderForFile();
beforeAll(() => writeLoans(folder));

const DATA = ['--data', 'loans.csv', '--target', 'default', '--model', 'loans'];
const train = (...words: string[]) => succeed<Trained>(folder, ['train', ...DATA, ...words]);

test.each([
  ['random-forest', 'trees=20'],
  ['gradient-boosting', 'trees=10'],
])('%s gives the same model again, with one thread and with two', async (learner, set) => {
  const [one, two] = [
    await train('--learner', learner, '--set', set, '--threads', '1'),
    await train('--learner', learner, '--set', set, '--threads', '2'),
  ];
  expect(two.candidate.content_sha256).toBe(one.candidate.content_sha256);
  expect(two.version).toBe(one.version + 1);
});

test('what is said to people: rows, metrics, verdict, and what to do next', async () => {
  const { exitCode, stdout, stderr } = await riskops(folder, ['train', ...DATA, '--learner', 'logistic']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(
    /^Trained loans version \d+: logistic, 640 rows, 4 features \(run [0-9a-f]{8}\)\.$/m,
  );
  expect(stdout).toMatch(/^On 160 held-out rows: auc 0\.\d+/m);
  expect(stdout).toMatch(/^PROMOTE: loans v\d+/m);
  expect(stdout).toMatch(/^Next: riskops promote --latest$/m);
});

test('columns are dropped and the positive class is chosen as asked', async () => {
  const { features, left_out, candidate } = await train(
    ...['--learner', 'dummy', '--drop', 'age,지역', '--positive', '0'],
  );
  expect(features).toEqual(['income', 'debt']);
  expect(left_out).toContainEqual({ name: 'age', reason: 'dropped as asked' });
  const { header } = await readModelFile(join(folder, 'artifacts', candidate.path));
  expect(header.signature.target.classes).toEqual([1, 0]);
});

test('a split by another file takes that file from the folder where it was named', async () => {
  const own = temporaryFolder();
  writeLoans(own);
  writeLoans(own, 'later.csv', 200, 8);
  await succeed(own, ['init', '--data', 'loans.csv', '--target', 'default']);
  const config = join(own, 'riskops.config.mjs');
  writeFileSync(config, readFileSync(config, 'utf8').replace('"random:0.2"', '"file:later.csv"'));
  const trained = await succeed<Trained & { rows: { test: number } }>(own, [
    'train',
    '--learner',
    'logistic',
  ]);
  expect(trained.rows.test).toBe(200);
  // Judged again from a folder below, where `later.csv` is not.
  const below = join(own, 'artifacts');
  const report = await succeed<{ verdict: string; holdout: { rows: number; split: string } }>(below, [
    'gate',
  ]);
  expect(report).toMatchObject({ verdict: 'promote', holdout: { rows: 200, split: 'file:later.csv' } });
});

describe('a schema edited by hand is honoured', () => {
  const own = folderForFile();
  const schemaFile = () => join(own, 'loans.schema.json');
  const edit = (name: string, change: object) => {
    const schema = JSON.parse(readFileSync(schemaFile(), 'utf8'));
    Object.assign(
      schema.columns.find((column: { name: string }) => column.name === name),
      change,
    );
    writeFileSync(schemaFile(), JSON.stringify(schema));
  };
  beforeAll(async () => {
    writeLoans(own);
    await succeed(own, ['init', '--data', 'loans.csv', '--target', 'default']);
  });

  test('a type', async () => {
    edit('age', { type: 'category' });
    const { candidate } = await succeed<Trained>(own, ['train', '--learner', 'dummy']);
    const { header } = await readModelFile(join(own, 'artifacts', candidate.path));
    expect(header.signature.features.find(({ name }) => name === 'age')).toMatchObject({ type: 'category' });
  });

  test('that a column has no missing values', async () => {
    edit('debt', { nullable: false });
    const line = readFileSync(join(own, 'loans.csv'), 'utf8')
      .split('\n')
      .findIndex((text) => /^[^,]*,,/.test(text));
    const { message, hint } = await refuse(own, ['train'], 'DATA_ROW_INVALID');
    expect(message).toContain(`line ${line + 1}, column "debt"`);
    expect(hint).toContain('nullable');
  });

  test('and what cannot be is named', async () => {
    edit('debt', { nullable: true, typ: 'number' });
    const { why } = await refuse(own, ['train'], 'SCHEMA_INVALID');
    expect(why).toMatch(/typ.*did you mean "type"/);
    expect(existsSync(join(own, 'artifacts', 'models', 'current.json'))).toBe(false);
  });
});
