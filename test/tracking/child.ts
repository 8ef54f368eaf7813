// What a test of runs does in a process of its own: child.mjs <task> <folder>.
import { openStore } from '../../src/storage/open-store.js';
import { startRun } from '../../src/tracking/runs.js';
import { placesIn } from '../storage/rows.js';

const [task, folder] = process.argv.slice(2);
const store = await openStore(placesIn(folder), { mode: 'write' });
const run = await startRun(store, { kind: 'train', model: 'credit', cwd: folder });
console.log(run.id);

if (task === 'log') {
  for (let step = 0; ; step++) {
    run.logMetrics({ loss: 1 / (step + 1) }, step);
    await run.flush();
    process.stdout.write(`${step}\n`);
  }
}
// A training loop that never yields to the event loop.
if (task === 'busy') {
  for (let step = 0; step < 5000; step++) run.logMetrics({ loss: step }, step);
  process.kill(process.pid, 'SIGKILL');
}
// Left without an end.
if (task === 'exit') process.exit(0);
