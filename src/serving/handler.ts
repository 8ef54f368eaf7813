import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { RiskopsError } from '../errors.js';
import { errorEnvelope, toRiskopsError } from './answer-error.js';
import { buildApp } from './app.js';
import type { ServerContext } from './context.js';
import { statusOf } from './error-status.js';
import { hostRefused, isLoopback } from './host-check.js';
import { requestIdOf } from './request-id.js';
import { closeContext, openContext, type ServerOptions } from './server.js';

/**
 * What a server is made of, but for where it listens. `basePath` is what the paths of requests begin with when they arrive: leave it out where the
 * framework takes the prefix off, as Express does.
 */
export type HandlerOptions = Omit<ServerOptions, 'host' | 'port'>;

/** A request as frameworks hand it on: with the whole URL, and a body that was read already. */
type Incoming = IncomingMessage & { originalUrl?: string; body?: unknown };

/** Answers the requests that another server took, as `riskops serve` would. */
export interface Handler {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Its figures, in the text format of Prometheus. */
  metrics(): Promise<string>;
  /** Waits for the answers under way, writes the log, and answers nothing more. */
  close(): Promise<void>;
}

const hasBody = ({ headers }: IncomingMessage) =>
  Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;

/** The text of a body that somebody read and parsed before. */
function textOf(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

/** The framework reads a body again that was read before: it would wait for it without end. */
function readAgain(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { readableEnded, body, headers } = request.raw as Incoming;
    if (!readableEnded || body === undefined) {
      done(null, payload);
      return;
    }
    const again = Readable.from([textOf(body)]) as Readable & { receivedEncodedLength?: number };
    // What was read had this length, whatever the text has.
    again.receivedEncodedLength = Number(headers['content-length'] ?? 0);
    done(null, again);
  });
}

/** While nobody needs a token, whoever reaches the server may do everything: then only this machine may. */
class Peers {
  #locked = false;

  constructor(private readonly guard: ServerContext['guard']) {}

  /** Whether nothing has to be asked first. */
  isKnown({ socket }: IncomingMessage): boolean {
    return this.#locked || isLoopback((socket.remoteAddress ?? '').replace(/^::ffff:/, ''));
  }

  /** @throws RiskopsError HOST_REFUSED, or why the tokens cannot be read */
  async check({ socket }: IncomingMessage): Promise<void> {
    this.#locked = await this.guard.isLocked();
    if (!this.#locked) throw hostRefused(socket.localAddress ?? 'a public address');
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const told = toRiskopsError(error);
  const id = requestIdOf(request);
  response
    .writeHead(statusOf(told.code), {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': id,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .end(JSON.stringify(errorEnvelope(told, id)));
}

function bodyIsGone(): RiskopsError {
  return new RiskopsError('BODY_INVALID', {
    what: 'The body of the request was read before it came here.',
    why: 'The framework read it and left nothing.',
    fix: 'mount the handler before what reads bodies, or let that put them in request.body',
  });
}

/**
 * The server's routes as a function for another server: `http.createServer(await createHandler({ places }))`, Express's
 * `app.use('/ml', handler)`. It listens nowhere; hosts besides loopback are named with `allowedHosts`.
 * @throws RiskopsError OPTION_INVALID, or why the tokens cannot be read
 */
export async function createHandler(options: HandlerOptions): Promise<Handler> {
  const context = await openContext(options);
  const app = await buildApp(context);
  readAgain(app);
  await app.ready();
  await Promise.allSettled(context.slots.defaultNames().map(async (name) => context.slots.current(name)));
  const { basePath, limits } = context;
  const peers = new Peers(context.guard);
  const underWay = new Set<ServerResponse>();
  let closing: Promise<void> | undefined;

  const route = (request: Incoming, response: ServerResponse) => {
    const { originalUrl } = request;
    // Where the framework took the prefix off that is known here, the whole URL is the one that is routed.
    if (originalUrl?.startsWith(`${basePath}/`) && !request.url?.startsWith(`${basePath}/`))
      request.url = originalUrl;
    app.routing(request, response);
  };
  const handle = (request: Incoming, response: ServerResponse) => {
    if (closing !== undefined) {
      const what = 'The server is closing.';
      refuse(request, response, new RiskopsError('SERVER_BUSY', { what }));
      return;
    }
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (request.readableEnded && request.body === undefined && hasBody(request))
      refuse(request, response, bodyIsGone());
    else if (peers.isKnown(request)) route(request, response);
    else
      peers.check(request).then(
        () => route(request, response),
        (error: unknown) => refuse(request, response, error),
      );
  };
  const close = async () => {
    const ends = [...underWay].map((response) => once(response, 'close'));
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, limits.drainMs);
    });
    await Promise.race([Promise.all(ends), limit]);
    clearTimeout(timer);
    await app.close();
    await closeContext(context);
  };
  return Object.assign(handle, {
    metrics: async () => (await context.metrics.read()).text,
    close: () => (closing ??= close()),
  });
}
