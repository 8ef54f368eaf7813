import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Trace } from '../../src/monitoring/trace.js';
import type { Reproduction } from '../../src/pipeline/reproduce.js';
import { writeCredit } from '../support/credit.js';
import { folderForFile, refuse, riskops, succeed, whileServing } from '../support/riskops.js';

/** One project of three classes through its whole life; the tests follow one another. */
const folder = folderForFile();
const CLASSES = ['early', 'late', 'on time'];
let run = '';
const reference = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/payers.json'), 'utf8'));

interface Answer {
  prediction_id: string;
  prediction: string;
  class: string;
  probabilities: Record<string, number>;
}

/** The bundled clients; whether they paid early, on time or late in the last month is to be told from the months before. */
function writePayers(name: string, from: number, to: number): string[] {
  const [head, ...lines] = readFileSync(writeCredit(folder, to), 'utf8').trimEnd().split('\n');
  const names = head.trim().split(',');
  const last = names.indexOf('PAY_0');
  const keep = ['LIMIT_BAL', 'AGE', 'PAY_2', 'PAY_3', 'PAY_4', 'BILL_AMT2', 'BILL_AMT3', 'PAY_AMT2'];
  const rows = lines.slice(from).map((line) => {
    const cells = line.trim().split(',');
    const paid = Number(cells[last]) < 0 ? 'early' : Number(cells[last]) > 0 ? 'late' : 'on time';
    return [...keep.map((column) => cells[names.indexOf(column)]), paid].join(',');
  });
  writeFileSync(join(folder, name), `${[...keep, 'paid'].join(',')}\n${rows.join('\n')}\n`);
  return rows;
}

beforeAll(() => {
  writePayers('payers.csv', 0, 2000);
  writePayers('new.csv', 2000, 2200);
});

test('init says what a text target of three values is, and train judges by log loss against the shares', async () => {
  const { stdout } = await riskops(folder, [
    'init',
    '--data',
    'payers.csv',
    '--target',
    'paid',
    '--model',
    'payers',
  ]);
  expect(stdout).toContain('Predicts the probability of each paid: early, late, on time.');
  const dummy = await succeed<{ gate: { verdict: string } }>(folder, ['train', '--learner', 'dummy']);
  expect(dummy.gate.verdict).toBe('reject');
  const trained = await succeed<{ run_id: string; metrics: Record<string, number> }>(folder, [
    ...['train', '--learner', 'logistic', '--split', 'every:5:4', '--promote'],
  ]);
  run = trained.run_id;
  expect(trained).toMatchObject({
    ...{ task: 'multiclass', threshold: null, promoted: true },
    gate: { verdict: 'promote', task: 'multiclass', metric: 'log_loss', holdout: { rows: 400, classes: 3 } },
  });
  // scikit-learn penalises in another unit, and stops a little before the optimum.
  expect(Object.keys(trained.metrics)).toEqual(Object.keys(reference.values));
  for (const [name, value] of Object.entries(reference.values))
    expect(trained.metrics[name], name).toBeCloseTo(Number(value), 3);
});

test('what is shown of it is of three classes', async () => {
  const { stdout: gate } = await riskops(folder, ['gate', '--version', '2', '--dry-run']);
  expect(gate).toMatch(/on 400 holdout rows of 3 classes/);
  expect(gate).not.toContain('positive');
  const shown = await succeed(folder, ['models', 'show', 'payers', '--version', '2']);
  expect(shown).toMatchObject({ task: 'multiclass', classes: CLASSES, threshold: null });
  const { stdout: versions } = await riskops(folder, ['models', 'show', 'payers']);
  expect(versions).toMatch(/log_loss 0\.\d+ balanced_accuracy 0\.\d+/);
  const compared = await succeed<{ runs: { why: string | null }[] }>(folder, ['runs', 'compare', run, run]);
  expect(compared).toBeTruthy();
});

test('predict writes the class and a column for each probability; the server gives the same', async () => {
  await succeed(folder, ['predict', '--file', 'new.csv', '--out', 'scored.csv']);
  const [head, ...lines] = readFileSync(join(folder, 'scored.csv'), 'utf8').trimEnd().split(/\r?\n/);
  const names = head.split(',');
  expect(names.slice(-4)).toEqual(['predicted_class', ...CLASSES.map((name) => `probability_${name}`)]);
  expect(lines).toHaveLength(200);
  const rows = lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell])));
  const inputs = rows.map(({ paid: _, ...row }) =>
    Object.fromEntries(names.slice(0, 8).map((name) => [name, Number(row[name])])),
  );
  const answers = await whileServing(folder, ['--port', '0', '--log', 'sync'], async (url) => {
    const answer = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs }),
    });
    const { stdout, exitCode } = await riskops(folder, ['smoke', '--url', url]);
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('the same by name, by position and in a batch'),
    });
    return ((await answer.json()) as { predictions: Answer[] }).predictions;
  });
  for (const [i, { prediction, class: called, probabilities }] of answers.entries()) {
    expect([prediction, called]).toEqual([rows[i]['predicted_class'], prediction]);
    expect(probabilities).toEqual(
      Object.fromEntries(CLASSES.map((name) => [name, Number(rows[i][`probability_${name}`])])),
    );
  }
  const right = rows.filter((row) => row['paid'] === row['predicted_class']).length;
  expect(right / rows.length).toBeGreaterThan(0.7);
  const traced = await succeed<Trace>(folder, ['trace', answers[7].prediction_id, '--replay']);
  expect(traced).toMatchObject({
    prediction: { prediction: answers[7].prediction, probabilities: answers[7].probabilities },
    run: { run_id: run },
    ...{ missing: [], notes: [] },
    replay: {
      result: 'identical',
      recomputed: answers[7].prediction,
      probabilities: answers[7].probabilities,
    },
  });
  const { stdout } = await riskops(folder, ['trace', answers[7].prediction_id, '--replay']);
  expect(stdout).toMatch(/^answer +(early|late|on time), class .*\n +\{"early":0\.\d+/m);
  expect(stdout).toMatch(/^IDENTICAL: predicted again, (early|late|on time)$/m);
}, 60_000);

test('the run is reproduced to the same content', async () => {
  expect(await succeed<Reproduction>(folder, ['reproduce', run.slice(0, 8)])).toMatchObject({
    identical: true,
    content_sha256: { same: true },
  });
}, 60_000);

test('a learner or a policy that has no many classes is refused before anything is read in', async () => {
  const words = ['train', '--learner', 'ridge'];
  const { why } = await refuse(folder, words, 'LEARNER_OPTION_INVALID');
  expect(why).toContain('multiclass');
});
