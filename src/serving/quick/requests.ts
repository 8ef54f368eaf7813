import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { QuickAnswer } from './answer.js';
import { readHead } from './head.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers what can be answered the short way before the framework sees it; all else reaches `handle` as it came. */
export function answerRequests(server: Server, handle: Handler, answer: QuickAnswer): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const head = request.method === 'POST' ? readHead(request.url ?? '', request.rawHeaders) : null;
    if (head === null || request.httpVersion !== '1.1') return handle(request, response);
    request.once('readable', () => {
      const body: Buffer | null = request.read();
      const answered = body?.length === head.bytes ? answer(head, body) : null;
      if (answered === null) {
        if (body !== null) request.unshift(body);
        return handle(request, response);
      }
      const { text, requestId } = answered;
      response.writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text),
        'x-request-id': requestId,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      response.end(text);
    });
  });
}
