import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildChild, startChild } from '../../support/child-entry.js';
import {
  addVersion,
  fitModel,
  goodRow,
  openTestStore,
  promote,
  startTestServer,
  storeWithModel,
} from '../support.js';
import type { Heard } from './crowd-child.js';
import { answersIn } from './support.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const ROWS = 400;
const SLOW = { name: 'random-forest', set: { trees: 2_000 } };

/** How long the main threads of processes were ready to run and had no core, in milliseconds; 0 where the system does not tell. */
function coreless(...pids: number[]): number {
  const waits = pids.map((pid) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
    } catch {
      return 0;
    }
  });
  return waits.reduce((sum, ms) => sum + ms, 0);
}

/**
 * Asks for life on a connection of its own, as a probe does; how long the answer took, in milliseconds, but for the time that a busy
 * machine gave to others.
 */
async function probe({ port, pid }: { port: number; pid: number }, path: string): Promise<number> {
  const [begun, before] = [performance.now(), coreless(pid, process.pid)];
  await live(port, path);
  return performance.now() - begun - (coreless(pid, process.pid) - before);
}

/** Resolves when a route of life has answered 200. */
function live(port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, agent: false }, (answer) => {
      answer.resume().on('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${path}: ${answer.statusCode}`));
      });
    }).on('error', reject);
  });
}

test('300 predictions at once of a slow model: 200, 429 or 503 with Retry-After, and each probe of its life within a second (RB-56)', async () => {
  const store = await openTestStore();
  // Its answers take more seconds together than a request may.
  await addVersion(store, await fitModel(1, 'binary', undefined, SLOW));
  await promote(store, 1);
  // Server, crowd and probes are three processes: none waits for what another has to do.
  const file = await buildChild(join(import.meta.dirname, 'crowd-child.ts'));
  const server = startChild(file, [
    'serve',
    JSON.stringify(store.places),
    JSON.stringify({ requestMs: 1_200 }),
  ]);
  const port = Number(await server.line(() => true));
  const body = JSON.stringify({ inputs: Array.from({ length: ROWS }, () => goodRow) });
  const crowd = startChild(file, ['ask', String(port), body, '300']);
  await crowd.line((line) => line === '"asked"');
  let isOver = false;
  void crowd.ended.then(() => {
    isOver = true;
  });
  const waits: number[] = [];
  while (!isOver)
    for (const path of ['/health', '/v2/health/live'])
      waits.push(await probe({ port, pid: server.process.pid! }, path));
  const heard: Heard[] = JSON.parse(await crowd.line((line) => line.startsWith('[')));
  const counts = new Map<number, number>();
  for (const { status, retryAfter, predictions } of heard) {
    counts.set(status, (counts.get(status) ?? 0) + 1);
    expect([200, 429, 503]).toContain(status);
    if (status === 200) expect(predictions).toBe(ROWS);
    else expect(Number(retryAfter)).toBeGreaterThan(0);
  }
  expect(heard).toHaveLength(300);
  expect(counts.get(200)).toBeGreaterThan(0);
  expect(counts.get(503)).toBeGreaterThan(0);
  expect(waits.length).toBeGreaterThan(5);
  expect(Math.max(...waits)).toBeLessThan(1_000);
  const after = await fetch(`http://127.0.0.1:${port}/predict`, { method: 'POST', headers: JSON_TYPE, body });
  expect(after.status).toBe(200);
});

/** Sends requests one behind the other without waiting, and gives how many answers came. */
function pipeline(port: number, requests: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part)).on('error', reject);
    socket.on('close', () => resolve(answersIn(Buffer.concat(parts)).length));
    const last = requests.length - 1;
    const text = requests.map((one, i) =>
      i === last ? one.replace('\r\n', '\r\nConnection: close\r\n') : one,
    );
    socket.write(text.join(''));
  });
}

/** The samples of a text of Prometheus: what promtool checks of them, and each series once. */
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  const helped = new Set<string>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const meta = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (meta !== null) {
      if (meta[1] === 'TYPE') types.set(meta[2], meta[3]);
      else helped.add(meta[2]);
      continue;
    }
    const found = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (-?[\d.e+-]+|\+Inf|NaN)$/.exec(
      line,
    );
    expect(line, line).toBe(found?.[0]);
    const [, name, labels = '', value] = found as RegExpExecArray;
    const base = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    expect({ base, type: types.get(base), helped: helped.has(base) }).toEqual({
      ...{ base, type: expect.stringMatching(/^(counter|gauge|histogram)$/), helped: true },
    });
    expect(base.endsWith('_total')).toBe(types.get(base) === 'counter');
    expect(samples.has(name + labels), line).toBe(false);
    samples.set(name + labels, Number(value));
  }
  return samples;
}

test('ten thousand names of models, users, paths, methods and ids make no series; the text is what Prometheus reads (RB-69)', async () => {
  const { places } = await storeWithModel();
  const server = await startTestServer(places);
  const row = JSON.stringify({ inputs: goodRow });
  const post = (path: string, lines: string) =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${lines}Content-Length: ${Buffer.byteLength(row)}\r\n\r\n${row}`;
  const get = (path: string, lines: string, method = 'GET') =>
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}\r\n`;
  const methods = ['GET', 'PUT', 'DELETE', 'PROPFIND', 'REPORT', 'LOCK', 'M-SEARCH', 'PURGE'];
  const kinds: ((i: number) => string)[] = [
    (i) => post(`/models/model-${i}/predict`, ''),
    (i) => get(`/v2/models/m${i}/ready`, ''),
    (i) => get('/health', `X-User: user${i}\r\nUser-Agent: agent${i}\r\nX-Request-Id: id-${i}\r\n`),
    (i) => get(`/nowhere/${i}?user=${i}`, '', methods[i % methods.length]),
    (i) => post('/predict', `Authorization: Basic ${i}\r\nX-Request-Id: user-${i}\r\n`),
  ];
  const requests = Array.from({ length: 10_000 }, (_, i) => kinds[i % kinds.length](i));
  const shares = Array.from({ length: 10 }, (_, share) => requests.slice(share * 1_000, (share + 1) * 1_000));
  const counts = await Promise.all(shares.map((share) => pipeline(server.port, share)));
  expect(counts).toEqual(shares.map(() => 1_000));
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const samples = samplesOf(text);
  expect(samples.size).toBeLessThan(150);
  expect(text).not.toMatch(/model-\d|user\d|agent\d|id-\d|nowhere/);
  const requestsCounted = [...samples].filter(([name]) => name.startsWith('riskops_http_requests_total'));
  expect(requestsCounted.reduce((sum, [, count]) => sum + count, 0)).toBe(10_000);
});
