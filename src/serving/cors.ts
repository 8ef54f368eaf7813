import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HostCheck } from './host-check.js';

/** What pages may send; the same for every path, so that it tells nothing about them. */
const METHODS = 'GET, HEAD, POST, DELETE';
const HEADERS = 'authorization, content-type, x-request-id';
const SHOWN = 'x-request-id, retry-after';
const REMEMBER_S = '600';

/** Lets pages of the origins that the operator named read the answer. Cookies and logins of the browser are never asked for. */
export function addCorsHeaders({ headers }: FastifyRequest, reply: FastifyReply, hosts: HostCheck): void {
  if (!hosts.hasOrigins) return;
  reply.header('vary', 'Origin');
  const { origin } = headers;
  if (origin === undefined || !hosts.isShared(origin)) return;
  reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', SHOWN);
}

/** Whether a browser asks, before the request itself, what a page of a named origin may send. */
export function isPreflight({ method, headers }: FastifyRequest, hosts: HostCheck): boolean {
  const { origin } = headers;
  return (
    method === 'OPTIONS' &&
    headers['access-control-request-method'] !== undefined &&
    origin !== undefined &&
    hosts.isShared(origin)
  );
}

/** The answer to `isPreflight`; it carries no token, so none is asked for. */
export function answerPreflight(reply: FastifyReply): FastifyReply {
  return reply
    .code(204)
    .header('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
    .header('access-control-allow-methods', METHODS)
    .header('access-control-allow-headers', HEADERS)
    .header('access-control-max-age', REMEMBER_S)
    .send();
}
