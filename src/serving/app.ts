import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { RiskopsError } from '../errors.js';
import { toJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { answerError, toRiskopsError } from './answer-error.js';
import type { ServerContext } from './context.js';
import { createHostCheck } from './host-check.js';
import { acceptJsonOnly } from './json-body.js';
import { addRoutes } from './openapi.js';
import { refuseClient, refuseTunnel } from './refuse-connection.js';
import { requestIdOf } from './request-id.js';

const HEADER_BYTES = 16 * 1024;
const CHECK_CONNECTIONS_MS = 500;
const PARAMETER_CHARACTERS = 256;

/** What every answer carries. */
function addAnswerHeaders(app: FastifyInstance, allowedHosts: readonly string[]): void {
  const checkHosts = createHostCheck(allowedHosts);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    const { host, origin } = request.headers;
    try {
      checkHosts(host, origin);
      if (host === undefined && request.raw.httpVersion !== '1.0')
        throw badHost('The request has no Host header.');
      if (countHosts(request.raw.rawHeaders) > 1) throw badHost('The request has more than one Host header.');
      if (!request.raw.url?.startsWith('/') && request.raw.url !== '*')
        throw badHost('The request names a whole URL, as one to a proxy does.');
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  });
}

/** The answer tells a stranger the fault's type alone; the operator gets its text too. */
function faultLine({ message, cause }: RiskopsError, { id, method, routeOptions }: FastifyRequest): string {
  const fault = cause instanceof Error ? `${cause.name}: ${cause.message}` : message;
  return printable(`${method} ${routeOptions.url ?? '?'} failed (request ${id}): ${fault}`, 500);
}

function badHost(what: string): RiskopsError {
  return new RiskopsError('REQUEST_INVALID', { what });
}

/** Names stand at even places. Node keeps the first Host only, and a proxy in front may have gone by another. */
function countHosts(rawHeaders: readonly string[]): number {
  return rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === 'host').length;
}

/** The server's routes and rules, ready to listen or to be tested without a socket. */
export async function buildApp(
  context: ServerContext,
  allowedHosts: readonly string[] = [],
): Promise<FastifyInstance> {
  const { limits, metrics } = context;
  const app = Fastify({
    bodyLimit: limits.bodyBytes,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: limits.receiveMs,
    // A stopping server answers what still comes on open connections, and closes them with the answer.
    return503OnClosing: false,
    genReqId: requestIdOf,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS },
    http: {
      maxHeaderSize: HEADER_BYTES,
      // Node's own refusal has no body; the hook below refuses in the shape of every other error.
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.receiveMs,
      // Node's own 30 s would let slow clients stay for as long.
      connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    },
    clientErrorHandler: refuseClient,
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
      return answerError(error, request, reply);
    },
  });
  app.server.on('connect', refuseTunnel);
  app.setReplySerializer(toJson);
  app.setErrorHandler((error, request, reply) => {
    const told = toRiskopsError(error, limits.bodyBytes);
    if (told.code === 'INTERNAL_ERROR') context.tell(faultLine(told, request));
    return answerError(told, request, reply);
  });
  app.setNotFoundHandler(({ method, url }) => {
    throw new RiskopsError('ROUTE_NOT_FOUND', {
      what: `There is no route ${method} ${printable(url.split('?')[0], 120)}.`,
    });
  });
  acceptJsonOnly(app);
  addAnswerHeaders(app, allowedHosts);
  app.addHook('onResponse', (request, reply, done) => {
    metrics.countRequest(
      request.method,
      request.routeOptions.url,
      reply.statusCode,
      reply.elapsedTime / 1000,
    );
    done();
  });
  await addRoutes(app, context);
  return app;
}
