// One writer of durability.mjs: durability-child.mjs <riskops|bare> <folder> <seconds>. Says ready, waits for a line, writes single
// points one by one for that long, says how many were acknowledged.
import { join } from 'node:path';
import { openStore, startRun } from '../dist/index.js';
import { rawDatabase } from './raw-database.mjs';

const [kind, folder, seconds] = process.argv.slice(2);
const places = {
  database: join(folder, 'riskops.db'),
  artifacts: join(folder, 'artifacts'),
  currentModel: join(folder, 'artifacts', 'models', 'current.json'),
};
const cell = new Int32Array(new SharedArrayBuffer(4));

/** Runs `attempt` until no other process is in its way: waits .1 to 1.1 ms between, as the store does. */
async function untilFree(attempt) {
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!String(error.code).startsWith('SQLITE_BUSY')) throw error;
      await new Promise(setImmediate);
      Atomics.wait(cell, 0, 0, 0.1 + Math.random());
    }
  }
}

async function bareWriter() {
  const raw = await untilFree(() => rawDatabase(join(folder, 'raw.db')));
  const insert = raw.prepare('INSERT INTO metric_points VALUES (?, ?, ?, ?, ?, ?)');
  const insertOne = raw.transaction((step) =>
    insert.run(process.pid, step, step, step / 7, null, Date.now()),
  );
  return (step) => untilFree(() => insertOne.immediate(step));
}

async function riskopsWriter() {
  const store = await openStore(places, { mode: 'write' });
  const run = await startRun(store, { kind: 'bench', cwd: folder });
  return (step) => {
    run.logMetrics({ loss: step / 7 }, step);
    return run.flush();
  };
}

const write = await (kind === 'bare' ? bareWriter() : riskopsWriter());
console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
const end = performance.now() + Number(seconds) * 1000;
let count = 0;
for (; performance.now() < end; count++) await write(count);
console.log(count);
process.exit(0);
