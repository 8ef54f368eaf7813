#!/usr/bin/env node
// A log of many predictions with an outcome each: how long telling, measuring, exporting and deleting take, and in how much memory.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addOutcomes, measureAccuracy, openStore, predictionsOf } from '../dist/index.js';

const count = Number(process.argv[2] ?? 1_000_000);
const DAY = 86_400_000;
const begin = Date.now() - 20 * DAY;
const folder = mkdtempSync(join(tmpdir(), 'riskops-bench-'));
const places = {
  database: join(folder, 'data', 'riskops.db'),
  artifacts: join(folder, 'artifacts'),
  currentModel: join(folder, 'artifacts', 'models', 'current.json'),
};

/** A version 7 id of a millisecond and a number. */
function idOf(ms, i) {
  const time = ms.toString(16).padStart(12, '0');
  const low = i.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${low}`;
}

/** Fifty predictions a second. */
const msOf = (i) => begin + i * 20;

function predictionOf(i) {
  const p = ((i * 7919) % 10_007) / 10_007;
  return {
    ...{
      id: idOf(msOf(i), i),
      at: new Date(msOf(i)).toISOString(),
      request_id: `r-${i}`,
      model: 'credit',
      version: 1,
    },
    inputs: {
      income: (i % 1000) / 10,
      debt: i % 77,
      age: 20 + (i % 50),
      region: ['a', 'b', 'c'][i % 3],
      customer: `c${i}`,
    },
    ...{ prediction: p, class: p > 0.4 ? 1 : 0 },
  };
}

/** A model that says what the predictions are of. */
function train() {
  const lines = Array.from({ length: 400 }, (_, i) => {
    const { income, debt, age, region } = predictionOf(i * 13).inputs;
    return [income, debt, age, region, (i * 31) % 97 < 40 ? 1 : 0].join(',');
  });
  writeFileSync(join(folder, 'rows.csv'), `income,debt,age,region,bad\n${lines.join('\n')}\n`);
  const binary = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'riskops.js');
  const words = [
    'train',
    '--data',
    'rows.csv',
    '--target',
    'bad',
    '--model',
    'credit',
    '--learner',
    'logistic',
  ];
  execFileSync(process.execPath, [binary, ...words], { cwd: folder, stdio: 'ignore' });
}

async function fill(store) {
  for (let from = 0; from < count; from += 20_000) {
    await store.write(async (tables) => {
      for (let at = from; at < Math.min(count, from + 20_000); at += 1000) {
        const rows = Array.from({ length: Math.min(1000, count - at) }, (_, i) => predictionOf(at + i));
        const content = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
        const [first_id, last_id] = [rows[0].id, rows.at(-1).id];
        const row = { first_id, last_id, rows: rows.length, written_at: rows[0].at, content };
        await tables.insertInto('prediction_segments').values(row).execute();
      }
    });
  }
}

async function timed(what, work) {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(
    `${what}: ${((user + system) / 1e6).toFixed(1)} s CPU, ${((performance.now() - wall) / 1000).toFixed(1)} s, ${rss} MB resident`,
  );
  return result;
}

try {
  train();
  const store = await openStore(places, { mode: 'write' });
  await fill(store);
  console.log(`${count} predictions, ${Math.round(statSync(places.database).size / 2 ** 20)} MB`);
  await timed('reading the log', async () => {
    let rows = 0;
    for await (const chunk of predictionsOf(store, { model: 'credit' })) rows += chunk.length;
    if (rows !== count) throw new Error(`${rows} rows`);
  });
  const outcomes = Array.from({ length: count }, (_, i) => ({
    prediction_id: idOf(msOf(i), i),
    value: (i * 31) % 97 < 40 ? 1 : 0,
  }));
  await timed('telling the outcomes', () => addOutcomes(store, outcomes, { actor: 'bench' }));
  await timed('telling them again', async () => {
    const { unchanged } = await addOutcomes(store, outcomes, { actor: 'bench' });
    if (unchanged !== count) throw new Error(`${unchanged} unchanged`);
  });
  outcomes.length = 0;
  const accuracy = await timed('measuring', () =>
    measureAccuracy(store, { model: 'credit', by: ['region', 'income'] }),
  );
  console.log(
    `  ${accuracy.task}: ${accuracy.overall.with_outcome} outcomes, ${accuracy.segments.length} segments`,
  );
  await store.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
