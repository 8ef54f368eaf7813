import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RiskopsError } from '../errors.js';
import { addErrorHeaders } from './answer-error.js';
import type { Identity, Role } from './auth/identity.js';
import type { ServerContext } from './context.js';
import { addCorsHeaders, answerPreflight, isPreflight } from './cors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route asks for; without one it is for an admin. */
    role?: Role;
  }
  interface FastifyRequest {
    /** Who asks; known before anything of a route runs. */
    identity: Identity;
  }
}

type Entrance = Pick<ServerContext, 'guard' | 'hosts' | 'load' | 'limits'>;

/** What every request passes before its route, or the word that there is none: nothing of it was read but the head. */
export function addEntry(app: FastifyInstance, context: Entrance): void {
  app.decorateRequest('identity', null as unknown as Identity);
  app.addHook('onRequest', (request, reply, done) => {
    addAnswerHeaders(request, reply);
    const role = roleOf(request);
    // A route may answer errors in a shape of its own; these headers are for every shape.
    const refuse = (error: unknown) => {
      if (error instanceof RiskopsError) addErrorHeaders(reply, error);
      done(error as Error);
    };
    try {
      checkHead(request, context);
      addCorsHeaders(request, reply, context.hosts);
      if (isPreflight(request, context.hosts)) {
        answerPreflight(reply);
        return;
      }
      checkLoad(context, role);
      const found = identify(request, context, role);
      if (!(found instanceof Promise)) {
        request.identity = found;
        done();
        return;
      }
      found.then((identity) => {
        request.identity = identity;
        done();
      }, refuse);
    } catch (error) {
      refuse(error);
    }
  });
}

/** What the framework refuses before there is a route, such as a path that it cannot decode: not even that is told to a stranger. */
export async function refuseStranger(
  request: FastifyRequest,
  reply: FastifyReply,
  context: Entrance,
  error: unknown,
): Promise<unknown> {
  addAnswerHeaders(request, reply);
  try {
    checkHead(request, context);
    addCorsHeaders(request, reply, context.hosts);
    await identify(request, context, ANYTHING);
    return error;
  } catch (refused) {
    return refused;
  }
}

/** What is needed to be told that there is nothing. */
const ANYTHING: Role = 'viewer';

function roleOf({ is404, routeOptions }: FastifyRequest): Role {
  return is404 ? ANYTHING : (routeOptions.config.role ?? 'admin');
}

function identify(
  { headers, socket }: FastifyRequest,
  { guard }: Entrance,
  role: Role,
): Identity | Promise<Identity> {
  return guard.check({ authorization: headers.authorization, role, address: socket.remoteAddress });
}

/** What every answer carries. */
function addAnswerHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id);
  reply.header('x-content-type-options', 'nosniff');
  reply.header('cache-control', 'no-store');
}

function checkHead({ headers, raw, socket }: FastifyRequest, { hosts }: Entrance): void {
  const { host, origin } = headers;
  hosts.check(host, origin, socket.localAddress);
  if (host === undefined && raw.httpVersion !== '1.0') throw badHead('The request has no Host header.');
  checkTwice(raw.rawHeaders);
  if (!raw.url?.startsWith('/') && raw.url !== '*')
    throw badHead('The request names a whole URL, as one to a proxy does.');
}

/** Node keeps the first of these, and a proxy in front may have gone by another. Names stand at even places. */
function checkTwice(rawHeaders: readonly string[]): void {
  let [hosts, logins] = [0, 0];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const { length } = rawHeaders[i];
    if (length === 4 && rawHeaders[i].toLowerCase() === 'host') hosts++;
    else if (length === 13 && rawHeaders[i].toLowerCase() === 'authorization') logins++;
  }
  if (hosts > 1) throw badHead('The request has more than one Host header.');
  if (logins > 1) throw badHead('The request has more than one Authorization header.');
}

/** Whether the server is alive is answered whatever there is to do. */
function checkLoad({ load, limits }: Entrance, role: Role): void {
  if (role === 'public' || load.inFlight <= limits.inFlight) return;
  throw new RiskopsError('SERVER_BUSY', {
    what: 'The server has too much to do.',
    why: `It answers ${limits.inFlight} requests at a time.`,
  });
}

function badHead(what: string): RiskopsError {
  return new RiskopsError('REQUEST_INVALID', { what });
}
