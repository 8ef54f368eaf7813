// A user's program, or one that stands in its way, as a process of its own: child.mjs <task> <folder> [...].

import { startRun } from '../../../src/start-run.js';
import { openConnection } from '../../../src/storage/database/sqlite-connection.js';
import { openStore } from '../../../src/storage/open-store.js';
import { logToRun } from '../../../src/tracking/log-to-run.js';
import { replaySpools } from '../../../src/tracking/replay-spool.js';
import { placesIn } from '../../storage/rows.js';

const [task, folder, ...rest] = process.argv.slice(2);
const say = (text: string) => process.stdout.write(`${text}\n`);
const forever = () => setInterval(() => {}, 1000);

/** Holds the write lock until a line comes in. */
function lock() {
  const raw = openConnection(placesIn(folder).database);
  raw.exec('BEGIN IMMEDIATE');
  say('locked');
  process.stdin.once('data', () => {
    raw.exec('ROLLBACK');
    process.exit(0);
  });
}

async function replay() {
  const store = await openStore(placesIn(folder), { mode: 'write' });
  say('replaying');
  await replaySpools(store);
  await store.close();
}

/** Logs 1,000 points in 50 calls to a run of another process, as one of several writers. */
async function write() {
  const [runId, writer] = rest;
  const store = await openStore(placesIn(folder), { mode: 'write' });
  for (let call = 0; call < 50; call++) {
    const values = Array.from({ length: 20 }, (_, i) => Number(writer) * 1000 + call * 20 + i);
    await logToRun(store, runId, { points: values.map((value) => ({ key: 'loss', value })) });
  }
  await store.close();
}

async function run() {
  const run = await startRun({ dir: folder, cwd: folder, name: task });
  run.logMetrics({ loss: 0.5 });
  say(run.id);
  switch (task) {
    case 'throw':
      setTimeout(() => {
        throw new TypeError('the loss is not finite');
      });
      return;
    case 'reject':
      void Promise.reject(new Error('no such file'));
      return;
    case 'exit':
      process.exit(Number(rest[0]));
      return;
    case 'natural':
      return;
    case 'wait':
      forever();
      return;
    case 'flush':
      await run.flush();
      say('flushed');
      forever();
      return;
    case 'handler':
      process.once('SIGTERM', () => {
        say('my own handler');
        setTimeout(() => process.exit(9), 20);
      });
      forever();
      return;
    case 'graceful':
      process.once('SIGTERM', async () => {
        await run.end();
        process.exit(0);
      });
      forever();
      return;
    case 'caught':
      process.on('uncaughtException', (error) => say(`caught ${error.message}`));
      setTimeout(() => void run.end(), 50);
      throw new Error('once');
    default:
      throw new Error(`no task ${task}`);
  }
}

/** An error leaves the block of an `await using`. */
async function leave() {
  await using run = await startRun({ dir: folder, cwd: folder });
  say(run.id);
  throw new RangeError('diverged at step 3');
}

await ({ lock, replay, write, leave }[task] ?? run)();
