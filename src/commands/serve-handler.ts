import type { Project } from '../config.js';
import {
  createHandler as createPlainHandler,
  type Handler,
  type HandlerOptions,
} from '../serving/handler.js';
import type { ServerOptions } from '../serving/server.js';
import { alertsOfServer } from './serve-alerts.js';
import { openServerOptions } from './serve-options.js';

/** What a handler of a project may say besides the project's config; each option takes the place of the config's. */
export interface ProjectHandlerOptions extends Partial<Omit<HandlerOptions, 'places'>> {
  /** As `openProject` gives it. */
  project: Project;
  /** Which server it is, in alerts about its errors and its latency: `handler` when not given. Processes that share a store need one each. */
  name?: string;
}

/**
 * The server's routes as a function for another server: `http.createServer(await createHandler({ project }))`, Express's
 * `app.use('/ml', handler)`. With a project it does what the config says to `riskops serve`, its checks, lookups, trials and alerts among
 * it; with `places` alone it knows of no config. It listens nowhere, and hosts besides loopback are named with `allowedHosts`. The registry
 * is not changed through it, unless it is handed `actions`.
 * @throws RiskopsError OPTION_INVALID, CONFIG_INVALID, CHECKS_INVALID, or why the tokens cannot be read
 */
export function createHandler(options: HandlerOptions | ProjectHandlerOptions): Promise<Handler> {
  return 'project' in options ? handlerOfProject(options) : createPlainHandler(options);
}

async function handlerOfProject({ project, name, ...own }: ProjectHandlerOptions): Promise<Handler> {
  const tell = own.onNews ?? (() => {});
  const watchAlerts = await alertsOfServer(project, tell);
  const opened = await openServerOptions({ project, flags: {} }, tell);
  const handler = await createPlainHandler(withOwn(opened.options, own)).catch(async (error: unknown) => {
    await opened.close();
    throw error;
  });
  const endAlerts = watchAlerts({ name: name ?? 'handler', metrics: handler.metrics });
  const close = async () => {
    await Promise.all([endAlerts(), handler.close()]);
    await opened.close();
  };
  let closing: Promise<void> | undefined;
  const handle: (...call: Parameters<Handler>) => void = (request, response) => handler(request, response);
  return Object.assign(handle, { metrics: handler.metrics, close: () => (closing ??= close()) });
}

/** The config's options, and the caller's own in their place; of groups of options only those that the caller names. */
function withOwn(
  { host: _host, port: _port, ...options }: ServerOptions,
  own: Partial<Omit<HandlerOptions, 'places'>>,
): HandlerOptions {
  return {
    ...options,
    ...own,
    // A caller who chooses the log's mode still keeps nothing that the config redacts.
    log: { ...options.log, ...own.log },
    limits: { ...options.limits, ...own.limits },
    hooks: { ...options.hooks, ...own.hooks },
  };
}
