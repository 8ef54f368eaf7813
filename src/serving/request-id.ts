import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SANE = /^[A-Za-z0-9._-]{1,128}$/;

/** The request's own X-Request-Id when it is safe to echo, else a spare one, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>, spare: string[] = []): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : (spare.pop() ?? randomUUID());
}
