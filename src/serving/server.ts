import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { RiskopsError } from '../errors.js';
import { openPredictionLog, type PredictionLogOptions } from '../monitoring/prediction-log.js';
import type { StorePlaces } from '../storage/store.js';
import { reasonOf } from './answer-error.js';
import { buildApp } from './app.js';
import type { Limits, PredictHooks, ServerContext } from './context.js';
import { createDrain } from './drain.js';
import { gitReader } from './git.js';
import { checkListenHost } from './host-check.js';
import { createMetrics, type ServerMetrics } from './metrics.js';
import { ScoringLane } from './scoring-lane.js';
import { ModelSlots } from './slots.js';
import { StoreHandle } from './store-handle.js';

export interface ServerOptions {
  places: StorePlaces;
  /** A loopback address; 127.0.0.1. */
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  /** The model of requests that name none; null: the only one that is promoted. */
  model?: string | null;
  limits?: Partial<Limits>;
  log?: Pick<Partial<PredictionLogOptions>, 'mode' | 'maxDelayMs' | 'maxRows'>;
  /** Told, in one line, what an operator should see: a version that answers now, or is refused; a fault of the server. */
  onNews?: (line: string) => void;
  /** Host names, besides loopback, that requests may name: those of a reverse proxy in front. */
  allowedHosts?: readonly string[];
  hooks?: Partial<PredictHooks>;
}

export interface RunningServer {
  url: string;
  host: string;
  port: number;
  /** Takes no more connections, answers what is in flight, writes the log, ends within seconds. */
  close(): Promise<void>;
}

const defaultLimits: Limits = {
  bodyBytes: 1024 * 1024,
  rows: 1_000,
  requestMs: 10_000,
  reloadWaitMs: 2_000,
  headersMs: 5_000,
  receiveMs: 15_000,
  keepAliveMs: 65_000,
  drainMs: 3_000,
};

const LOG_CLOSE_MS = 2_000;

/** What the routes share, for one server. */
export function openContext({
  places,
  model = null,
  limits,
  log,
  onNews = () => {},
  hooks,
}: ServerOptions): ServerContext {
  const allLimits = { ...defaultLimits, ...limits };
  let metrics: ServerMetrics | undefined;
  let told = '';
  // A load that fails is tried again for as long as it takes; the same line twice is no news.
  const tell = (line: string) => {
    if (line !== told) onNews(line);
    told = line;
  };
  const slots = new ModelSlots({
    currentModel: places.currentModel,
    artifacts: places.artifacts,
    model,
    reloadWaitMs: allLimits.reloadWaitMs,
    onLoad: (name, version, failure) => {
      metrics?.countLoad(name, failure === null ? 'loaded' : 'failed');
      tell(failure === null ? `Model "${name}": version ${version} answers.` : reasonOf(failure));
    },
  });
  const predictionLog = openPredictionLog({
    mode: 'buffered',
    closeMs: LOG_CLOSE_MS,
    ...log,
    database: places.database,
  });
  metrics = createMetrics(slots, predictionLog);
  return {
    limits: allLimits,
    slots,
    lane: new ScoringLane(),
    log: predictionLog,
    metrics,
    store: new StoreHandle(places),
    hooks: { choose: null, prepare: null, observe: null, ...hooks },
    git: gitReader(places),
    tell,
  };
}

export async function closeContext({ slots, log, store }: ServerContext): Promise<void> {
  slots.close();
  await log.close();
  await store.close();
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<AddressInfo> {
  try {
    // `localhost` may be two addresses; one is enough, and known.
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host.replace(/^\[|\]$/g, ''), port });
    return app.server.address() as AddressInfo;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new RiskopsError('PORT_IN_USE', {
        what: `Port ${port} of ${host} is in use.`,
        why: 'Another program listens on it.',
        fix: 'riskops serve --port 0, which takes a free one',
        details: { host, port },
      });
    }
    if (code === undefined) throw error;
    throw new RiskopsError('OPTION_INVALID', {
      what: `The server cannot listen on ${host}, port ${port}.`,
      why: message,
      fix: 'riskops serve --host 127.0.0.1 --port 8000',
      cause: error,
    });
  }
}

/**
 * Serves the current models over HTTP, and follows promotions and rollbacks without a restart. It starts without a
 * model, and with one that cannot be loaded; `/ready` says so.
 * @throws RiskopsError HOST_REFUSED, PORT_IN_USE, OPTION_INVALID
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = '127.0.0.1', port = 0, allowedHosts } = options;
  checkListenHost(host);
  const context = openContext(options);
  const app = await buildApp(context, allowedHosts);
  const drain = createDrain(app.server, context.limits.drainMs);
  let address: AddressInfo;
  try {
    address = await listen(app, host, port);
  } catch (error) {
    await app.close();
    await closeContext(context);
    throw error;
  }
  // The first request need not wait for the model; what is the matter with it, `/ready` tells.
  await Promise.allSettled(context.slots.defaultNames().map(async (name) => context.slots.current(name)));

  let closing: Promise<void> | undefined;
  const close = async () => {
    const endDrain = drain.begin();
    await app.close();
    endDrain();
    await closeContext(context);
  };
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    host: address.address,
    port: address.port,
    close: () => (closing ??= close()),
  };
}
