import { parentPort, workerData } from 'node:worker_threads';
import { CompiledQuery } from 'kysely';
import { RiskopsError } from '../errors.js';
import { promotionsNamed, StoreWitness } from '../registry/store-witness.js';
import { fileIdentity } from '../storage/database/sqlite-file.js';
import { openStore } from '../storage/open-store.js';
import type { Store } from '../storage/store.js';
import { measureAccuracy } from './accuracy.js';
import { measureDrift } from './drift.js';
import { addOutcomes } from './outcomes.js';
import type { FromWatchThread, ToWatchThread, WatchTask, WatchThreadData } from './watch-messages.js';

/** The thread in which outcomes are written, and accuracy and drift are measured: it does one thing after the other, with a store of its own. */

/** How long a write waits for others; the one who asked is told that the store is busy then. */
const BUSY_MS = 5_000;

const { places, mode }: WatchThreadData = workerData;
const port = parentPort!;
const witness = new StoreWitness(places);
let open: { store: Store; file: string } | undefined;

function fileOpened(): string {
  const found = fileIdentity(places.database);
  if (found !== null) return found;
  const isGone = open !== undefined || promotionsNamed(places.currentModel).length > 0;
  throw new RiskopsError('STORE_NOT_FOUND', {
    what: isGone ? `The store is gone: there is no ${places.database}.` : 'There is no store yet.',
    why: isGone ? 'No other one is made in its place.' : 'Nothing was trained in this project.',
    fix: isGone ? 'put it back, or: riskops restore BACKUP' : 'riskops train',
  });
}

/** What others made in the place of the store that was there gets no outcomes. */
async function refuseOther({ db }: Store): Promise<void> {
  const { sql, parameters, judge } = witness.question();
  const { rows } = await db.executeQuery(CompiledQuery.raw(sql, parameters));
  judge(rows[0]);
}

/** The store; a database that was put in place of the one that is open is another one. */
async function currentStore(): Promise<Store> {
  const file = fileOpened();
  if (open !== undefined && open.file !== file) {
    await open.store.close();
    open = undefined;
  }
  open ??= { store: await openStore(places, { mode, create: false, busyTimeoutMs: BUSY_MS }), file };
  await refuseOther(open.store);
  return open.store;
}

async function perform(task: WatchTask) {
  const store = await currentStore();
  if (task.kind === 'accuracy') return measureAccuracy(store, task.filter);
  if (task.kind === 'drift') return measureDrift(store, task.filter);
  return addOutcomes(store, task.given, task.options);
}

async function answer(job: number, task: WatchTask): Promise<FromWatchThread> {
  try {
    return { job, result: await perform(task) };
  } catch (error) {
    if (!(error instanceof RiskopsError)) return { job, fault: String((error as Error).message ?? error) };
    const { code, message: what, why, fix, details } = error;
    return { job, error: { code, text: { what, why, fix, details } } };
  }
}

let work = Promise.resolve();
port.on('message', (message: ToWatchThread) => {
  work = work.then(async () => {
    if ('job' in message) {
      port.postMessage(await answer(message.job, message.task));
      return;
    }
    await open?.store.close();
    port.close();
  });
});
