import { ask } from '../checks/http.js';
import { startServer } from '../serving/server.js';
import { backUpWhileServing } from './backup-timer.js';
import type { Command, CommandContext } from './command.js';
import type { Output } from './output.js';

export const command: Command = {
  options: [
    {
      flag: '--port <number>',
      description: 'the port; 8000 when not given, and 0 takes a free one',
      setting: 'port',
    },
    {
      flag: '--host <address>',
      description: 'the loopback address to listen on; 127.0.0.1 when not given',
      setting: 'host',
    },
    {
      flag: '--model <name>',
      description: "the model that /predict means; the config's default, or the only one, when not given",
      setting: 'model',
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
  ],
  details:
    'Serves what is current, and follows each promotion and rollback without a restart. Ends on Ctrl-C after the requests in flight.',
  examples: ['riskops serve --port 8000', 'riskops serve --port 0 --json'],
  async run(context) {
    const { project, output, signal } = context;
    const server = await startServer({ ...serveOptions(context), onNews: (line) => output.talk(line) });
    output.result({ url: server.url, host: server.host, port: server.port, pid: process.pid }, () => [
      `Serving at ${server.url} (docs: ${server.url}/openapi.json). Stop with Ctrl-C.`,
    ]);
    output.talk(`Models: ${project.places.currentModel}`);
    await talkIfNotReady(server.url, output);
    const endBackups = backUpWhileServing(project);
    await untilAborted(signal);
    endBackups();
    await server.close();
    throw signal.reason;
  },
};

/** A server without a model starts all the same, and who started it should know. */
async function talkIfNotReady(url: string, { talk }: Output): Promise<void> {
  const { status, body } = await ask(`${url}/ready`);
  if (status === 200) return;
  const { message, hint } = body['error'] as { message: string; hint?: string };
  talk(`Not ready: ${message}${hint === undefined ? '' : ` Try: ${hint}`}`);
}

/** The server's options in force for this call. */
export function serveOptions({
  flags,
  project,
}: Pick<CommandContext, 'flags' | 'project'>): Parameters<typeof startServer>[0] {
  const number = (key: string) => project.get<number>(key, flags);
  return {
    places: project.places,
    host: project.get<string>('host', flags),
    port: number('port'),
    model: project.get<string | null>('model', flags),
    limits: { bodyBytes: number('bodyBytes'), rows: number('rows'), requestMs: number('requestMs') },
    log: {
      mode: project.get<'buffered' | 'sync' | 'off'>('log', flags),
      maxDelayMs: number('logMs'),
      maxRows: number('logRows'),
    },
    allowedHosts: project.get<string[]>('allowedHosts', flags),
  };
}

/** Resolves when the process is asked to end. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
