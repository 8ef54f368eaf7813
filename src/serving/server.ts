import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { RiskopsError } from '../errors.js';
import {
  openPredictionLog,
  type PredictionLog,
  type PredictionLogOptions,
} from '../monitoring/prediction-log.js';
import { WatchThread } from '../monitoring/watch-thread.js';
import type { StorePlaces } from '../storage/store.js';
import type { ServerActions } from './actions.js';
import { reasonOf } from './answer-error.js';
import { buildApp } from './app.js';
import type { Guard } from './auth/guard.js';
import { type AuthOptions, openGuard } from './auth/open-guard.js';
import { checkBasePath } from './base-path.js';
import type { Limits, PredictHooks, ServerContext } from './context.js';
import { createDrain } from './drain.js';
import { gitReader } from './git.js';
import { createHostCheck, hostRefused, isLoopback, isWildcard } from './host-check.js';
import { createMetrics, type ServerMetrics } from './metrics.js';
import { createPredictionIds } from './prediction-id.js';
import { tellOfRedaction } from './redaction-news.js';
import type { Route } from './routes/route.js';
import { ScoringLane } from './scoring-lane.js';
import { ModelSlots } from './slots.js';
import { StoreHandle } from './store-handle.js';
import type { TrialOptions } from './trials/trial-version.js';
import { openTrials } from './trials/trials.js';
import type { WorkerLink } from './worker-link.js';

export interface ServerOptions {
  places: StorePlaces;
  /** 127.0.0.1. An address that others can reach needs a token, or the check of JWTs. */
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  /** The model of requests that name none; null: the only one that is promoted. */
  model?: string | null;
  limits?: Partial<Limits>;
  log?: Pick<Partial<PredictionLogOptions>, 'mode' | 'maxDelayMs' | 'maxRows' | 'redact' | 'keepDays'>;
  /** Told, in one line, what an operator should see: a version that answers now, or is refused; a fault of the server. */
  onNews?: (line: string) => void;
  /** Host names, besides loopback, that requests may name: those of a reverse proxy in front. */
  allowedHosts?: readonly string[];
  /** Other sites whose pages may use the server, as `https://app.example`. */
  origins?: readonly string[];
  /** What every path begins with, as `/api`. */
  basePath?: string | null;
  auth?: AuthOptions;
  /** What changes the registry and the tokens by HTTP; a server without them only predicts and reads. */
  actions?: ServerActions;
  hooks?: Partial<PredictHooks>;
  /** Versions that are tried on live traffic beside the promoted ones. */
  trials?: TrialOptions;
  /** The fields of a model's rows that name the thing that outcomes are told about. */
  entity?: (model: string) => readonly string[];
  /** Names that a model's rows may have besides its features, as the key of a lookup: they are logged, and no warning. */
  beside?: (model: string) => readonly string[];
  /** Routes besides the server's own, as those of other protocols. */
  routes?: readonly Route[];
  /** Set in a process that shares its port with others. */
  link?: WorkerLink | null;
}

export interface RunningServer {
  url: string;
  host: string;
  port: number;
  /** Its figures, in the text format of Prometheus. */
  metrics(): Promise<string>;
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
  connections: 1_000,
  inFlight: 512,
};

const LOG_CLOSE_MS = 2_000;

/**
 * What the routes share, for one server.
 * @throws RiskopsError OPTION_INVALID
 */
export async function openContext(options: ServerOptions): Promise<ServerContext> {
  const { places, model = null, limits, log, onNews = () => {}, hooks, routes = [] } = options;
  const hosts = createHostCheck(options);
  const basePath = checkBasePath(options.basePath);
  let told = '';
  // A load that fails is tried again for as long as it takes; the same line twice is no news.
  const tell = (line: string) => {
    if (line !== told) onNews(line);
    told = line;
  };
  const store = new StoreHandle(places, (failure) => {
    tell(failure === null ? `The store is back: ${places.database}` : storeLost(failure));
  });
  const guard = await openGuard(store, options.auth);
  const allLimits = { ...defaultLimits, ...limits };
  let metrics: ServerMetrics | undefined;
  const slots = new ModelSlots({
    currentModel: places.currentModel,
    artifacts: places.artifacts,
    model,
    reloadWaitMs: allLimits.reloadWaitMs,
    beside: options.beside,
    onLoad: (name, version, failure) => {
      metrics?.countLoad(name, failure === null ? 'loaded' : 'failed');
      tell(failure === null ? `Model "${name}": version ${version} answers.` : reasonOf(failure));
    },
  });
  const predictionLog = openPredictionLog({
    mode: 'buffered',
    closeMs: LOG_CLOSE_MS,
    ...log,
    ...{ database: places.database, currentModel: places.currentModel },
  });
  metrics = createMetrics(slots, toldOfStore(predictionLog, store), options.link);
  const trials = await openTrials(options.trials ?? { shadow: null, canary: null }, {
    ...{ artifacts: places.artifacts, database: places.database, tell },
    ...{ logMode: predictionLog.mode, redact: log?.redact ?? [] },
    ...{ beside: options.beside ?? (() => []), entity: options.entity ?? (() => []) },
  });
  metrics.addFigures(trials.figures);
  return {
    limits: allLimits,
    slots,
    lane: new ScoringLane(),
    log: predictionLog,
    metrics,
    ...{ store, guard, hosts, basePath },
    watch: openWatch(places),
    entity: options.entity ?? (() => []),
    actions: onOwnStore(options.actions ?? {}, store),
    load: { inFlight: 0 },
    hooks: { prepare: null, ...trials.hooks, ...hooks },
    ...{ trials, spareIds: [], newId: createPredictionIds() },
    routes,
    streams: new Set(),
    git: gitReader(places),
    tell,
  };
}

/** The log's state for its figures: without its store it is failing, before it has anything to write. */
function toldOfStore(log: PredictionLog, store: StoreHandle): Pick<PredictionLog, 'state'> {
  if (log.mode === 'off') return log;
  return {
    state: () => {
      const state = log.state();
      return { ...state, lastError: state.lastError ?? store.failure?.message ?? null };
    },
  };
}

/** Changes are made by commands, and some of them would make a store where the server's own is gone. */
function onOwnStore(actions: ServerActions, store: StoreHandle): ServerActions {
  const guarded = Object.entries(actions).map(([name, act]) => [
    name,
    async (given: never) => {
      await store.check();
      return act(given);
    },
  ]);
  return Object.fromEntries(guarded) as ServerActions;
}

function storeLost(failure: RiskopsError): string {
  return `${reasonOf(failure)}${failure.fix === undefined ? '' : ` Try: ${failure.fix}`}`;
}

/** Threads that begin with the first request for them. */
function openWatch(places: StorePlaces): ServerContext['watch'] {
  return {
    outcomes: new WatchThread({ places, mode: 'write', most: 64, endsLate: false }),
    accuracy: new WatchThread({ places, mode: 'read', most: 4, endsLate: true }),
  };
}

export async function closeContext(context: ServerContext): Promise<void> {
  const { slots, log, store, guard, watch, trials } = context;
  slots.close();
  await trials.close();
  await Promise.all([watch.outcomes.close(), watch.accuracy.close()]);
  await guard.close();
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
 * Refuses to listen where other machines could reach a server that asks nobody for a token.
 * @throws RiskopsError HOST_REFUSED, or why the tokens cannot be read
 */
async function checkListenHost(host: string, guard: Guard): Promise<void> {
  if (!isLoopback(host) && !(await guard.isLocked())) throw hostRefused(host);
}

/** Where this machine itself finds the server. */
function shownHost({ address, family }: AddressInfo): string {
  if (isWildcard(address)) return '127.0.0.1';
  return family === 'IPv6' ? `[${address}]` : address;
}

/**
 * Serves the current models over HTTP, and follows promotions and rollbacks without a restart. It starts without a
 * model, and with one that cannot be loaded; `/ready` says so.
 * @throws RiskopsError HOST_REFUSED, PORT_IN_USE, OPTION_INVALID
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  const context = await openContext(options);
  const app = await buildApp(context);
  const drain = createDrain(app.server, context.load, context.limits.drainMs);
  let address: AddressInfo;
  try {
    await checkListenHost(host, context.guard);
    address = await listen(app, host, port);
  } catch (error) {
    await app.close();
    await closeContext(context);
    throw error;
  }
  // The first request need not wait for the model; what is the matter with it, `/ready` tells.
  await Promise.allSettled(context.slots.defaultNames().map(async (name) => context.slots.current(name)));
  tellOfRedaction(context, options.log?.redact ?? [], options.beside);

  let closing: Promise<void> | undefined;
  const close = async () => {
    const endDrain = drain.begin();
    await app.close();
    endDrain();
    await closeContext(context);
  };
  return {
    url: `http://${shownHost(address)}:${address.port}${context.basePath}`,
    host: address.address,
    port: address.port,
    metrics: async () => (await context.metrics.read()).text,
    close: () => (closing ??= close()),
  };
}
