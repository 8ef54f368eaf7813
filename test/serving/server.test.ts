import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readPredictions } from '../../src/monitoring/read-predictions.js';
import { startServer } from '../../src/serving/server.js';
import { goodRow, openApp, startTestServer, storeWithModel } from './support.js';

const JSON_HEADERS = { 'content-type': 'application/json' };

function post(url: string, body: unknown, signal?: AbortSignal) {
  return fetch(`${url}/predict`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify(body),
    signal,
  });
}

/** Opens a connection, sends the text, and gives all that comes back until the other side closes. */
async function speak(port: number, text: string): Promise<{ socket: Socket; said: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  let heard = '';
  const said = new Promise<string>((resolve) => {
    socket.setEncoding('utf8');
    socket.on('data', (part) => {
      heard += part;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
  });
  socket.write(text);
  return { socket, said };
}

const predictHead = (length: number, more = '') =>
  `POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`;

test('a port in use is named, and the first server stays well', async () => {
  const { places } = await storeWithModel();
  const first = await startTestServer(places);
  await expect(startServer({ places, port: first.port, log: { mode: 'off' } })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    exitCode: 74,
    message: expect.stringContaining(String(first.port)),
  });
  expect((await post(first.url, { inputs: goodRow })).status).toBe(200);
});

test.each(['0.0.0.0', '::', '192.168.1.5', 'example.org'])('listening on %s is refused', async (host) => {
  const { places } = await storeWithModel();
  await expect(startServer({ places, host })).rejects.toMatchObject({ code: 'HOST_REFUSED', exitCode: 2 });
});

test('close answers what is in flight, writes the log and ends soon, whatever connections are open', async () => {
  const store = await storeWithModel();
  const limits = { rows: 100_000, bodyBytes: 64 << 20 };
  const server = await startServer({
    places: store.places,
    limits,
    log: { mode: 'buffered', maxDelayMs: 600_000, maxRows: 500_000 },
  });
  await post(server.url, { inputs: goodRow });
  const silent = await speak(server.port, '');
  const idle = await speak(server.port, 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  const halfSaid = await speak(server.port, 'GET /health HTT');
  await sleep(50);
  const rows = 30_000;
  const inFlight = post(server.url, { inputs: Array.from({ length: rows }, () => goodRow) });
  await sleep(100);
  const begun = performance.now();
  await server.close();
  expect(performance.now() - begun).toBeLessThan(5_000);
  const answer = await inFlight;
  expect(answer.status).toBe(200);
  expect(((await answer.json()) as { predictions: unknown[] }).predictions).toHaveLength(rows);
  await Promise.all([silent.said, idle.said, halfSaid.said]);
  await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  expect(await readPredictions(store, { limit: 100_000 })).toHaveLength(rows + 1);
});

test('clients that take their time over headers or body are cut off, and hold up nobody', async () => {
  const { places } = await storeWithModel();
  const server = await startTestServer(places, { limits: { headersMs: 500, receiveMs: 1_000 } });
  const slow = await Promise.all([
    ...Array.from({ length: 30 }, () =>
      speak(server.port, 'POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: '),
    ),
    ...Array.from({ length: 30 }, () => speak(server.port, `${predictHead(1000)}{"in`)),
  ]);
  const drip = setInterval(() => {
    for (const { socket } of slow) if (socket.writable) socket.write('a');
  }, 100);
  const begun = performance.now();
  expect((await post(server.url, { inputs: goodRow })).status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(1_000);
  const said = await Promise.all(slow.map((client) => client.said));
  clearInterval(drip);
  expect(performance.now() - begun).toBeLessThan(5_000);
  for (const text of said) expect(text === '' || text.startsWith('HTTP/1.1 408 ')).toBe(true);
});

const body = JSON.stringify({ inputs: goodRow });
const bytes = Buffer.byteLength(body);

test.each([
  ['garbage', 'hello, server\r\n\r\n', 400],
  [
    'headers over the limit',
    `GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ${'a'.repeat(65_536)}\r\n\r\n`,
    431,
  ],
  ['a URL over the limit', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, 431],
  ['length and chunks at once', predictHead(bytes, 'Transfer-Encoding: chunked\r\n') + body, 400],
  ['two lengths', predictHead(bytes, 'Content-Length: 5\r\n') + body, 400],
  ['a length that is none', predictHead(Number.NaN) + body, 400],
  ['no Host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['an empty Host', 'GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 403],
  ['bad percent-encoding', 'GET /runs/%zz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n', 400],
  [
    'a name over the limit',
    `GET /runs/${'a'.repeat(300)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    400,
  ],
  ['TRACE', 'TRACE /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n', 404],
  ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n', 405],
  [
    'a proxy request',
    'GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    403,
  ],
  [
    'a lying chunked body',
    `POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    400,
  ],
  [
    'chunks over the limit',
    `POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n${'a'.repeat(4096)}\r\n0\r\n\r\n`,
    413,
  ],
])('%s: one answer, in the shape of every other', async (_name, text, status) => {
  const { places } = await storeWithModel();
  const server = await startTestServer(places, { limits: { bodyBytes: 2_000 } });
  const { said } = await speak(server.port, text);
  const heard = await said;
  expect(heard.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(heard).toMatch(/x-content-type-options: nosniff/i);
  expect(JSON.parse(heard.slice(heard.indexOf('\r\n\r\n')))).toMatchObject({
    ok: false,
    error: { code: expect.any(String) },
  });
  expect((await post(server.url, { inputs: goodRow })).status).toBe(200);
});

test('pipelined requests are all answered, and clients that go away do no harm', async () => {
  const { places } = await storeWithModel();
  const server = await startTestServer(places);
  const one = predictHead(bytes) + body;
  const last = predictHead(bytes, 'Connection: close\r\n') + body;
  const { said } = await speak(server.port, one.repeat(49) + last);
  expect((await said).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(50);
  for (let i = 0; i < 50; i++) {
    const { socket } = await speak(server.port, one.slice(0, 20 + i));
    socket.destroy();
  }
  expect((await post(server.url, { inputs: goodRow })).status).toBe(200);
});

test('a batch of the greatest size holds up nobody, and one that takes too long is ended alone', async () => {
  const { places } = await storeWithModel();
  const rows = Array.from({ length: 100_000 }, () => goodRow);
  const limits = { rows: rows.length, bodyBytes: 64 << 20 };
  const patient = await startTestServer(places, { limits });
  let isOver = false;
  const batch = post(patient.url, { inputs: rows }).then((answer) => {
    isOver = true;
    return answer.status;
  });
  let answeredMeanwhile = 0;
  while (!isOver) {
    const begun = performance.now();
    expect((await fetch(`${patient.url}/health`)).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(1_000);
    if (!isOver) answeredMeanwhile++;
  }
  expect(await batch).toBe(200);
  expect(answeredMeanwhile).toBeGreaterThan(5);

  const hasty = await startTestServer(places, { limits: { ...limits, requestMs: 15 } });
  const [late, ...others] = await Promise.all([
    post(hasty.url, { inputs: rows }),
    ...Array.from({ length: 5 }, () => post(hasty.url, { inputs: goodRow })),
  ]);
  expect(others.map(({ status }) => status)).toEqual(Array(5).fill(200));
  expect([late.status, ((await late.json()) as { error: { code: string } }).error.code]).toEqual([
    504,
    'REQUEST_TIMEOUT',
  ]);
  expect((await post(hasty.url, { inputs: goodRow })).status).toBe(200);

  // However quick a model is, it never has all rows in hand at once.
  const { app, context } = await openApp(places, { limits });
  const parts = vi.spyOn((await context.slots.current()).predictor, 'predictCells');
  await app.inject({ method: 'POST', url: '/predict', headers: JSON_HEADERS, payload: { inputs: rows } });
  expect(parts.mock.calls.reduce((sum, [, count]) => sum + count, 0)).toBe(rows.length);
  expect(Math.max(...parts.mock.calls.map(([, count]) => count))).toBeLessThan(rows.length / 2);
});

test('no body whatever is answered with a fault of the server', async () => {
  const { app } = await openApp((await storeWithModel()).places);
  const send = async (payload: string | Buffer) =>
    (await app.inject({ method: 'POST', url: '/predict', headers: JSON_HEADERS, payload })).statusCode;
  const value = fc.jsonValue({ maxDepth: 4 });
  const document = fc.oneof(
    value,
    fc.record({ features: value }),
    fc.record({ inputs: value }),
    fc.record({ inputs: fc.record({ income: value, age: value, region: value, owner: value }) }),
    fc.record({ features: fc.tuple(value, value, value, value) }),
    fc.record({
      inputs: fc.array(
        fc.dictionary(fc.constantFrom('income', 'age', 'constructor', 'toString', '__proto__'), value),
      ),
    }),
  );
  await fc.assert(
    fc.asyncProperty(document, fc.nat(), async (given, cut) => {
      const text = JSON.stringify(given);
      expect(await send(text)).toBeLessThan(500);
      expect(await send(text.slice(0, cut % (text.length + 1)))).toBeLessThan(500);
      const bytesOf = Buffer.from(text);
      bytesOf[cut % bytesOf.length] ^= 1 + (cut % 255);
      expect(await send(bytesOf)).toBeLessThan(500);
    }),
    { numRuns: 150, seed: 7 },
  );
});
