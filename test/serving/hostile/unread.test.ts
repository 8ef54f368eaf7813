import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { answerSockets } from '../../../src/serving/quick/sockets.js';
import { answersIn, predictText } from './support.js';

/** More answers than what lies between two sockets can take. */
const MOST_SENT = 1_500;
const LARGE = 'x'.repeat(50_000);

/** A server that has a large answer to everything, on both ways. */
async function openLarge() {
  const server = createServer((request, response) => {
    request.on('data', (body) =>
      response.setHeader('content-length', body.length + LARGE.length).end(body + LARGE),
    );
  });
  const short = answerSockets(server, (_, body) => ({ text: body + LARGE, requestId: 'r' }), {
    ...{ headersMs: 30_000, keepAliveMs: 30_000 },
  });
  const taken: Socket[] = [];
  server.on('connection', (socket: Socket) => taken.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of taken) socket.destroy();
    short.close();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, taken };
}

test('of answers that a client does not read no more than a few are held, and none is lost when it reads', async () => {
  const { port, taken } = await openLarge();
  const client = connect(port, '127.0.0.1').setNoDelay(true).pause();
  onTestFinished(() => void client.destroy());
  await expect.poll(() => taken.length).toBe(1);
  const [socket] = taken;
  let [sent, bytes, most] = [0, 0, 0];
  let isRead = true;
  // Each request comes alone, as it does from a client that waits for its answers, until the server reads no more.
  for (; isRead && sent < MOST_SENT; sent++) {
    const text = predictText([], `${sent};`);
    client.write(text);
    bytes += text.length;
    for (let ms = 0; ms < 200 && socket.bytesRead < bytes; ms++) await sleep(1);
    isRead = socket.bytesRead === bytes;
    most = Math.max(most, socket.writableLength);
  }
  expect({ most, isRead }).toEqual({
    most: expect.toSatisfy((held) => held < 10 * LARGE.length),
    isRead: false,
  });

  const parts: Buffer[] = [];
  client.on('data', (part) => parts.push(part)).resume();
  await expect.poll(() => client.bytesRead, { timeout: 20_000 }).toBeGreaterThan(sent * LARGE.length);
  await expect
    .poll(() => answersIn(Buffer.concat(parts)).map(({ body }) => Number(body.split(';')[0])))
    .toEqual(Array.from({ length: sent }, (_, i) => i));
});
