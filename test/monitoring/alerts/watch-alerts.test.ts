import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { namedVariables } from '../../../src/monitoring/alerts/alerts-job.js';
import { listDeliveries } from '../../../src/monitoring/alerts/list-alerts.js';
import { parseAlerts } from '../../../src/monitoring/alerts/parse-alerts.js';
import { watchAlerts } from '../../../src/monitoring/alerts/watch-alerts.js';
import type { StorePlaces } from '../../../src/storage/store.js';
import { placesIn, receiver, testStore, webhook } from './alerts-support.js';

/** A watch that looks each second at a server whose answers are all errors. */
function watching(places: StorePlaces, channel: Record<string, unknown>, more: object[] = []) {
  const config = parseAlerts(
    {
      everySeconds: 1,
      channels: { ops: channel },
      rules: [{ name: 'errors', kind: 'error-rate', since: '1s', least: 1 }, ...more],
    },
    'riskops.config.json',
  );
  const told: string[] = [];
  let requests = 0;
  const watch = watchAlerts({
    ...{ places, config, secrets: { HOOK_KEY: 'k3y' }, model: null, entities: {}, name: 'here:8000' },
    readMetrics: async () => {
      requests += 10;
      return `riskops_http_requests_total{method="POST",route="/predict",status="500"} ${requests}\n`;
    },
    tell: (line) => told.push(line),
  });
  onTestFinished(() => watch.stop(0));
  expect(namedVariables(config)).toEqual('secretEnv' in channel ? ['HOOK_KEY'] : []);
  return { watch, told };
}

const poll = { timeout: 15_000, interval: 20 };

test('a server that fails is told of, by a process of its own, with its own figures', async () => {
  const places = placesIn();
  const store = await testStore(places);
  const { url, messages, received } = await receiver();
  const lost = { name: 'lost', kind: 'no-data', model: 'cerdit' };
  const { watch, told } = watching(places, webhook(url, { secretEnv: 'HOOK_KEY' }), [lost]);
  await expect.poll(messages, poll).toHaveLength(1);
  expect(messages()[0]).toMatchObject({ rule: 'errors', subject: 'here:8000', details: { rate: 1 } });
  expect(received[0].headers['x-riskops-signature']).toMatch(/^t=\d+,v1=/);
  await expect.poll(() => told, poll).toHaveLength(2);
  // At the first look, and once, however many looks there are until the server is known to fail.
  expect(told[0]).toMatch(/^Warning: alert rule "lost" cannot fire\. There is no model "cerdit"/);
  expect(told[1]).toContain('Alert errors (warning) firing: 100 % of the answers of here:8000 are errors');
  await watch.stop(2_000);
  expect(await listDeliveries(store)).toMatchObject([{ state: 'delivered' }]);
}, 30_000);

test('a receiver that hangs does not hold the end of the server, and its message is sent again', async () => {
  const places = placesIn();
  const store = await testStore(places);
  const { url, received } = await receiver(() => undefined);
  const { watch } = watching(places, webhook(url, { timeoutSeconds: 60 }));
  await expect.poll(() => received.length, poll).toBe(1);
  await watch.stop(50);
  expect(await listDeliveries(store)).toMatchObject([{ state: 'waiting', attempts: 1 }]);
}, 30_000);

test('what goes wrong with the alerts is a line', async () => {
  const places = placesIn();
  writeFileSync(places.database, 'no database');
  const { watch, told } = watching(places, webhook('http://127.0.0.1:9/'));
  await expect.poll(() => told, poll).toHaveLength(1);
  await watch.stop(2_000);
  expect(told).toEqual([expect.stringContaining('The alerts could not be looked at: ')]);
}, 30_000);
