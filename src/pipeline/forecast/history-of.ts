import { Worker } from 'node:worker_threads';
import { RiskopsError } from '../../errors.js';
import type { Predictor } from '../../models/predictor.js';
import { workerUrl } from '../../util/package.js';
import type { HistoryMessage } from './history-worker.js';
import type { KnownRows, KnownRowsRequest } from './known-rows.js';

type Told = Pick<RiskopsError, 'code' | 'message' | 'why' | 'fix'>;

/** Where the file lies is for the operator to know; who asks can send the rows. */
function notReadable({ code, message, why, fix }: Told): RiskopsError {
  if (!code.startsWith('DATA_')) return new RiskopsError(code, { what: message, why, fix });
  return new RiskopsError(code, {
    what: 'The rows that the version was trained on cannot be gone on from.',
    why: code === 'DATA_CHANGED' ? 'Their file was changed since.' : 'Their file cannot be read.',
    fix: 'send the known rows as "rows"',
  });
}

function readInThread(header: Predictor['header'], request: KnownRowsRequest): Promise<KnownRows> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(workerUrl('forecast-history'), { workerData: { header, request } });
    thread.once('message', (message: HistoryMessage) => {
      if ('known' in message) return resolve(message.known);
      const { error } = message;
      if (error === null) return reject(new Error(message.message));
      return reject(notReadable(error));
    });
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread that reads the known rows ended')));
    thread.unref();
  });
}

/** Versions whose known rows are kept. */
const MOST_KEPT = 4;

/** Reads the recorded rows of a version once, in a thread, and keeps them; a reading that failed is done again. */
export class Histories {
  readonly #known = new Map<string, Promise<KnownRows>>();

  constructor(private readonly root: string) {}

  of(
    { header, contentSha256, lookBack }: Predictor,
    columns: KnownRowsRequest['columns'],
  ): Promise<KnownRows> {
    const key = `${contentSha256} ${header.provenance.run_id}`;
    const kept = this.#known.get(key);
    if (kept !== undefined) return kept;
    const reading = readInThread(header, { root: this.root, columns, lookBack });
    this.#known.set(key, reading);
    reading.catch(() => this.#known.delete(key));
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KEPT) this.#known.delete(oldest);
    return reading;
  }
}
