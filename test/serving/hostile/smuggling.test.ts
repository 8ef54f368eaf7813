import { expect, test } from 'vitest';
import { readPredictions } from '../../../src/monitoring/read-predictions.js';
import { startTestServer, storeWithModel } from '../support.js';
import { openShort, openTalk, predictText, ROW } from './support.js';

/** A second request, hidden behind or inside the first. */
const HIDDEN = predictText(['X-Request-Id: smuggled', 'Connection: close']);
const SIZE = Buffer.byteLength(ROW);
const START = 'POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';
const framed = (lines: string, body = ROW + HIDDEN) => `${START}${lines}\r\n\r\n${body}`;
const inChunks = (lines: string, chunks: string) =>
  framed(`Transfer-Encoding: chunked${lines}`, `${chunks}${HIDDEN}`);

/** Requests whose end one reader sees here and another there. */
const UNCLEAR: [string, string][] = [
  ['length before chunks', framed(`Content-Length: ${SIZE}\r\nTransfer-Encoding: chunked`)],
  ['chunks before length', framed(`Transfer-Encoding: chunked\r\nContent-Length: 5`, `0\r\n\r\n${HIDDEN}`)],
  ['two lengths', framed(`Content-Length: ${SIZE}\r\nContent-Length: 5`)],
  ['the same length twice', framed(`Content-Length: ${SIZE}\r\nContent-Length: ${SIZE}`)],
  ['a list of lengths', framed(`Content-Length: ${SIZE}, ${SIZE}`)],
  ['a length with a sign', framed(`Content-Length: +${SIZE}`)],
  ['a length below zero', framed(`Content-Length: -${SIZE}`)],
  ['a length in hex', framed(`Content-Length: 0x${SIZE.toString(16)}`)],
  ['a length with an exponent', framed('Content-Length: 1e1')],
  ['a length of two words', framed(`Content-Length: ${SIZE} 5`)],
  ['a length beyond 64 bits', framed('Content-Length: 99999999999999999999999')],
  ['a length with a space before the colon', framed(`Content-Length : ${SIZE}`)],
  ['a length on a folded line', framed(`Content-Length:\r\n ${SIZE}`)],
  [
    'a header that goes on in the next line',
    framed(`X-A: b\r\n Content-Length: 5\r\nContent-Length: ${SIZE}`),
  ],
  ['chunks with a space before the colon', framed(`Transfer-Encoding : chunked\r\nContent-Length: ${SIZE}`)],
  ['chunks on a folded line', framed(`Transfer-Encoding:\r\n chunked\r\nContent-Length: ${SIZE}`)],
  ['chunks after a vertical tab', framed(`Transfer-Encoding: \x0bchunked\r\nContent-Length: ${SIZE}`)],
  ['chunks by another name', framed(`Transfer-Encoding: xchunked\r\nContent-Length: ${SIZE}`)],
  ['chunks that are not last', framed(`Transfer-Encoding: chunked, identity`, `0\r\n\r\n${HIDDEN}`)],
  [
    'two encodings',
    framed(`Transfer-Encoding: chunked\r\nTransfer-Encoding: identity`, `0\r\n\r\n${HIDDEN}`),
  ],
  [
    'a bare line feed between headers',
    framed(`X-A: b\nTransfer-Encoding: chunked\r\nContent-Length: ${SIZE}`),
  ],
  [
    'a bare carriage return between headers',
    framed(`X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: ${SIZE}`),
  ],
  ['a NUL in a header', framed(`X-A: b\0\r\nContent-Length: ${SIZE}`)],
  ['a header without a name', framed(`: b\r\nContent-Length: ${SIZE}`)],
  ['a header without a colon', framed(`X-A\r\nContent-Length: ${SIZE}`)],
  ['bare line feeds for all line ends', framed(`Content-Length: ${SIZE}`).replaceAll('\r\n', '\n')],
  ['a chunk whose size is none', inChunks('', '0x5\r\nabcde\r\n0\r\n\r\n')],
  ['a chunk whose size is below zero', inChunks('', '-5\r\nabcde\r\n0\r\n\r\n')],
  ['a chunk whose size overflows', inChunks('', 'fffffffffffffffff\r\nabcde\r\n0\r\n\r\n')],
  ['a chunk longer than its size', inChunks('', '5\r\nabcdeX\r\n0\r\n\r\n')],
  ['a chunk with a bare line feed', inChunks('', '5\nabcde\r\n0\r\n\r\n')],
  ['chunks in HTTP/1.0', inChunks('', '0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0')],
  ['a space in the target', framed(`Content-Length: ${SIZE}`).replace('/predict', '/pre dict')],
  ['HTTP/2 by prior knowledge', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${HIDDEN}`],
  ['another protocol', `EHLO localhost\r\n${HIDDEN}`],
];

test('a request whose end is not clear is refused, on a connection of the short way and on a new one, and what hides in it never runs (RB-63)', async () => {
  const store = await storeWithModel();
  const server = await startTestServer(store.places, { log: { mode: 'buffered', maxDelayMs: 5 } });
  // The first request of all learns the host the long way.
  await (await openTalk(server.port)).ask(predictText());
  let good = 1;
  for (const [name, text] of UNCLEAR) {
    const { talk: used, asked } = await openShort(server.port);
    good += asked;
    for (const talk of [used, await openTalk(server.port)]) {
      const answers = await talk.finish(Buffer.from(text));
      expect([name, answers.map(({ status }) => status)]).toEqual([name, [400]]);
      expect(answers[0].headers).toMatch(/connection: close/i);
      expect(JSON.parse(answers[0].body)).toMatchObject({ ok: false, error: { code: expect.any(String) } });
    }
  }
  await expect.poll(async () => (await readPredictions(store, {})).length, { timeout: 5_000 }).toBe(good);
  expect((await readPredictions(store, {})).filter(({ request_id }) => request_id === 'smuggled')).toEqual(
    [],
  );
});

test('requests whose ends are clear are each answered as what they are, whatever follows them in their packet', async () => {
  const store = await storeWithModel();
  const server = await startTestServer(store.places);
  await (await openTalk(server.port)).ask(predictText());
  const last = 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';
  const chunk = `${SIZE.toString(16)}\r\n${ROW}\r\n0\r\n\r\n`;
  for (const first of [
    predictText(),
    framed('Transfer-Encoding: chunked', chunk),
    framed('Transfer-Encoding: Chunked', chunk.replace('\r\n', ';name="value"\r\n')),
    framed(
      'Transfer-Encoding: chunked\r\nTrailer: X-A',
      chunk.replace(/\r\n$/, 'Host: evil.example\r\n\r\n'),
    ),
  ]) {
    const { talk } = await openShort(server.port);
    const answers = await talk.finish(Buffer.from(first + last));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ body }) => Object.keys(JSON.parse(body))[0])).toEqual(['prediction_id', 'status']);
  }
  // A body that is shorter than it says is never filled up with what somebody else sends.
  const quick = await startTestServer(store.places, { limits: { headersMs: 100, receiveMs: 200 } });
  const short = await openTalk(quick.port);
  const cut = predictText().replace(/Content-Length: \d+/, 'Content-Length: 5000');
  expect((await short.finish(Buffer.from(cut))).map(({ status }) => status)).toEqual([408]);
});
