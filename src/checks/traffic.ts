import { Agent, request } from 'node:http';

/** One answered request: who answered, and when it was sent and answered (milliseconds of `performance.now`). */
export interface TrafficAnswer {
  status: number;
  version: number | null;
  prediction: number | null;
  predictionId: string | null;
  sentAt: number;
  answeredAt: number;
}

export interface Traffic {
  answers: TrafficAnswer[];
  /** Requests that got no answer. */
  errors: string[];
  /** Stops sending, waits for what is in flight. */
  stop(): Promise<void>;
  /** Resolves when `limit` requests are answered. */
  finished: Promise<void>;
}

/** Sends the same prediction over `connections` kept-alive connections, one after the other on each, until `limit` or `stop`. */
export function startTraffic({
  url,
  body,
  connections,
  limit,
}: {
  url: string;
  body: unknown;
  connections: number;
  limit: number;
}): Traffic {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const text = JSON.stringify(body);
  const answers: TrafficAnswer[] = [];
  const errors: string[] = [];
  let sent = 0;
  let stopped = false;
  const client = async () => {
    while (!stopped && sent < limit) {
      sent++;
      try {
        answers.push(await post(url, text, agent));
      } catch (error) {
        errors.push((error as Error).message);
      }
    }
  };
  const finished = Promise.all(Array.from({ length: connections }, client)).then(() => agent.destroy());
  return {
    answers,
    errors,
    finished,
    async stop() {
      stopped = true;
      await finished;
    },
  };
}

function post(url: string, text: string, agent: Agent): Promise<TrafficAnswer> {
  const sentAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const outgoing = request(url, { method: 'POST', agent, headers, timeout: 30_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const answeredAt = performance.now();
        const parsed = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        const { version = null, prediction = null, prediction_id: predictionId = null } = parsed;
        resolve({ status: response.statusCode ?? 0, version, prediction, predictionId, sentAt, answeredAt });
      });
    });
    outgoing.on('error', reject).on('timeout', () => outgoing.destroy(new Error('no answer within 30 s')));
    outgoing.end(text);
  });
}
