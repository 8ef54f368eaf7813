import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AlertsConfig } from '../../../src/monitoring/alerts/alerts-config.js';
import { MOST_ATTEMPTS, waitAfter } from '../../../src/monitoring/alerts/claim.js';
import { type DeliverOptions, deliverDue } from '../../../src/monitoring/alerts/deliver.js';
import { listDeliveries } from '../../../src/monitoring/alerts/list-alerts.js';
import { recordObservations } from '../../../src/monitoring/alerts/record-observations.js';
import { testChannel } from '../../../src/monitoring/alerts/test-channel.js';
import type { Store } from '../../../src/storage/store.js';
import { buildChild, startChild } from '../../support/child-entry.js';
import { temporaryFolder } from '../../support/temporary.js';
import {
  type Answer,
  alertsConfig,
  Clock,
  HOUR,
  MINUTE,
  placesIn,
  receiver,
  seen,
  testStore,
  webhook,
} from './alerts-support.js';

interface Setup {
  store: Store;
  clock: Clock;
  config: AlertsConfig;
  fire(subject?: string): Promise<unknown>;
  deliver(more?: Partial<DeliverOptions>): ReturnType<typeof deliverDue>;
}

async function setup(channels: Record<string, unknown>, places = placesIn()): Promise<Setup> {
  const store = await testStore(places);
  const clock = new Clock();
  const config = alertsConfig(channels);
  const { now } = clock;
  return {
    ...{ store, clock, config },
    fire: (subject = 'credit') =>
      recordObservations(store, config.rules[0], [seen('breach', { subject })], now()),
    deliver: (more) =>
      deliverDue(store, { channels: config.channels, secret: () => undefined, now, ...more }),
  };
}

const statusOf =
  (statuses: number[]) =>
  (count: number): Answer => ({ status: statuses[count - 1] ?? 200 });

test('a message is tried again after a 500, with the same id, until it is taken', async () => {
  const { url, received, messages } = await receiver(statusOf([500, 503]));
  const { store, clock, fire, deliver } = await setup({ ops: webhook(url) });
  await fire();
  expect(await deliver()).toMatchObject([{ state: 'waiting', attempts: 1, answer: 'HTTP 500' }]);
  expect(await deliver()).toEqual([]);
  clock.forward(20_000);
  expect(await deliver()).toMatchObject([{ state: 'waiting', attempts: 2 }]);
  clock.forward(20_000);
  expect(await deliver()).toEqual([]);
  clock.forward(40_000);
  expect(await deliver()).toMatchObject([{ state: 'delivered', attempts: 3, answer: 'HTTP 200' }]);
  clock.forward(HOUR);
  expect(await deliver()).toEqual([]);
  const ids = received.map(({ headers }) => headers['idempotency-key']);
  expect(new Set([...ids, ...messages().map((message) => message.delivery_id)]).size).toBe(1);
  expect(messages()[0]).toMatchObject({
    ...{ event: 'firing', rule: 'quiet', kind: 'no-data', severity: 'warning', subject: 'credit' },
    ...{ summary: 'the summary', channel: 'ops', times: 1, first_at: '2026-03-02T12:00:00.000Z' },
  });
  expect(await listDeliveries(store)).toMatchObject([{ state: 'delivered', attempts: 3, next_at: null }]);
});

test('Retry-After is kept to, a 404 ends it at once, and a dead receiver is tried eight times', async () => {
  const busy = await receiver((count) =>
    count === 1 ? { status: 429, headers: { 'retry-after': '600' } } : { status: 200 },
  );
  const gone = await receiver(() => ({ status: 404, body: 'no such hook' }));
  const dead = 'http://127.0.0.1:9/hook';
  const { store, clock, fire, deliver } = await setup({
    ...{ busy: webhook(busy.url), gone: webhook(gone.url), dead: webhook(dead) },
  });
  await fire();
  await deliver();
  clock.forward(9 * MINUTE);
  await deliver();
  expect(busy.received).toHaveLength(1);
  clock.forward(MINUTE);
  await deliver();
  for (let look = 0; look < 40; look++) {
    clock.forward(10 * MINUTE);
    await deliver();
  }
  const log = Object.fromEntries((await listDeliveries(store)).map((item) => [item.channel, item]));
  expect(log['busy']).toMatchObject({ state: 'delivered', attempts: 2 });
  expect(log['gone']).toMatchObject({ state: 'failed', attempts: 1, answer: 'HTTP 404: no such hook' });
  expect(log['dead']).toMatchObject({ state: 'failed', attempts: MOST_ATTEMPTS });
  expect(log['dead'].answer).toContain('ECONNREFUSED');
  expect(gone.received).toHaveLength(1);
});

test('waits grow threefold, and messages do not come back all at once', () => {
  const waits = Array.from({ length: 8 }, (_, i) => waitAfter('0190a000-0000-7000-8000-0000000000aa', i + 1));
  for (const [i, wait] of waits.slice(1, 7).entries()) expect(wait / waits[i]).toBeGreaterThan(1.9);
  expect(waits[0]).toBeGreaterThanOrEqual(12_000);
  expect(waits.slice(0, 7).reduce((sum, wait) => sum + wait)).toBeLessThan(6 * HOUR);
  const others = [1, 2, 3, 4].map((n) => waitAfter(`0190a000-0000-7000-8000-00000000000${n}`, 1));
  expect(new Set(others).size).toBe(4);
});

test('a slow channel holds up no other, and one where nobody is there is tried once', async () => {
  const quick = await receiver();
  const slow = await receiver(async () => {
    while (quick.received.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
    return { status: 200 };
  });
  const silent = await receiver(() => undefined);
  const { fire, deliver } = await setup({
    slow: webhook(slow.url, { timeoutSeconds: 3 }),
    silent: webhook(silent.url, { timeoutSeconds: 0.2 }),
    quick: webhook(quick.url),
  });
  for (const subject of ['a', 'b', 'c', 'd']) await fire(subject);
  const attempts = await deliver();
  const of = (name: string) => attempts.filter(({ channel }) => channel === name).map(({ state }) => state);
  expect(of('slow')).toEqual(Array(4).fill('delivered'));
  expect(quick.messages().map(({ subject }) => subject)).toEqual(['a', 'b', 'c', 'd']);
  expect(of('silent')).toEqual(['waiting']);
});

test('what is over is told after what began, never before', async () => {
  const { url, messages } = await receiver(statusOf([500]));
  const { store, clock, config, fire, deliver } = await setup({ ops: webhook(url) });
  await fire();
  await deliver();
  await recordObservations(store, config.rules[0], [seen('fine')], clock.now());
  expect(await deliver()).toEqual([]);
  clock.forward(MINUTE);
  await deliver();
  expect(messages().map(({ event }) => event)).toEqual(['firing', 'firing', 'resolved']);
});

test('a message is signed over its time and body, and one without its secret is not sent', async () => {
  const { url, received } = await receiver();
  const { clock, fire, deliver } = await setup({ ops: webhook(url, { secretEnv: 'HOOK_KEY' }) });
  await fire();
  expect(await deliver()).toMatchObject([{ state: 'waiting', answer: 'the variable HOOK_KEY is not set' }]);
  clock.forward(MINUTE);
  await deliver({ secret: (name) => (name === 'HOOK_KEY' ? 'k3y' : undefined) });
  const [{ headers, body }] = received;
  const [, time, hash] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-riskops-signature'])) ?? [];
  expect(Number(time)).toBe(Date.parse('2026-03-02T12:01:00Z') / 1000);
  expect(hash).toBe(createHmac('sha256', 'k3y').update(`${time}.${body}`).digest('hex'));
  expect(JSON.stringify([headers, body])).not.toContain('k3y');
});

test('Slack gets text in which names are names', async () => {
  const { url, messages } = await receiver();
  const { fire, deliver } = await setup({ chat: { kind: 'slack', url, allowPrivate: true } });
  await fire('<!channel> & <https://evil.example|click>\n*bold*');
  await deliver();
  const [{ text }] = messages();
  expect(text).toContain('&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;\\x0a*bold*');
  expect(text).not.toMatch(/<[!h]/);
});

/** Whether a process is there, and no corpse that nobody has taken note of. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a command gets the message on stdin, no shell reads its arguments, and it is ended in time', async () => {
  const file = join(temporaryFolder(), 'told.json');
  const code = 'fs.writeFileSync(process.argv[1], fs.readFileSync(0, "utf8") + process.argv[2])';
  const node = process.execPath;
  const pidFile = join(temporaryFolder(), 'pid');
  const startsAnother =
    'const {pid} = child_process.spawn("sleep", ["30"], {stdio: "inherit"}); fs.writeFileSync(process.argv[1], String(pid)); setInterval(() => {}, 1e3)';
  const { fire, deliver } = await setup({
    script: { kind: 'command', command: [node, '-e', code, file, '$(id); `id`'] },
    angry: { kind: 'command', command: [node, '-e', 'console.error("\\u001b[31mno"); process.exit(3)'] },
    endless: {
      ...{ kind: 'command', timeoutSeconds: 0.5 },
      command: [node, '-e', startsAnother, pidFile],
    },
    noisy: { kind: 'command', command: [node, '-e', 'process.stdout.write("x".repeat(1e7))'] },
    absent: { kind: 'command', command: ['/nonexistent/program'] },
  });
  await fire();
  const said = Object.fromEntries(
    (await deliver()).map(({ channel, state, answer }) => [channel, { state, answer }]),
  );
  expect(said['script']).toEqual({ state: 'delivered', answer: 'exit code 0' });
  const [line, argument] = readFileSync(file, 'utf8').split('\n');
  expect([JSON.parse(line).event, argument]).toEqual(['firing', '$(id); `id`']);
  expect(said['angry']).toEqual({ state: 'waiting', answer: 'exit code 3: \\x1b[31mno' });
  expect(said['endless']).toEqual({ state: 'waiting', answer: 'no end within 0.5 s' });
  // What it had started ended with it.
  const pid = Number(readFileSync(pidFile, 'utf8'));
  expect(pid).toBeGreaterThan(0);
  await expect.poll(() => isThere(pid)).toBe(false);
  expect(said['noisy'].answer).toContain('characters of output');
  expect(said['absent'].answer).toBe('there is no program "/nonexistent/program"');
});

test('two processes that deliver at once send each message once', async () => {
  const { url, messages } = await receiver();
  const places = placesIn();
  const { clock, fire } = await setup({ ops: webhook(url) }, places);
  for (let i = 0; i < 12; i++) await fire(`subject ${i}`);
  const file = await buildChild(join(import.meta.dirname, 'child.ts'));
  const at = clock.now().toISOString();
  const children = [1, 2].map(() => startChild(file, [JSON.stringify(places), url, at]));
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0]);
  const ids = messages().map(({ delivery_id }) => delivery_id);
  expect([ids.length, new Set(ids).size]).toEqual([12, 12]);
});

test('a process that is killed after it sent and before it wrote so: sent again, with the same id', async () => {
  // A receiver that reads and does not answer: the sender is killed while it waits.
  let heard = '';
  const mute = createServer((socket) => {
    socket.on('data', (part) => {
      heard += part;
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void mute.close());
  const { port } = mute.address() as { port: number };
  const places = placesIn();
  const again = await receiver();
  const { clock, fire, deliver } = await setup({ ops: webhook(again.url) }, places);
  await fire();
  const file = await buildChild(join(import.meta.dirname, 'child.ts'));
  const child = startChild(file, [
    ...[JSON.stringify(places), `http://127.0.0.1:${port}/`, clock.now().toISOString()],
  ]);
  await expect.poll(() => heard, { timeout: 5_000, interval: 10 }).toContain('"event":"firing"');
  child.process.kill('SIGKILL');
  await child.ended;
  // Its lease holds: nobody else may send yet.
  expect(await deliver()).toEqual([]);
  clock.forward(61_000);
  expect(await deliver()).toMatchObject([{ state: 'delivered', attempts: 2 }]);
  const [sentFirst] = /[0-9a-f-]{36}/.exec(/idempotency-key: .*/i.exec(heard)?.[0] ?? '') ?? [];
  expect(again.messages()[0].delivery_id).toBe(sentFirst);
});

test('a test of a channel says what the receiver answered, and leaves no trace in the log', async () => {
  const { url, messages } = await receiver(() => ({ status: 403, body: 'who are you?' }));
  const { store, config, clock } = await setup({ ops: webhook(url) });
  const options = { secret: () => undefined, now: clock.now };
  expect(await testChannel(config, 'ops', options)).toMatchObject({
    ...{ channel: 'ops', kind: 'webhook', ok: false, answer: 'HTTP 403: who are you?' },
  });
  expect(messages()).toMatchObject([{ event: 'test' }]);
  expect(await listDeliveries(store)).toEqual([]);
  await expect(testChannel(config, 'obs', options)).rejects.toMatchObject({
    ...{ code: 'CHANNEL_NOT_FOUND', why: 'did you mean "ops"?' },
  });
});
