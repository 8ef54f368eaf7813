// What takes part in a test of load in a process of its own, so that its work is not taken for that of the others:
// crowd-child.mjs serve <places> <limits>, or crowd-child.mjs ask <port> <body> <how many>.
import { writeSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { serveRoutes } from '../../../src/commands/serve-routes.js';
import { startServer } from '../../../src/serving/server.js';

const [task, first, second, third] = process.argv.slice(2);
const say = (value: unknown) => void writeSync(1, `${JSON.stringify(value)}\n`);

/** What one client heard; status 0 when it heard nothing. */
export interface Heard {
  status: number;
  retryAfter: string | null;
  predictions: number;
}

function ask(port: string, body: Buffer, agent: Agent): Promise<Heard> {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  return new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', method: 'POST', path: '/predict', headers, agent });
    const fail = () => resolve({ status: 0, retryAfter: null, predictions: 0 });
    asked.on('error', fail).on('response', (answer) => {
      let text = '';
      answer.on('error', fail).setEncoding('utf8');
      answer.on('data', (part) => (text += part));
      answer.on('end', () => {
        const { predictions = [] } = JSON.parse(text);
        const { statusCode: status = 0, headers: said } = answer;
        resolve({ status, retryAfter: said['retry-after'] ?? null, predictions: predictions.length });
      });
    });
    asked.end(body);
  });
}

const tasks: Record<string, () => Promise<unknown>> = {
  async serve() {
    const places = JSON.parse(first);
    const routes = serveRoutes(places.artifacts);
    const server = await startServer({ places, routes, log: { mode: 'off' }, limits: JSON.parse(second) });
    say(server.port);
  },
  async ask() {
    const body = Buffer.from(second);
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
    const heard = Array.from({ length: Number(third) }, () => ask(first, body, agent));
    say('asked');
    say(await Promise.all(heard));
    process.exit(0);
  },
};

await tasks[task]();
