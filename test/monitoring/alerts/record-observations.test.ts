import { expect, test } from 'vitest';
import { listAlerts, listDeliveries } from '../../../src/monitoring/alerts/list-alerts.js';
import type { AlertMessage } from '../../../src/monitoring/alerts/message.js';
import { recordObservations, tidyAlerts } from '../../../src/monitoring/alerts/record-observations.js';
import type { Store } from '../../../src/storage/store.js';
import { alertsConfig, Clock, HOUR, MINUTE, placesIn, seen, testStore, webhook } from './alerts-support.js';

const hook = webhook('https://hooks.example.com/x');

function ruleOf(more: Record<string, unknown> = {}) {
  const { rules } = alertsConfig({ ops: hook, pager: hook }, [
    { name: 'drifts', kind: 'drift', channels: ['ops'], ...more },
  ]);
  return rules[0];
}

/** What the channels are sent, oldest first. */
async function messagesOf(store: Store): Promise<AlertMessage[]> {
  const rows = await store.db
    .selectFrom('alert_deliveries')
    .select('message_json')
    .orderBy('delivery_id')
    .execute();
  return rows.map(({ message_json }) => JSON.parse(message_json));
}

test('an alert is told once, again after its time, to more people, and when it is over', async () => {
  const store = await testStore();
  const clock = new Clock();
  const rule = ruleOf({ repeatAfter: '1h', escalateAfter: '90m', escalateTo: ['pager'] });
  const events: unknown[] = [];
  const look = async (state: 'breach' | 'fine' | 'unknown', minutes = 0) => {
    clock.forward(minutes * MINUTE);
    const [{ state: is, event }] = await recordObservations(store, rule, [seen(state)], clock.now());
    events.push([is, event]);
  };
  await look('fine');
  await look('breach');
  await look('breach', 1);
  await look('breach', 58);
  await look('breach', 1);
  await look('breach', 30);
  await look('breach', 29);
  await look('fine', 1);
  await look('fine', 1);
  await look('breach', 1);
  expect(events).toEqual([
    ['fine', null],
    ['firing', 'firing'],
    ['firing', null],
    ['firing', null],
    ['firing', 'repeated'],
    ['firing', 'escalated'],
    ['firing', null],
    ['fine', 'resolved'],
    ['fine', null],
    ['firing', 'firing'],
  ]);
  const told = (await listDeliveries(store)).map(({ event, channel }) => `${event} ${channel}`).sort();
  expect(told).toEqual([
    ...['escalated pager', 'firing ops', 'firing ops', 'repeated ops', 'resolved ops', 'resolved pager'],
  ]);
  const alerts = await listAlerts(store);
  expect(alerts.map(({ state, times }) => [state, times])).toEqual([
    ['firing', 1],
    ['resolved', 6],
  ]);
  expect(await listAlerts(store, { open: true })).toHaveLength(1);
});

test('an alert that goes on with another version is told once more, to all who know of it, and never lost', async () => {
  const store = await testStore();
  const clock = new Clock();
  const rule = ruleOf({ repeatAfter: '1h', escalateAfter: '30m', escalateTo: ['pager'] });
  const events: unknown[] = [];
  const look = async (
    version: number | null | undefined,
    minutes = 1,
    state: 'breach' | 'unknown' = 'breach',
  ) => {
    clock.forward(minutes * MINUTE);
    const details = version === undefined ? {} : { version };
    const [{ event }] = await recordObservations(store, rule, [seen(state, { details })], clock.now());
    events.push(event);
  };
  await look(3);
  await look(3);
  await look(4, 1, 'unknown');
  await look(4);
  await look(4);
  await look(4, 27);
  await look(3, 20);
  // Told a moment ago: the repetition waits for its own time.
  await look(3, 41);
  await look(3, 19);
  await look(null);
  await look(undefined);
  await look(5);
  expect(events).toEqual([
    ...['firing', null, null, 'changed', null, 'escalated'],
    ...['changed', null, 'repeated', 'changed', null, null],
  ]);
  const told = (await listDeliveries(store)).reverse().map(({ event, channel }) => `${event} ${channel}`);
  expect(told).toEqual([
    ...['firing ops', 'changed ops', 'escalated pager'],
    ...['changed ops', 'changed pager', 'repeated ops', 'changed ops', 'changed pager'],
  ]);
  const [first] = (await messagesOf(store)).filter(({ event }) => event === 'changed');
  expect(first).toMatchObject({
    summary: 'the summary What is current has changed: version 4, before version 3.',
    details: { version: 4, version_before: 3 },
  });
  expect(await listAlerts(store)).toHaveLength(1);
});

test('a new version and an escalation at one look are both told', async () => {
  const store = await testStore();
  const clock = new Clock();
  const rule = ruleOf({ escalateAfter: '30m', escalateTo: ['pager'] });
  const look = (version: number) =>
    recordObservations(store, rule, [seen('breach', { details: { version } })], clock.now());
  await look(1);
  clock.forward(30 * MINUTE);
  expect(await look(2)).toMatchObject([{ event: 'escalated' }]);
  const told = (await listDeliveries(store)).map(({ event, channel }) => `${event} ${channel}`).sort();
  expect(told).toEqual(['changed ops', 'escalated pager', 'firing ops']);
});

test('what was not told yet is not told as changed', async () => {
  const store = await testStore();
  const clock = new Clock();
  const rule = ruleOf({ for: '10m' });
  const look = async (version: number) =>
    (await recordObservations(store, rule, [seen('breach', { details: { version } })], clock.now()))[0];
  await look(1);
  clock.forward(MINUTE);
  expect(await look(2)).toMatchObject({ state: 'pending', event: null });
  clock.forward(10 * MINUTE);
  expect(await look(2)).toMatchObject({ state: 'firing', event: 'firing' });
});

test('what is seen for less than the rule asks is told to nobody', async () => {
  const store = await testStore();
  const clock = new Clock();
  const rule = ruleOf({ for: '10m' });
  const look = async (state: 'breach' | 'fine') =>
    (await recordObservations(store, rule, [seen(state)], clock.now()))[0].state;
  expect(await look('breach')).toBe('pending');
  clock.forward(9 * MINUTE);
  expect(await look('breach')).toBe('pending');
  expect(await look('fine')).toBe('fine');
  expect([await listAlerts(store), await listDeliveries(store)]).toEqual([[], []]);
  expect(await look('breach')).toBe('pending');
  clock.forward(10 * MINUTE);
  expect(await look('breach')).toBe('firing');
});

test('what nobody can tell ends no alert and begins none, and its escalation goes on', async () => {
  const store = await testStore();
  const clock = new Clock();
  const rule = ruleOf({ escalateAfter: '30m', escalateTo: ['pager'] });
  const look = (state: 'breach' | 'unknown', subject = 'credit') =>
    recordObservations(store, rule, [seen(state, { subject })], clock.now());
  expect(await look('unknown')).toMatchObject([{ state: 'unknown', event: null }]);
  expect(await listAlerts(store)).toEqual([]);
  await look('breach');
  clock.forward(30 * MINUTE);
  expect(await look('unknown')).toMatchObject([
    { state: 'unknown' },
    { state: 'firing', event: 'escalated' },
  ]);
  // Each subject has an alert of its own.
  expect(await look('breach', 'credit, region=b')).toMatchObject([
    { subject: 'credit, region=b', event: 'firing' },
    { subject: 'credit', event: null },
  ]);
  const twins = [seen('breach', { subject: 'a' }), seen('breach', { subject: 'a' })];
  const states = await recordObservations(store, rule, twins, clock.now());
  expect(states.filter(({ subject }) => subject === 'a')).toMatchObject([{ event: 'firing' }]);
});

test('processes that look at once begin one alert, and tell it once', async () => {
  const places = placesIn();
  const stores = [await testStore(places), await testStore(places), await testStore(places)];
  const { now } = new Clock();
  const rule = ruleOf();
  const all = await Promise.all(
    stores.flatMap((store) => [1, 2].map(() => recordObservations(store, rule, [seen('breach')], now()))),
  );
  expect(all.flat().filter(({ event }) => event === 'firing')).toHaveLength(1);
  expect(await listDeliveries(stores[0])).toHaveLength(1);
  expect(await listAlerts(stores[0])).toMatchObject([{ state: 'firing', times: 6 }]);
});

test('an alert that nobody sees for a week is closed without a message, and forgotten in the end', async () => {
  const store = await testStore();
  const clock = new Clock();
  await recordObservations(store, ruleOf(), [seen('breach')], clock.now());
  clock.forward(6 * 24 * HOUR);
  await tidyAlerts(store, clock.now(), 30);
  expect(await listAlerts(store)).toMatchObject([{ state: 'firing' }]);
  clock.forward(2 * 24 * HOUR);
  await tidyAlerts(store, clock.now(), 30);
  expect(await listAlerts(store)).toMatchObject([{ state: 'resolved' }]);
  expect(await listDeliveries(store)).toHaveLength(1);
  clock.forward(31 * 24 * HOUR);
  await tidyAlerts(store, clock.now(), 30);
  expect([await listAlerts(store), await listDeliveries(store)]).toEqual([[], []]);
});
