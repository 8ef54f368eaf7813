import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Trace } from '../../src/monitoring/trace.js';
import type { Reproduction } from '../../src/pipeline/reproduce.js';
import { openStore } from '../../src/storage/open-store.js';
import { writeLoans } from '../support/loans.js';
import { folderForFile, refuse, riskops, succeed, whileServing } from '../support/riskops.js';

const folder = folderForFile();
let run = '';

beforeAll(async () => {
  writeLoans(folder);
  const words = ['train', '--data', 'loans.csv', '--target', 'default', '--learner', 'gradient-boosting'];
  const set = ['--set', 'trees=5', '--promote'];
  run = (await succeed<{ run_id: string }>(folder, [...words, ...set])).run_id;
}, 60_000);

const ask = async (url: string, body: unknown) => {
  const answer = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as { predictions: { prediction_id: string; prediction: number }[] };
};

test('every answer of the server is traced, and comes out again bit for bit', async () => {
  const named = { income: 31.25, debt: null, age: 44, 지역: '제주' };
  const answers = await whileServing(folder, ['--port', '0'], async (url) => [
    ...(await ask(url, { inputs: [named, { ...named, 지역: '달나라', extra: 1 }] })).predictions,
    ...(await ask(url, { features: [1e-300, 12.5, 30, 'NA'] })).predictions,
  ]);
  expect(answers.length).toBe(3);
  for (const { prediction_id, prediction } of answers) {
    const trace = await succeed<Trace>(folder, ['trace', prediction_id, '--replay']);
    expect(trace).toMatchObject({
      prediction: { id: prediction_id, prediction },
      version: { file: 'whole' },
      run: { run_id: run },
      data: { path: 'loans.csv', file: 'whole' },
      gate: { report: { verdict: 'promote' } },
      ...{ missing: [], notes: [] },
      replay: { result: 'identical' },
    });
  }
  const { stdout } = await riskops(folder, ['trace', answers[0].prediction_id, '--replay']);
  expect(stdout).toMatch(/^promotion +promote by .*, verdict promote/m);
  expect(stdout).toMatch(/^IDENTICAL: predicted again/m);
}, 30_000);

test('an unknown prediction exits 4, and says that the log may be a moment behind', async () => {
  const id = '01981f6e-7a3b-7c11-9d5e-0123456789ab';
  const { why } = await refuse(folder, ['trace', id], 'PREDICTION_NOT_FOUND');
  expect(why).toContain('100 ms');
});

test('a run is reproduced; with one byte changed the file is named and the exit code is 65', async () => {
  const words = ['reproduce', run.slice(0, 8)];
  const result = await succeed<Reproduction>(folder, [...words, '--threads', '2']);
  expect(result).toMatchObject({ identical: true, content_sha256: { same: true }, reasons: [] });
  const said = await riskops(folder, words);
  expect(said).toMatchObject({ exitCode: 0, stderr: '' });
  expect(said.stdout).toMatch(/^IDENTICAL: run \w{8} trained again/);
  const path = join(folder, 'loans.csv');
  const bytes = readFileSync(path);
  const changed = Buffer.from(bytes);
  changed[40] ^= 1;
  writeFileSync(path, changed);
  const { message, why } = await refuse(folder, words, 'DATA_CHANGED');
  expect(message).toContain(path);
  expect(why?.match(/[0-9a-f]{64}/g)?.length).toBe(2);
  writeFileSync(join(folder, 'as it was.csv'), bytes);
  await succeed(folder, [...words, '--data', 'as it was.csv']);
  await refuse(folder, [...words, '--data', 'none.csv'], 'DATA_FILE_NOT_FOUND');
  writeFileSync(path, bytes);
}, 30_000);

test('what is not the same ends with exit code 1', async () => {
  const artifacts = join(folder, 'artifacts');
  const places = { artifacts, currentModel: join(artifacts, 'models', 'current.json') };
  const store = await openStore(
    { database: join(folder, 'data', 'riskops.db'), ...places },
    { mode: 'write' },
  );
  // A record that somebody touched.
  await store.write((transaction) =>
    transaction
      .updateTable('metric_points')
      .set({ value: 0.25, special: null })
      .where('metric', 'in', (query) =>
        query.selectFrom('metrics').select('metric').where('run_id', '=', run).where('key', '=', 'auc'),
      )
      .execute(),
  );
  await store.close();
  const { exitCode, stdout } = await riskops(folder, ['reproduce', run]);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^DIFFERS/);
  expect(stdout).toMatch(/^ {2}auc at step 0: was 0\.25, is 0\.\d+ \(difference 0\.\d+\)$/m);
});
