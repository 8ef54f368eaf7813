import Fastify, { type FastifyInstance } from 'fastify';
import { RiskopsError } from '../errors.js';
import { toJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { answerError, faultLine, toRiskopsError } from './answer-error.js';
import type { ServerContext } from './context.js';
import { countLoad } from './drain.js';
import { addEntry, refuseStranger } from './entry.js';
import { acceptJsonOnly } from './json-body.js';
import { affordableConnections } from './open-files.js';
import { addRoutes } from './openapi.js';
import { addQuickWay } from './quick/add-quick-way.js';
import { refuseClient, refuseTunnel } from './refuse-connection.js';
import { requestIdOf } from './request-id.js';
import { acceptRowStreams } from './stream/accept.js';

const HEADER_BYTES = 16 * 1024;
const CHECK_CONNECTIONS_MS = 500;
const PARAMETER_CHARACTERS = 256;

/** The server's routes and rules, ready to listen or to be tested without a socket. */
export async function buildApp(context: ServerContext): Promise<FastifyInstance> {
  const { limits, metrics, basePath } = context;
  const app = Fastify({
    bodyLimit: limits.bodyBytes,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: limits.receiveMs,
    // A stopping server answers what still comes on open connections, and closes them with the answer.
    return503OnClosing: false,
    genReqId: (request) => requestIdOf(request, context.spareIds),
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
    clientErrorHandler: (error, socket) => refuseClient(error, socket, context.streams),
    frameworkErrors: (error, request, reply) => {
      refuseStranger(request, reply, context, error)
        .then((told) => answerError(told, request, reply))
        .catch(() => reply.raw.destroy());
    },
  });
  addQuickWay(app, context);
  app.server.on('connect', refuseTunnel);
  app.server.maxConnections = affordableConnections(limits.connections);
  countLoad(app.server, context.load);
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
  acceptRowStreams(app);
  addEntry(app, context);
  app.addHook('onResponse', (request, reply, done) => {
    metrics.countRequest(
      request.method,
      request.routeOptions.url?.slice(basePath.length),
      reply.statusCode,
      reply.elapsedTime / 1000,
    );
    done();
  });
  await addRoutes(app, context);
  return app;
}
