/**
 * The process in which a server's alerts are looked at and delivered, once: reading weeks of predictions, or waiting for a receiver,
 * takes nothing from the server.
 */
import { openStore } from '../../storage/open-store.js';
import { printable } from '../../util/text.js';
import type { AlertsAnswer, AlertsJob } from './alerts-job.js';
import { checkAlerts } from './check-alerts.js';

/** How long what is being sent may go on when the server is gone. */
const END_MS = 5_000;

const stop = new AbortController();

async function answer({ places, secrets, ...job }: AlertsJob): Promise<AlertsAnswer> {
  try {
    const store = await openStore(places, { mode: 'write', create: false });
    try {
      const secret = (name: string) => (Object.hasOwn(secrets, name) ? secrets[name] : undefined);
      return { checked: await checkAlerts(store, { ...job, secret, signal: stop.signal }) };
    } finally {
      await store.close();
    }
  } catch (error) {
    return { fault: printable(String((error as Error).message ?? error), 400) };
  }
}

process.once('disconnect', () => {
  stop.abort();
  setTimeout(() => process.exit(0), END_MS).unref();
});

process.once('message', (job: AlertsJob) => {
  void answer(job).then((told) => {
    // The server may have gone away meanwhile: then there is nobody to tell.
    if (process.connected) process.send?.(told, () => process.exit(0));
    else process.exit(0);
  });
});
