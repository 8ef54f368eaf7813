import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { goodRow, startTestServer, storeWithModel } from '../support.js';
import { answersIn } from './support.js';

test('300 predictions at once, more than it can do: 200, 429 or 503 with Retry-After, and /health answers (RB-56)', async () => {
  const { places } = await storeWithModel();
  const limits = { rows: 20_000, bodyBytes: 64 << 20, requestMs: 40, inFlight: 64 };
  const server = await startTestServer(places, { limits });
  const body = JSON.stringify({ inputs: Array.from({ length: 150 }, () => goodRow) });
  const headers = { 'content-type': 'application/json' };
  let open = 300;
  const answers = Array.from({ length: open }, async () => {
    const answer = await fetch(`${server.url}/predict`, { method: 'POST', headers, body });
    const text = await answer.text();
    open--;
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), text };
  });
  const waits: number[] = [];
  while (open > 0) {
    const begun = performance.now();
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    waits.push(performance.now() - begun);
  }
  const heard = await Promise.all(answers);
  const counts = new Map<number, number>();
  for (const { status, retryAfter, text } of heard) {
    counts.set(status, (counts.get(status) ?? 0) + 1);
    expect([200, 429, 503]).toContain(status);
    if (status === 200) expect(JSON.parse(text).predictions).toHaveLength(150);
    else expect(Number(retryAfter)).toBeGreaterThan(0);
  }
  expect(counts.get(200)).toBeGreaterThan(0);
  expect(counts.get(503)).toBeGreaterThan(0);
  // The 300 clients share this process with the server: what one wait has of them is not the server's.
  expect(waits.sort((a, b) => a - b)[waits.length >> 1]).toBeLessThan(1_000);
  const after = await fetch(`${server.url}/predict`, { method: 'POST', headers, body });
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
