import { randomUUID } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { RiskopsError } from '../errors.js';
import { errorEnvelope } from './answer-error.js';

/** The status of what Node's parser refuses before there is a request. */
const STATUS: Record<string, number> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

const WHY: Record<number, string> = {
  400: 'It is not well-formed HTTP.',
  405: 'CONNECT is for proxies.',
  408: 'It took too long to arrive.',
  413: 'Its chunk extensions are over the limit.',
  431: 'Its headers are over the limit.',
};

/** Answers on the bare socket, in the shape of every other error, and closes. */
function refuse(socket: Duplex, status: number): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const error = new RiskopsError('REQUEST_INVALID', {
    what: 'The request cannot be read.',
    why: WHY[status],
  });
  const body = JSON.stringify(errorEnvelope(error, requestId));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * For the server's `clientError`: garbage, headers over the limit, a client that is too slow. A stream of rows may take longer than a
 * request; whoever reads it sees to its pace. Its answer has begun, so nothing else may be written.
 */
export function refuseClient(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  streams: ReadonlySet<Duplex> = new Set(),
): void {
  if (streams.has(socket)) {
    if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT') socket.destroy();
    return;
  }
  if (error.code === 'ECONNRESET' || socket.destroyed) return void socket.destroy();
  refuse(socket, STATUS[error.code ?? ''] ?? 400);
}

/** For a connection on which nothing came in time. */
export function refuseSilent(socket: Duplex): void {
  refuse(socket, 408);
}

/** For the server's `connect`. */
export function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  refuse(socket, 405);
}
