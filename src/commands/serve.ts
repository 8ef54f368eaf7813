import { join } from 'node:path';
import { ask } from '../checks/http.js';
import { EXIT } from '../errors.js';
import { type RunningServer, startServer } from '../serving/server.js';
import { type WorkerLink, workerLink } from '../serving/worker-link.js';
import { startWorkers, WorkerFailed } from '../serving/workers.js';
import { packageRoot } from '../util/package.js';
import { backUpWhileServing } from './backup-timer.js';
import type { Command, CommandContext } from './command.js';
import type { Output } from './output.js';
import { alertsOfServer } from './serve-alerts.js';
import { checkServedModel } from './serve-model.js';
import { openServerOptions } from './serve-options.js';
import { trialFlags } from './serve-trials.js';
import { serverActions } from './server-actions.js';

export const command: Command = {
  options: [
    {
      flag: '--port <number>',
      description: 'the port; 8000 when not given, and 0 takes a free one',
      setting: 'port',
    },
    {
      flag: '--host <address>',
      description:
        'the address to listen on; 127.0.0.1 when not given, and others than loopback need a token',
      setting: 'host',
    },
    {
      flag: '--model <name>',
      description: "the model that /predict means; the config's default, or the only one, when not given",
      setting: 'model',
    },
    {
      flag: '--workers <number>',
      description: 'processes that share the port, each with the model in its memory; 1 when not given',
      setting: 'workers',
    },
    { flag: '--log <mode>', description: 'the prediction log: buffered, sync or off', setting: 'log' },
    { flag: '--log-ms <number>', description: 'how long the buffered log may run behind', setting: 'logMs' },
    { flag: '--log-rows <number>', description: 'rows from which it is written at once', setting: 'logRows' },
    { flag: '--body-bytes <number>', description: 'the largest request body', setting: 'bodyBytes' },
    { flag: '--rows <number>', description: 'the most rows in one request', setting: 'rows' },
    { flag: '--request-ms <number>', description: 'the longest a prediction may take', setting: 'requestMs' },
    {
      flag: '--allowed-hosts <names>',
      description: 'names besides loopback that requests may use, separated by commas',
      setting: 'allowedHosts',
    },
    {
      flag: '--origins <urls>',
      description: 'other sites whose pages may use the server, separated by commas',
      setting: 'origins',
    },
    {
      flag: '--base-path <path>',
      description: 'what every path begins with, as /api',
      setting: 'basePath',
    },
    { flag: '--connections <number>', description: 'the most connections at a time', setting: 'connections' },
    ...trialFlags,
  ],
  details:
    'Serves what is current, and follows each promotion and rollback without a restart. Ends on Ctrl-C after the requests in flight. Without a token in the store it listens on loopback only, and whoever reaches it may do everything.\nExit code: 4 for a model that is not known while others are.',
  examples: [
    'riskops serve --port 8000',
    'riskops serve --port 0 --json',
    'riskops serve --workers 2',
    'riskops serve --shadow latest',
    'riskops serve --canary 4=5%',
    'riskops serve --host 0.0.0.0 --allowed-hosts risk.example.org',
  ],
  async run(context) {
    const { project, output, signal } = context;
    const link = workerLink();
    if (link !== null) return serveAsWorker(context, link);
    await checkServedModel(project, context.flags);
    const watchAlerts = await alertsOfServer(project, (line) => output.talk(line));
    const workers = project.get<number>('workers', context.flags);
    const server = await (workers > 1 ? startOthers(context, workers) : startHere(context, null));
    // A worker that could not begin has said why.
    if (typeof server === 'number') return server;
    output.result({ url: server.url, host: server.host, port: server.port, pid: process.pid }, () => [
      `Serving at ${server.url} (docs: ${server.url}/openapi.json). Stop with Ctrl-C.`,
    ]);
    output.talk(`Models: ${project.places.currentModel}`);
    await talkIfNotReady(server.url, output);
    const endBackups = backUpWhileServing(project);
    const endAlerts = watchAlerts({ name: `${server.host}:${server.port}`, metrics: server.metrics });
    await untilAborted(signal);
    endBackups();
    await Promise.all([endAlerts(), server.close()]);
    throw signal.reason;
  },
};

/** The server of this process, with what stands around it. */
async function startHere(context: CommandContext, link: WorkerLink | null): Promise<RunningServer> {
  const { project, output, signal } = context;
  const tell = (line: string) => (link === null ? output.talk(line) : link.say({ kind: 'news', line }));
  const opened = await openServerOptions(context, tell);
  const actions = serverActions(project, signal);
  const server = await startServer({ ...opened.options, actions, link }).catch(async (error: unknown) => {
    await opened.close();
    throw error;
  });
  const close = async () => {
    await server.close();
    await opened.close();
  };
  return { ...server, close };
}

/** Servers in processes of their own, by the words of this call; an exit code when they cannot begin. */
async function startOthers({ output }: CommandContext, count: number): Promise<RunningServer | number> {
  const program = join(packageRoot(), 'bin', 'riskops.js');
  try {
    const words = process.argv.slice(2);
    return await startWorkers({ count, program, words, onNews: (line) => output.talk(line) });
  } catch (error) {
    if (error instanceof WorkerFailed) return error.exitCode;
    throw error;
  }
}

async function serveAsWorker(context: CommandContext, link: WorkerLink): Promise<number> {
  try {
    const server = await startHere(context, link);
    const { url, host, port } = server;
    link.say({ kind: 'ready', url, host, port });
    await untilAborted(context.signal);
    await server.close();
    return EXIT.DONE;
  } finally {
    link.end();
  }
}

/** A server without a model starts all the same, and who started it should know. */
async function talkIfNotReady(url: string, { talk }: Output): Promise<void> {
  // Where so many clients wait already that this is not answered, they are who is told.
  const { status, body } = await ask(`${url}/ready`).catch(() => ({
    status: 200,
    body: {} as Record<string, unknown>,
  }));
  if (status === 200) return;
  const { message, hint } = body['error'] as { message: string; hint?: string };
  talk(`Not ready: ${message}${hint === undefined ? '' : ` Try: ${hint}`}`);
}

/** Resolves when the process is asked to end. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
