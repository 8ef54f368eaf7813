// What a test of backups does in processes of its own: child.mjs <task> <folder> <argument>.
import { sql } from 'kysely';
import { backUpDatabase } from '../../../src/storage/backup/backup-database.js';
import { restoreDatabase } from '../../../src/storage/backup/restore-database.js';
import { openStore } from '../../../src/storage/open-store.js';
import { placesIn, pointOf } from '../rows.js';

const [task, folder, argument] = process.argv.slice(2);
const places = placesIn(folder);

const tasks: Record<string, () => Promise<unknown>> = {
  /** Opens the store, which migrates an older one, and says whether it was this process that did. */
  async open() {
    console.log('opening');
    const store = await openStore(places, { mode: 'write' });
    await store.close();
    return store.migrated === null ? 'as it was' : 'migrated';
  },
  /** Makes one backup after another in the folder of backups, saying each when it is acknowledged, until it is killed. */
  async backUp() {
    for (;;) console.log((await backUpDatabase(places.database)).path);
  },
  /** Puts the backups of `argument` in place in turn, until it is killed. */
  async restore() {
    const backups = argument.split(',');
    for (let i = 0; ; i++) {
      console.log('restoring');
      await restoreDatabase(places.database, backups[i % backups.length], { force: true, command: '' });
    }
  },
  /** Moves one unit from a tag to another and logs a point, in transactions of their own, until it is killed. */
  async move() {
    const store = await openStore(places, { mode: 'write' });
    for (let i = 0; ; i++) {
      await store.write(async (t) => {
        await sql`UPDATE tags SET value = value - 1 WHERE key = 'left'`.execute(t);
        await sql`UPDATE tags SET value = value + 1 WHERE key = 'right'`.execute(t);
      });
      await store.insertMetrics([pointOf('r', 'm', i, i)]);
      if (i % 20 === 0) console.log('moved');
    }
  },
  /** Keeps the store open, reading or writing, until it is killed. */
  async hold() {
    const store = await openStore(places, { mode: argument as 'read' | 'write' });
    await store.db.selectFrom('runs').select('run_id').execute();
    console.log('open');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
};

console.log(String(await tasks[task]()));
process.exit(0);
