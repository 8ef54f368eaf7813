import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../src/util/files.js';
import { packageRoot } from '../../src/util/package.js';
import { folderForFile, succeed } from '../support/riskops.js';

interface Trained {
  run_id: string;
  model: string;
  metrics: Record<string, number>;
  candidate: { path: string; sha256: string; content_sha256: string; bytes: number };
}

const folder = folderForFile();

beforeAll(() => {
  mkdirSync(join(folder, 'data'));
  const file = join('data', 'uci_credit_default.csv.gz');
  copyFileSync(join(packageRoot(), file), join(folder, file));
});

/** The command of a first look at the bundled data, with no config. */
const train = (learner: string) =>
  succeed<Trained>(folder, [
    ...['train', '--data', 'data/uci_credit_default.csv.gz', '--target', 'class'],
    ...['--learner', learner, '--split', 'every:5:4', '--seed', '0'],
  ]);

test.concurrent('train prints one document with the run, the metrics and the candidate, whose file is as it says', async () => {
  const trained = await train('dummy');
  expect(trained.run_id).toMatch(/^[0-9a-f]{32}$/);
  expect(trained.model).toBe('uci_credit_default');
  expect(trained.metrics['auc']).toBe(0.5);
  const bytes = readFileSync(join(folder, 'artifacts', trained.candidate.path));
  expect(sha256(bytes)).toBe(trained.candidate.sha256);
  expect(bytes.length).toBe(trained.candidate.bytes);
});

test.concurrent('logistic regression reaches an auc of .7238, and the same command gives the same model', async () => {
  const [first, again] = await Promise.all([train('logistic'), train('logistic')]);
  expect(first.metrics['auc']).toBeGreaterThanOrEqual(0.7238);
  expect(again.candidate.content_sha256).toBe(first.candidate.content_sha256);
  expect(again.candidate.sha256).not.toBe(first.candidate.sha256);
  expect(again.run_id).not.toBe(first.run_id);
});

test.concurrent('gradient boosting reaches an auc of .780', async () => {
  expect((await train('gradient-boosting')).metrics['auc']).toBeGreaterThanOrEqual(0.78);
});

test('a random forest reaches an auc of .765', async () => {
  expect((await train('random-forest')).metrics['auc']).toBeGreaterThanOrEqual(0.765);
}, 120_000);
