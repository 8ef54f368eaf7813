import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AlertsConfig } from '../../../src/monitoring/alerts/alerts-config.js';
import { parseAlerts } from '../../../src/monitoring/alerts/parse-alerts.js';
import type { Observation } from '../../../src/monitoring/alerts/rules/observation.js';
import { openStore } from '../../../src/storage/open-store.js';
import type { Store, StorePlaces } from '../../../src/storage/store.js';
import { temporaryFolder } from '../../support/temporary.js';

export function placesIn(folder = temporaryFolder()): StorePlaces {
  const artifacts = join(folder, 'artifacts');
  return {
    database: join(folder, 'riskops.db'),
    artifacts,
    currentModel: join(artifacts, 'models', 'current.json'),
  };
}

export async function testStore(places = placesIn()): Promise<Store> {
  const store = await openStore(places, { mode: 'write' });
  onTestFinished(() => store.close());
  return store;
}

export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** What a receiver answers to a request; nothing at all when it gives none. */
export type Answer = { status: number; headers?: Record<string, string>; body?: string } | undefined;

/** A real receiver on loopback. */
export async function receiver(
  answer: (count: number) => Answer | Promise<Answer> = () => ({ status: 200 }),
) {
  const received: Received[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part) => (body += part));
    request.on('end', async () => {
      received.push({ headers: request.headers, body });
      const said = await answer(received.length);
      if (said !== undefined) response.writeHead(said.status, said.headers).end(said.body);
    });
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    received,
    messages: () => received.map(({ body }) => JSON.parse(body)),
    connections: () => connections,
    port,
    url: `http://127.0.0.1:${port}/hook`,
  };
}

export const webhook = (url: string, more = {}) => ({ kind: 'webhook', url, allowPrivate: true, ...more });

/** A config as a user writes it, with one rule called `quiet` where the test gives none. */
export function alertsConfig(
  channels: Record<string, unknown>,
  rules: Record<string, unknown>[] = [{ name: 'quiet', kind: 'no-data' }],
): AlertsConfig {
  return parseAlerts({ channels, rules }, 'riskops.config.json');
}

export function seen(state: Observation['state'], more: Partial<Observation> = {}): Observation {
  return { model: 'credit', subject: 'credit', state, summary: 'the summary', details: {}, ...more };
}

/** A clock that a test puts forward. */
export class Clock {
  #now = Date.parse('2026-03-02T12:00:00.000Z');

  readonly now = () => new Date(this.#now);

  forward(ms: number): void {
    this.#now += ms;
  }
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
