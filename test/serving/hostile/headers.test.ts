import { expect, test } from 'vitest';
import { startTestServer, storeWithModel } from '../support.js';
import { openShort, openTalk, predictText } from './support.js';

const KIB = 1024;

/** Headers of more than 16 KiB together: one that is long, many that are short, and each that the short way reads. */
const HUGE: [string, string[]][] = [
  ['one of 17 KiB', [`X-A: ${'a'.repeat(17 * KIB)}`]],
  ['one of 40 KiB', [`X-A: ${'a'.repeat(40 * KIB)}`]],
  ['a name of 17 KiB', [`${'a'.repeat(17 * KIB)}: a`]],
  ['2,000 headers', Array.from({ length: 2_000 }, (_, i) => `X-${i}: ${i}`)],
  ['2,000 times the same', Array.from({ length: 2_000 }, () => 'X-Request: a')],
  ['an id of 17 KiB', [`X-Request-Id: ${'a'.repeat(17 * KIB)}`]],
  ['a token of 17 KiB', [`Authorization: Bearer ${'a'.repeat(17 * KIB)}`]],
  ['a host of 17 KiB', [`Host: ${'a'.repeat(17 * KIB)}`]],
  ['a boundary of 17 KiB', [`X-Type: multipart/form-data; boundary=${'-'.repeat(17 * KIB)}`]],
];

test('headers of more than 16 KiB are refused, however they are made up, on a connection of the short way and on a new one', async () => {
  const { places } = await storeWithModel();
  const server = await startTestServer(places);
  // The first request of all learns the host the long way.
  await (await openTalk(server.port)).ask(predictText());
  for (const [name, lines] of HUGE) {
    for (const talk of [(await openShort(server.port)).talk, await openTalk(server.port)]) {
      const { status, headers, body } = await talk.ask(predictText(lines));
      expect([name, status]).toEqual([name, 431]);
      expect(headers).toMatch(/connection: close/i);
      expect(JSON.parse(body)).toMatchObject({ ok: false, error: { code: expect.any(String) } });
    }
  }
  // What has no end is refused before its end.
  const endless = `POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ${'a'.repeat(1 << 20)}`;
  const { talk } = await openShort(server.port);
  expect((await talk.ask(endless)).status).toBe(431);
  // Beyond what the short way reads, and within the limit, the long way answers.
  for (const size of [3 * KIB, 5 * KIB, 15 * KIB]) {
    const { talk: used } = await openShort(server.port);
    expect((await used.ask(predictText([`X-A: ${'a'.repeat(size)}`]))).status).toBe(200);
  }
  expect((await (await openTalk(server.port)).ask(predictText())).status).toBe(200);
});
