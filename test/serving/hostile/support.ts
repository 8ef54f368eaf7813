import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { serveRoutes } from '../../../src/commands/serve-routes.js';
import { createToken, revokeToken } from '../../../src/registry/tokens.js';
import type { ServerActions } from '../../../src/serving/actions.js';
import type { Store } from '../../../src/storage/store.js';
import { goodRow, openApp } from '../support.js';

/** A row in order, which the short way answers when it comes in one packet. */
export const ROW = JSON.stringify({ inputs: goodRow });

export interface Answer {
  status: number;
  headers: string;
  body: string;
}

/** Splits what came over a connection into its answers by their lengths; what does not fit is an error. */
export function answersIn(heard: Buffer): Answer[] {
  const found: Answer[] = [];
  let rest = heard;
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    const headers = rest.subarray(0, end).toString('latin1');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(headers)?.[1]);
    const length = Number(/^content-length: (\d+)$/im.exec(headers)?.[1]);
    if (end < 0 || !(status > 0 && length >= 0))
      throw new Error(`no answer: ${rest.subarray(0, 200).toString('latin1')}`);
    found.push({ status, headers, body: rest.subarray(end + 4, end + 4 + length).toString('utf8') });
    rest = rest.subarray(end + 4 + length);
  }
  return found;
}

/** A connection on which each request is one packet, waited for in turn. */
export async function openTalk(port: number) {
  const socket: Socket = connect(port, '127.0.0.1').setNoDelay(true);
  onTestFinished(() => void socket.destroy());
  let heard: Buffer = Buffer.alloc(0);
  let look = () => {};
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('data', (part) => {
    heard = Buffer.concat([heard, part]);
    look();
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  return {
    socket,
    /** Sends, and gives the one answer that comes next. */
    async ask(text: string | Buffer): Promise<Answer> {
      heard = Buffer.alloc(0);
      const answered = new Promise<Answer>((resolve, reject) => {
        look = () => {
          const end = heard.indexOf('\r\n\r\n');
          const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(heard.toString('latin1'))?.[1]);
          if (end >= 0 && heard.length >= end + 4 + length) resolve(answersIn(heard)[0]);
        };
        void closed.then(() => reject(new Error(`closed after ${heard.length} bytes`)));
      });
      socket.write(text);
      return answered;
    },
    /** Sends, and gives all that comes until the other side closes. */
    async finish(text: string | Buffer): Promise<Answer[]> {
      heard = Buffer.alloc(0);
      look = () => {};
      socket.write(text);
      await closed;
      return answersIn(heard);
    },
  };
}

/** A request to predict with `lines` among its headers. */
export const predictText = (lines: readonly string[] = [], body = ROW, path = '/predict') =>
  [
    `POST ${path} HTTP/1.1`,
    ...(lines.some((line) => /^host:/i.test(line)) ? [] : ['Host: 127.0.0.1']),
    'Content-Type: application/json',
    ...lines,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');

/** Whether an answer came the short way: only there the type stands first. */
const isShort = ({ headers }: Answer) => /^HTTP\/1\.1 200 OK\r\ncontent-type:/.test(headers);

/**
 * A connection whose first answer came the short way, and how often it was asked for: what a busy machine holds up goes the long way for a
 * while, and its connection with it.
 */
export async function openShort(port: number, text = predictText()) {
  for (let asked = 1; asked <= 100; asked++) {
    const talk = await openTalk(port);
    if (isShort(await talk.ask(text))) return { talk, asked };
  }
  throw new Error('no answer came the short way');
}

/** Every route that `riskops serve` has, with the tokens' actions as they are; promoting is noted and not done. */
export async function openWholeApp(store: Store, options: Parameters<typeof openApp>[1] = {}) {
  const asked: unknown[] = [];
  const note = async (request: unknown) => asked.push(request);
  const actions: ServerActions = {
    promote: note,
    rollback: note,
    createToken: (request) => createToken(store, request as Parameters<typeof createToken>[1]),
    revokeToken: (request) => revokeToken(store, request),
  };
  const opened = await openApp(store.places, {
    routes: serveRoutes(store.places.artifacts),
    actions,
    ...options,
  });
  await opened.app.ready();
  return { ...opened, asked };
}
