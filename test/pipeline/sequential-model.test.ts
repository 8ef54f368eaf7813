import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { expect, test } from 'vitest';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { scoreFile } from '../../src/pipeline/score-file.js';
import { judgeTraining, trainModel } from '../../src/pipeline/train.js';
import { startServer } from '../../src/serving/server.js';
import { type Plain, vectorsOf } from '../features/support/tables.js';
import { temporaryFolder } from '../support/temporary.js';
import { openStoreIn, planFor } from './support.js';

const { names, rows } = vectorsOf<{ names: string[]; rows: Plain[][] }>('fd001.json');

/** Three engines of the turbofan data that ran to failure, with their remaining life. */
function enginesCsv(): string {
  const last = new Map<Plain, number>();
  for (const [unit, cycle] of rows) last.set(unit, Math.max(last.get(unit) ?? 0, cycle!));
  const lines = rows.map((row) => [...row, Math.min(125, last.get(row[0])! - row[1]!)].join(','));
  return `${[...names, 'rul'].join(',')}\n${lines.join('\n')}\n`;
}

test('a model of series is trained from a file, and answers a file and the server alike for rows it was judged on', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'engines.csv'), enginesCsv());
  const store = await openStoreIn(folder);
  const plan = planFor(folder, {
    ...{ model: 'engines', data: join(folder, 'engines.csv'), target: 'rul', learner: 'ridge' },
    ...{ time: 'cycle', group: 'unit', split: 'group:unit:0.3' },
    recipe: [
      { kind: 'rolling', windows: [5, 20], of: ['mean', 'sd'] },
      { kind: 'lag', columns: ['s4_mean5'], by: [5] },
      { kind: 'elapsed' },
    ],
  });
  const trained = await trainModel(store, plan, { root: folder });
  await promoteCandidate(store, {
    judged: await judgeTraining(store, trained),
    actor: 'test',
    reason: 'the first',
  });

  const out = join(folder, 'out.csv');
  await scoreFile(store, { model: 'engines', file: join(folder, 'engines.csv'), out });
  const scored = Papa.parse<Record<string, number>>(readFileSync(out, 'utf8'), {
    header: true,
    dynamicTyping: true,
    skipEmptyLines: true,
  }).data;

  const server = await startServer({ port: 0, places: store.places, log: { mode: 'off' } });
  try {
    // One engine is a history of its own; the newest row may come first.
    const engine = scored.filter(({ unit }) => unit === 3).reverse();
    const inputs = engine.map(({ prediction: _, rul: __, ...input }) => input);
    const answer = await fetch(`${server.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs }),
    });
    const { predictions } = (await answer.json()) as { predictions: { prediction: number }[] };
    expect(predictions).toHaveLength(179);
    for (const [i, { prediction }] of predictions.entries())
      expect(Math.abs(prediction - engine[i]['prediction'])).toBeLessThanOrEqual(1e-9);
  } finally {
    await server.close();
  }
  const { metrics } = trained.predictor.header;
  expect(metrics['rmse']).toBeLessThan(40);
});
