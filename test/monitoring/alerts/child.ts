/** A process that delivers what is due, through one webhook; it is told the store's places, the URL and what the time is. */
import { deliverDue } from '../../../src/monitoring/alerts/deliver.js';
import { openStore } from '../../../src/storage/open-store.js';

const [places, url, at] = process.argv.slice(2);
const store = await openStore(JSON.parse(places), { mode: 'write' });
const attempts = await deliverDue(store, {
  channels: [
    {
      ...{ name: 'ops', kind: 'webhook', url, urlEnv: null, secretEnv: null },
      ...{ allowPrivate: true, timeoutMs: 10_000 },
    },
  ],
  secret: () => undefined,
  now: () => new Date(at),
});
await store.close();
process.stdout.write(`${JSON.stringify(attempts)}\n`);
