#!/usr/bin/env node
// A log of many predictions with an outcome each: how long telling, measuring, exporting and deleting take, and in how much memory.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureAccuracy, openStore, predictionsOf } from '../dist/index.js';

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

/** A file with an outcome a line; `order` says of which prediction the line is. */
function writeOutcomes(order) {
  const file = openSync(join(folder, 'outcomes.csv'), 'w');
  writeSync(file, 'prediction_id,value\n');
  for (let from = 0; from < count; from += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, count - from) }, (_, at) => {
      const i = order(from + at);
      return `${idOf(msOf(i), i)},${(i * 31) % 97 < 40 ? 1 : 0}\n`;
    });
    writeSync(file, lines.join(''));
  }
  closeSync(file);
}

/** As `riskops outcomes add` does, in a process of its own: what it takes is not mixed with what this one holds. */
const CHILD = `
  const [index, places, path] = process.argv.slice(1);
  const { addOutcomesOfFile, openStore } = await import(index);
  const store = await openStore(JSON.parse(places), { mode: 'write' });
  const added = await addOutcomesOfFile(store, { path }, { actor: 'bench' });
  await store.close();
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  console.log(JSON.stringify({ ...added, cpu: (userCPUTime + systemCPUTime) / 1e6, mb: Math.round(maxRSS / 1024) }));
`;

function tellFile(what, all) {
  const index = new URL('../dist/index.js', import.meta.url).href;
  const given = [index, JSON.stringify(places), join(folder, 'outcomes.csv')];
  const words = ['--input-type=module', '-e', CHILD, ...given];
  const told = JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' }));
  if (told[all] !== count) throw new Error(`${told[all]} ${all}`);
  console.log(`${what}: ${told.cpu.toFixed(1)} s CPU, at most ${told.mb} MB resident`);
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
  const isMixed = process.argv[3] === 'mixed';
  // 7919 is a prime: every prediction stands in the file once, far from its neighbours.
  writeOutcomes(isMixed ? (i) => (i * 7919) % count : (i) => i);
  tellFile(`telling the outcomes of a file in ${isMixed ? 'a mixed' : "the log's"} order`, 'added');
  tellFile('telling them again', 'unchanged');
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
