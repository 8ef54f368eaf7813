import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { parseHead, readHead } from '../../../src/serving/quick/head.js';
import { answerRequests } from '../../../src/serving/quick/requests.js';
import { answerSockets } from '../../../src/serving/quick/sockets.js';

interface Seen {
  way: 'quick' | 'node';
  url: string;
  text: string;
}

/** A server whose short way takes bodies that begin with `q`; both ways answer what they saw. */
async function startServer({ sockets = true, times = { headersMs: 5_000, keepAliveMs: 5_000 } } = {}) {
  const server: Server = createServer();
  server.removeAllListeners('request');
  const quick = (head: { url: string }, body: Buffer) => {
    const asked = body.toString();
    if (!asked.startsWith('q')) return null;
    const text = asked === 'qbig' ? 'x'.repeat(50_000) : asked;
    return { text: JSON.stringify({ way: 'quick', url: head.url, text } satisfies Seen), requestId: 'r' };
  };
  answerRequests(
    server,
    (request, response) => {
      let text = '';
      request.on('data', (part) => {
        text += part;
      });
      request.on('end', () => {
        const seen = JSON.stringify({ way: 'node', url: request.url ?? '', text } satisfies Seen);
        response.writeHead(200, { 'content-length': Buffer.byteLength(seen) }).end(seen);
      });
    },
    quick,
  );
  const short = sockets ? answerSockets(server, quick, times) : null;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    short?.close();
    server.close();
  });
  return { server, short, port: (server.address() as AddressInfo).port };
}

/** Sends the parts, each in a packet of its own, and resolves with what comes back once `count` answers came or the connection closed. */
async function talk(port: number, parts: string[], count: number): Promise<{ seen: Seen[]; heard: string }> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  onTestFinished(() => void socket.destroy());
  let heard = '';
  const seenIn = () =>
    [...heard.matchAll(/\r\n\r\n(\{.*?\})(?=HTTP|$)/gs)].map(([, body]): Seen => JSON.parse(body));
  const done = new Promise<void>((resolve) => {
    socket.on('data', (part) => {
      heard += part.toString('latin1');
      if ((heard.match(/"text":"[^"]*"\}/g) ?? []).length >= count) resolve();
    });
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
  for (const part of parts) {
    socket.write(part, 'latin1');
    if (parts.length > 1) await sleep(1);
  }
  await done;
  socket.destroy();
  return { seen: seenIn(), heard };
}

const HEAD = 'Host: localhost\r\nContent-Type: application/json\r\n';
const request = (text: string, url = '/predict', more = '') =>
  `POST ${url} HTTP/1.1\r\n${HEAD}${more}Content-Length: ${text.length}\r\n\r\n${text}`;

test('whatever the packets, every request is answered once, in order', async () => {
  const { port } = await startServer();
  const bodies = fc.array(fc.constantFrom('q', 'n', 'qqqq', 'nnnnnnnn', `q${'x'.repeat(3_000)}`), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(bodies, fc.array(fc.nat({ max: 9_000 }), { maxLength: 5 }), async (texts, cuts) => {
      const numbered = texts.map((text, i) => text + i);
      const stream = numbered.map((text) => request(text)).join('');
      const at = [...new Set([0, ...cuts.map((cut) => cut % stream.length), stream.length])].sort(
        (a, b) => a - b,
      );
      const parts = at.slice(1).map((to, i) => stream.slice(at[i], to));
      const { seen } = await talk(port, parts, texts.length);
      expect(seen.map(({ text }) => text)).toEqual(numbered);
    }),
    { numRuns: 60, seed: 5 },
  );
});

test('a request in one packet is answered on the socket, one whose body follows by the request; a body that is refused reaches Node whole', async () => {
  const { port } = await startServer();
  const { seen } = await talk(port, [request('q1'), request('q2'), request('n3'), request('q4')], 4);
  expect(seen.map(({ way, text }) => way + text)).toEqual(['quickq1', 'quickq2', 'noden3', 'quickq4']);
  const [head, body] = request('q5').split(/(?<=\r\n\r\n)/);
  expect((await talk(port, [head, body], 1)).seen).toEqual([{ way: 'quick', url: '/predict', text: 'q5' }]);
  const large = `q${'x'.repeat(200_000)}`;
  expect((await talk(port, [request(large)], 1)).seen[0]).toMatchObject({ way: 'node', text: large });
});

/** What Node makes of the bytes; undefined when it refuses them. */
async function nodeSees(port: number, bytes: string): Promise<Seen | undefined> {
  const { seen, heard } = await talk(port, [bytes], 1);
  return heard.startsWith('HTTP/1.1 200') ? seen[0] : undefined;
}

const HOSTILE = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding : chunked',
  ' Transfer-Encoding: chunked',
  'Content-Length: 3',
  'content-length: 2',
  'Host: other',
  'Expect: 100-continue',
  'Upgrade: h2c',
  'Connection: close',
  'Connection: keep-alive, upgrade',
  'Content-Encoding: gzip',
  'Content-Type: text/plain',
  'Origin: http://evil.example',
  'X: a\nTransfer-Encoding: chunked',
  'X: a\rContent-Length: 9',
  'X : y',
  'X',
  ': y',
  'X: \x00',
  'X: \x7f',
  'X(y): z',
  '\tX: y',
  'TE: trailers',
  'Trailer: x',
  'X-Request-Id: a\r\nX-Request-Id: b',
  'Authorization: Bearer a\r\nAuthorization: Bearer b',
];

test.each(HOSTILE)('the short way leaves a head with %j to Node', (line) => {
  const lines = HEAD.trimEnd().split('\r\n');
  expect(parseHead(['POST /predict HTTP/1.1', ...lines, 'Content-Length: 2'].join('\r\n'))).not.toBeNull();
  expect(parseHead(['POST /predict HTTP/1.1', ...lines, line, 'Content-Length: 2'].join('\r\n'))).toBeNull();
});

test.each([
  'GET /predict HTTP/1.1',
  'post /predict HTTP/1.1',
  'POST /predict HTTP/1.0',
  'POST  /predict HTTP/1.1',
  'POST /predict HTTP/1.1 ',
  'POST /pre dict HTTP/1.1',
  'POST http://localhost/predict HTTP/1.1',
  'POST * HTTP/1.1',
  'POST /predict',
  'POST /pr\x80dict HTTP/1.1',
  'POST /predict\tHTTP/1.1',
  ' POST /predict HTTP/1.1',
])('and a request line like %j', (line) => {
  expect(parseHead(`${line}\r\n${HEAD}Content-Length: 2`)).toBeNull();
});

test('a head that the short way reads, Node reads too, and as the same', async () => {
  const { port } = await startServer({ sockets: false });
  const piece = fc.constantFrom(
    ...HOSTILE.flatMap((line) => [line, `${line}\r\n`]),
    ...[
      '\r\n',
      '\n',
      '\r',
      ' ',
      '\t',
      ':',
      'Content-Length: 2\r\n',
      'Content-Length: 02\r\n',
      'Content-Length: +2\r\n',
      'Content-Length: 2 \r\n',
      'X: y\r\n',
      'X:\r\n',
      'X:\xe9\r\n',
      'Connection: keep-alive\r\n',
    ],
  );
  const place = fc.nat({ max: 200 });
  let read = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(piece, place), { minLength: 1, maxLength: 3 }), async (pieces) => {
      let text = request('n!');
      for (const [added, at] of pieces) {
        const cut = at % text.indexOf('\r\n\r\n');
        text = text.slice(0, cut) + added + text.slice(cut);
      }
      const end = text.indexOf('\r\n\r\n');
      const head = parseHead(text.slice(0, end));
      if (head === null || head.bytes !== text.length - end - 4) return;
      read++;
      const seen = await nodeSees(port, text);
      expect([text, seen]).toEqual([text, { way: 'node', url: head.url, text: text.slice(end + 4) }]);
    }),
    { numRuns: 1_500, seed: 11 },
  );
  expect(read).toBeGreaterThan(15);
});

test('headers as Node gives them are judged by the same rule', () => {
  const headers = [
    'Host',
    'localhost',
    'Content-Type',
    'application/json; charset=utf-8',
    'Content-Length',
    '7',
    'X-Request-Id',
    'mine',
  ];
  expect(readHead('/predict', headers)).toEqual({
    url: '/predict',
    bytes: 7,
    host: 'localhost',
    authorization: undefined,
    requestId: 'mine',
  });
  expect(readHead('/predict', [...headers, 'Origin', 'null'])).toBeNull();
  expect(readHead('/predict', [...headers, 'HOST', 'localhost'])).toBeNull();
});

test('a connection that says nothing is told so and closed; one that idles after an answer is closed', async () => {
  const { port } = await startServer({ times: { headersMs: 60, keepAliveMs: 60 } });
  expect((await talk(port, [], 1)).heard).toMatch(/^HTTP\/1.1 408 /);
  const { heard } = await talk(port, [request('q1')], 2);
  expect(heard).toMatch(/^HTTP\/1.1 200 .*Keep-Alive: timeout=0/s);
});

test('closing ends what idles on the short way, and lets what comes in that moment be answered', async () => {
  const { server, short, port } = await startServer();
  const idle = talk(port, [request('q1')], 2);
  await sleep(30);
  const closed = new Promise((resolve) => server.close(resolve));
  short?.close();
  expect((await idle).seen).toHaveLength(1);
  await closed;
});

test('what else one turn brings on a connection comes after the answer that waits: a request for Node, the end', async () => {
  const { server, port } = await startServer();
  const ends: Socket[] = [];
  server.on('connection', (socket: Socket) => ends.push(socket));
  for (const next of [Buffer.from(request('n2')), null]) {
    const [other, client] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    onTestFinished(() => void other.destroy());
    let heard = '';
    client.on('data', (part) => {
      heard += part;
    });
    while (ends.length < 2) await once(server, 'connection');
    const end = ends.splice(0).find(({ remotePort }) => remotePort === client.localPort)!;
    end.push(Buffer.from(request('q1')));
    end.push(next);
    const both = next === null ? /q1/ : /q1.*n2/s;
    while (!both.test(heard) && !client.closed) await sleep(1);
    expect(heard).toMatch(both);
    client.destroy();
    other.destroy();
  }
});

test('many connections at once: each gets its own answers, in order', async () => {
  const { port } = await startServer();
  await Promise.all(
    Array.from({ length: 20 }, async (_, client) => {
      const bodies = Array.from({ length: 10 }, (_, i) => `${i % 4 === 3 ? 'n' : 'q'}${client}-${i}`);
      const { seen } = await talk(
        port,
        bodies.map((text) => request(text)),
        bodies.length,
      );
      expect(seen.map(({ text }) => text)).toEqual(bodies);
    }),
  );
});
