// What a test of the store does in processes of its own: child.mjs <task> <folder> <argument>.
import { sql } from 'kysely';
import { openStore } from '../../src/storage/open-store.js';
import { placesIn, pointOf, runRow } from './rows.js';

const [task, folder, argument] = process.argv.slice(2);
const store = () => openStore(placesIn(folder), { mode: 'write' });

const tasks: Record<string, () => Promise<unknown>> = {
  /** Opens the store and says so. */
  async open() {
    await (await store()).close();
    return 'opened';
  },
  /** Waits for the start, then inserts single rows, each its own commit; says the longest wait. */
  async insert() {
    const [runId, count] = argument.split(':');
    const opened = await store();
    console.log('ready');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    let longest = 0;
    for (let i = 0; i < Number(count); i++) {
      const before = performance.now();
      if (i % 2 === 0) await opened.insertMetrics([pointOf(runId, `child-${process.pid}`, i, i)]);
      else
        await opened.write((t) =>
          t
            .insertInto('tags')
            .values({ run_id: runId, key: `${process.pid}-${i}`, value: String(i) })
            .execute(),
        );
      longest = Math.max(longest, performance.now() - before);
    }
    await opened.close();
    return Math.round(longest);
  },
  /** Adds one to a counter, reading before writing, `argument` times. */
  async count() {
    const opened = await store();
    for (let i = 0; i < Number(argument); i++) {
      await opened.write(async (t) => {
        const row = await t
          .selectFrom('tags')
          .select('value')
          .where('key', '=', 'n')
          .executeTakeFirstOrThrow();
        await t
          .updateTable('tags')
          .set({ value: String(Number(row.value) + 1) })
          .where('key', '=', 'n')
          .execute();
      });
    }
    await opened.close();
    return 'counted';
  },
  /** Holds the write lock for `argument` ms. */
  async hold() {
    const opened = await store();
    await opened.write(async (t) => {
      await sql`SELECT 1`.execute(t);
      console.log('holding');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(argument));
    });
    await opened.close();
    return 'released';
  },
  /** Writes one run after another, saying each when it is acknowledged, until it is killed. */
  async log() {
    const opened = await store();
    for (let i = 0; ; i++) {
      await opened.write((t) =>
        t
          .insertInto('runs')
          .values(runRow(`run-${i}`))
          .execute(),
      );
      process.stdout.write(`${i}\n`);
    }
  },
};

console.log(String(await tasks[task]()));
process.exit(0);
