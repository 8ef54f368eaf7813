// What the tests of reliability do in processes of their own: child.mjs <task> <folder> <argument>. What stands on a line of its
// stdout was acknowledged: the function that did it had returned.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { backUpStore } from '../../src/pipeline/archive/backup-store.js';
import { judgeVersion } from '../../src/pipeline/judge.js';
import { promoteCandidate } from '../../src/pipeline/promote-candidate.js';
import { trainModel } from '../../src/pipeline/train.js';
import { rollback } from '../../src/registry/rollback.js';
import { getVersion } from '../../src/registry/versions.js';
import { backUpDatabase } from '../../src/storage/backup/backup-database.js';
import { openStore } from '../../src/storage/open-store.js';
import { listRuns, metricHistory } from '../../src/tracking/read-runs.js';
import { startRun } from '../../src/tracking/runs.js';
import { sha256File } from '../../src/util/files.js';
import { planFor } from '../pipeline/plan.js';
import { placesIn } from '../storage/rows.js';

const [task, folder, argument] = process.argv.slice(2);
const say = (line: string) => void writeSync(1, `${line}\n`);
const store = (mode: 'read' | 'write' = 'write') => openStore(placesIn(folder), { mode });
const go = () => new Promise((resolve) => process.stdin.once('data', resolve));

const tasks: Record<string, () => Promise<unknown>> = {
  /** Opens the store, which makes or migrates it; with an `argument` when it is told to. */
  async open() {
    say('begun');
    if (argument) await go();
    const begun = performance.now();
    const opened = await store();
    say(`opened ${performance.now() - begun}`);
    await opened.close();
  },
  /** Logs points, parameters and tags one by one until it is killed, or `argument` points. */
  async log() {
    const opened = await store();
    const run = await startRun(opened, { kind: 'train', model: 'loans', cwd: folder });
    say(`run ${run.id}`);
    for (let i = 0; i < Number(argument || Infinity); i++) {
      run.logMetrics({ loss: 1 / (i + 1) }, i);
      await run.flush();
      say(`point ${i}`);
      if (i % 5 !== 0) continue;
      await run.logParams({ [`p${i}`]: i });
      say(`param p${i}`);
      await run.setTags({ [`t${i}`]: String(i) });
      say(`tag t${i}`);
    }
  },
  /** Promotes version 2 and rolls back to version 1 in turn until it is killed. */
  async promote() {
    const opened = await store();
    const second = await getVersion(opened, 'loans', 2);
    for (;;) {
      const judged = await judgeVersion(opened, second, { root: folder });
      if (judged.expectedCurrent !== 2) {
        const record = await promoteCandidate(opened, { judged, actor: 'test', reason: 'kill test' });
        say(`promotion ${record.promotion_id}`);
      }
      const back = await rollback(opened, { model: 'loans', actor: 'test', reason: 'kill test' });
      say(`promotion ${back.promotion_id}`);
    }
  },
  /** Trains one candidate after another until it is killed. */
  async save() {
    const opened = await store();
    for (let seed = 0; ; seed++) {
      const { summary } = await trainModel(opened, planFor(folder, { seed }), { root: folder });
      say(`version ${summary.version} ${summary.candidate.sha256} run ${summary.run_id}`);
    }
  },
  /** Copies the database, then the whole store, in turn until it is killed. */
  async backup() {
    say('begun');
    for (let i = 0; ; i++) {
      const name = `${i}.${i % 2 === 0 ? 'db' : 'tar'}`;
      const out = join(folder, 'copies', name);
      if (i % 2 === 0) await backUpDatabase(placesIn(folder).database, { out });
      else await backUpStore(placesIn(folder), out);
      say(`backup ${name} ${await sha256File(out)}`);
    }
  },
  /** Logs `argument` points under ten names when it is told to, twenty-five steps on disk at a time. */
  async write() {
    const opened = await store();
    const run = await startRun(opened, { kind: 'train', cwd: folder });
    say('ready');
    await go();
    const steps = Number(argument) / 10;
    for (let step = 0; step < steps; step++) {
      run.logMetrics(
        Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`m${i}`, step * 10 + i])),
        step,
      );
      if (step % 25 === 24) await run.flush();
    }
    await run.end();
    await opened.close();
    say(`run ${run.id}`);
  },
  /** Lists runs and reads a metric as a dashboard does, over and over until its stdin ends. */
  async read() {
    const opened = await store('read');
    let isOver = false;
    process.stdin.resume().once('end', () => {
      isOver = true;
    });
    let looks = 0;
    for (; !isOver; looks++) {
      const { items } = await listRuns(opened, { limit: 50 });
      for (const { run_id } of items.slice(0, 2)) await metricHistory(opened, run_id, 'm0');
      if (looks === 0) say('reading');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await opened.close();
    say(`looks ${looks}`);
  },
  /** Holds the write lock for `argument` ms. */
  async hold() {
    const opened = await store();
    await opened.write(async (t) => {
      await t.selectFrom('runs').select('run_id').limit(1).execute();
      say('holding');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(argument));
    });
    await opened.close();
    say('released');
  },
};

await tasks[task]();
process.exit(0);
